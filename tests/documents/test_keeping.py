"""Keeping and handing out: whole or not at all, sealed, by right, on record; whoever dies when."""

import asyncio
import hashlib
import json

import pytest

from activities.kernel.document_store import StoreAway, open_store
from embedded.ports import free_port
from schemas.kernel.document_commands import AcceptDocument, RejectDocument, RevokeDocument
from tests.documents.conftest import Office, dying_at
from tests.documents.desk import LETTER, LIMIT, PLAN, jpeg, pdf, png
from tests.pure import refused

EVENTS = "SELECT count(*) FROM iehe.events WHERE case_id = $1 AND type LIKE '%.document-received'"
ROWS = "SELECT count(*) FROM iehe.documents WHERE case_id = $1"


async def test_what_is_kept_is_handed_out_as_it_was_sent(office: Office) -> None:
    """With a name that is safe everywhere, and the case knows its version and hash."""
    case_id = await office.request()
    kept = await office.received(case_id, content=png())
    assert (kept.version, kept.media_type, kept.repeated) == (1, "image/png", False)
    told = await office.get(case_id)
    assert (told.content, told.file_name, told.media_type) == (png(), "letter-1.png", "image/png")
    known = await office.state(case_id)
    assert (known["state"], known["version"], known["hash"]) == (
        "received",
        1,
        hashlib.sha256(png()).hexdigest(),
    )


async def test_the_store_holds_nothing_that_can_be_read_or_that_says_whose_it_is(office: Office) -> None:
    """Sealed with the key of its case, under a key of chance; without the case's key nothing opens it."""
    case_id = await office.request()
    await office.put(case_id, content=pdf("見本太郎"))
    (lying,) = office.objects()
    assert pdf("見本太郎")[:40] not in lying.read_bytes()
    assert "見本太郎".encode() not in lying.read_bytes()
    assert case_id.partition("/")[2] not in str(lying)
    assert LETTER not in lying.name
    await office.owner.execute(
        "UPDATE iehe.case_keys SET wrapped = $2 WHERE case_id = $1", case_id, b"gone" * 20
    )
    with refused("document-lost"):
        await office.get(case_id)


async def test_another_documents_content_is_not_shown_in_its_place(office: Office) -> None:
    """What is sealed is bound to its place, and its hash is that of the record."""
    case_id = await office.request()
    await office.put(case_id)
    await office.put(case_id, PLAN, png())
    places = {
        row["name"]: row["stored_as"] for row in await office.owner.fetch("SELECT * FROM iehe.documents")
    }
    (office.folder / places[LETTER]).write_bytes((office.folder / places[PLAN]).read_bytes())
    with refused("document-lost"):
        await office.get(case_id)
    (office.folder / places[PLAN]).unlink()
    with refused("document-lost"):
        await office.get(case_id, PLAN)


async def test_the_same_file_again_is_the_same_version(office: Office) -> None:
    """However often it is sent: one row, one fact, one object; another file is the next version."""
    case_id = await office.request()
    first = await office.put(case_id)
    again = await asyncio.gather(*(office.put(case_id) for _ in range(5)))
    assert {(each.version, each.repeated) for each in again} == {(first.version, True)}
    assert len(office.objects()) == 1
    assert (await office.put(case_id, content=jpeg())).version == 2
    assert await office.owner.fetchval(EVENTS, case_id) == 2


async def test_who_sends_the_same_at_once_makes_one_version(office: Office) -> None:
    """The second one's object is taken away again."""
    case_id = await office.request()
    kept = await asyncio.gather(*(office.put(case_id) for _ in range(4)))
    assert {each.version for each in kept} == {1}
    assert sum(not each.repeated for each in kept) == 1
    assert await office.owner.fetchval(EVENTS, case_id) == 1
    assert len(office.objects()) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"%PDF-1.4 cut", "document-of-other-type"),
        (b"MZ" + b"\0" * 100, "document-of-other-type"),
        (pdf("x" * LIMIT), "document-too-large"),
    ],
    ids=["cut", "program", "large"],
)
async def test_what_may_not_be_kept_leaves_nothing(office: Office, content: bytes, code: str) -> None:
    """Neither object, nor row, nor fact."""
    case_id = await office.request()
    with refused(code):
        await office.put(case_id, content=content)
    assert office.objects() == []
    assert await office.owner.fetchval(ROWS, case_id) == 0
    assert await office.owner.fetchval(EVENTS, case_id) == 0


async def test_what_a_case_does_not_want_is_not_kept(office: Office) -> None:
    """An unknown document, one that is accepted, and a case that has ended."""
    case_id = await office.request()
    with refused("unknown-document"):
        await office.put(case_id, "passport")
    await office.received(case_id)
    await office.desk.decide(case_id, AcceptDocument, "office-1", document=LETTER)
    with refused("document-settled"):
        await office.put(case_id, content=jpeg())
    assert len(office.objects()) == 1


async def test_while_the_store_is_away_nothing_is_accepted(office: Office) -> None:
    """No row and no fact say what is not kept."""
    case_id = await office.request()
    address = f"http://127.0.0.1:{free_port()}"
    office.store = open_store(
        "s3://away/x", {"endpoint": address, "access_key_id": "a", "secret_access_key": "b"}
    )
    with pytest.raises(StoreAway):
        await office.put(case_id)
    assert await office.owner.fetchval(ROWS, case_id) == 0


async def test_who_dies_after_the_upload_has_accepted_nothing(office: Office) -> None:
    """What lies in the store is in no row; sent again it is kept."""
    case_id = await office.request()
    with pytest.raises(asyncio.CancelledError):
        await office.put(case_id, fault=dying_at("uploaded"))
    assert (len(office.objects()), await office.owner.fetchval(ROWS, case_id)) == (1, 0)
    with refused("no-such-document"):
        await office.get(case_id)
    assert (await office.put(case_id)).version == 1
    assert (await office.get(case_id)).content == pdf()


async def test_who_dies_after_the_row_has_accepted_it_for_good(office: Office) -> None:
    """Row and fact are there together, and the case takes it; sent again it was there before."""
    case_id = await office.request()
    with pytest.raises(asyncio.CancelledError):
        await office.put(case_id, fault=dying_at("recorded"))
    again = await office.put(case_id)
    assert (again.version, again.repeated) == (1, True)
    await office.deliver(case_id)
    assert (await office.state(case_id))["state"] == "received"
    assert (await office.get(case_id)).content == pdf()


async def test_row_and_fact_are_one_transaction(office: Office) -> None:
    """When the fact cannot be stored, there is no row."""
    case_id = await office.request()
    await office.owner.execute("REVOKE INSERT ON iehe.events FROM iehe_office")
    with pytest.raises(Exception, match="permission denied"):
        await office.put(case_id)
    assert await office.owner.fetchval(ROWS, case_id) == 0


async def test_every_hand_out_is_on_record_with_its_right(office: Office) -> None:
    """Who, which version, by which right; also of a process that is not confidential."""
    case_id = await office.request()
    await office.received(case_id)
    await office.received(case_id, content=png())
    await office.get(case_id, version=1)
    await office.get(case_id, by="head-1")
    rows = await office.owner.fetch(
        "SELECT name, version, staff_id, by_right FROM iehe.document_reads WHERE case_id = $1 ORDER BY read",
        case_id,
    )
    assert [tuple(row) for row in rows] == [
        (LETTER, 1, "office-1", "connection_office"),
        (LETTER, 2, "head-1", "head_of_connection"),
    ]
    with pytest.raises(Exception, match="append-only"):
        await office.owner.execute("DELETE FROM iehe.document_reads")


@pytest.mark.parametrize("who", ["lecturer-1", "nobody", "", "*"])
async def test_who_does_not_see_what_is_personal_gets_no_document(office: Office, who: str) -> None:
    """The database itself hands out nothing, and nothing is noted as read."""
    case_id = await office.request()
    await office.received(case_id)
    with refused("no-such-document"):
        await office.get(case_id, by=who)
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.document_reads") == 0


async def test_what_was_revoked_is_handed_out_to_nobody(office: Office) -> None:
    """Nor are its earlier versions; what is sent afterwards is a new version, also the same file."""
    case_id = await office.request()
    await office.received(case_id)
    await office.desk.decide(case_id, RejectDocument, "office-1", document=LETTER, why="illegible")
    await office.received(case_id, content=png())
    await office.desk.decide(case_id, RevokeDocument, "office-1", document=LETTER)
    for version in (None, 1, 2):
        with refused("no-such-document"):
            await office.get(case_id, version=version)
    known = await office.state(case_id)
    assert known["state"] == "revoked"
    assert all(each["revoked_at"] for each in known["versions"])
    assert (await office.received(case_id, content=png())).version == 3
    assert (await office.get(case_id)).content == png()


async def test_history_and_log_hold_names_and_hashes_alone(office: Office) -> None:
    """Nothing of the content, no place in the store, no name of a file."""
    case_id = await office.request()
    await office.received(case_id, content=pdf("見本太郎"))
    place = await office.owner.fetchval("SELECT stored_as FROM iehe.documents")
    said = [
        *(row[0] for row in await office.owner.fetch("SELECT envelope::text FROM iehe.events")),
        *(row[0] for row in await office.owner.fetch("SELECT details::text FROM iehe.case_log")),
        *(row[0] for row in await office.owner.fetch("SELECT state::text FROM iehe.cases")),
    ]
    assert any('"sha256"' in each for each in said)
    assert not [each for each in said if "見本太郎" in each or place in each]
    (told,) = [
        json.loads(each) for each in said if "document-received" in each and "specversion" not in each
    ][:1]
    assert told["data"]["media_type"] == "application/pdf"
