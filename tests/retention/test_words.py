"""What people say in words is unreadable in the database, and for good when its case's key is gone."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from cases.texts import keep_text, texts_of
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing, ensure_ring, rotate
from tests.retention.conftest import OLD, Archive, everywhere

CANARY = "家庭の事情についての見本の文章"


@pytest.fixture
def vault(ring: KeyRing) -> CaseKeys:
    return CaseKeys(ring)


async def raw(archive: Archive) -> bytes:
    """Everything that the tables of words and of their keys hold, byte by byte."""
    rows = await archive.owner.fetch(
        "SELECT sealed AS held FROM iehe.texts UNION ALL SELECT wrapped FROM iehe.case_keys"
    )
    assert rows
    return b"".join(row["held"] for row in rows)


async def test_the_tables_hold_no_words(archive: Archive, vault: CaseKeys) -> None:
    """Neither as text nor in any byte; whoever has the ring reads them, in the order of their saying."""
    for words in (CANARY, "second"):
        assert await keep_text(archive.owner, vault, uuid4(), OLD, "office-1", words)
    assert await everywhere(archive.owner, CANARY) == {}
    held = await raw(archive)
    assert CANARY.encode() not in held
    assert b"second" not in held
    assert [each["body"] for each in await texts_of(archive.owner, vault, OLD)] == [CANARY, "second"]
    assert await archive.value("SELECT count(*) FROM iehe.case_keys") == 1


async def test_equal_words_look_different(archive: Archive, vault: CaseKeys) -> None:
    """Nobody tells from the table that two people have said the same."""
    for case_id in (OLD, OLD, "admission/OLD-2"):
        await keep_text(archive.owner, vault, uuid4(), case_id, "office-1", CANARY)
    assert await archive.value("SELECT count(DISTINCT sealed) FROM iehe.texts") == 3


async def test_two_at_once_use_one_key(archive: Archive, vault: CaseKeys) -> None:
    """The first words of a case, written by several at once, are all readable."""
    await asyncio.gather(
        *(keep_text(archive.owner, vault, uuid4(), OLD, "office-1", str(number)) for number in range(5))
    )
    bodies = {each["body"] for each in await texts_of(archive.owner, vault, OLD)}
    assert bodies == {"0", "1", "2", "3", "4"}


async def test_words_moved_to_another_place_are_not_read(archive: Archive, vault: CaseKeys) -> None:
    """A row or a key put under another case or id opens nothing."""
    here, there = "admission/OLD-1", "admission/OLD-2"
    await keep_text(archive.owner, vault, uuid4(), here, "office-1", CANARY)
    await keep_text(archive.owner, vault, uuid4(), there, "office-1", "other")
    await archive.value(
        "UPDATE iehe.texts SET sealed = (SELECT sealed FROM iehe.texts WHERE case_id = $1) "
        "WHERE case_id = $2",
        *(here, there),
    )
    assert [each["body"] for each in await texts_of(archive.owner, vault, there)] == [None]
    await archive.value(
        "UPDATE iehe.case_keys SET wrapped = (SELECT wrapped FROM iehe.case_keys WHERE case_id = $1) "
        "WHERE case_id = $2",
        *(here, there),
    )
    assert [each["body"] for each in await texts_of(archive.owner, vault, there)] == [None]
    assert [each["body"] for each in await texts_of(archive.owner, vault, here)] == [CANARY]


async def test_a_rotated_class_key_opens_what_it_wrapped(archive: Archive, tmp_path) -> None:
    """After a rotation old cases are read and go on by their own key; a new one is wrapped with the new."""
    ring = ensure_ring(tmp_path / "keys.json")
    vault = CaseKeys(ring)
    await keep_text(archive.owner, vault, uuid4(), OLD, "office-1", CANARY)
    rotate(ring.path, "admission")
    await keep_text(archive.owner, vault, uuid4(), OLD, "office-1", "later")
    await keep_text(archive.owner, vault, uuid4(), "admission/NEW-1", "office-1", "new")
    assert [each["body"] for each in await texts_of(archive.owner, vault, OLD)] == [CANARY, "later"]
    used = await archive.owner.fetch("SELECT class_key FROM iehe.case_keys ORDER BY made_at")
    assert [row["class_key"].partition(".")[0] for row in used] == ["admission-1", "admission-2"]
    stranger = CaseKeys(ensure_ring(tmp_path / "other.json"))
    assert [each["body"] for each in await texts_of(archive.owner, stranger, OLD)] == [None, None]
    with pytest.raises(LookupError):
        await keep_text(archive.owner, stranger, uuid4(), OLD, "office-1", "lost")


async def test_a_copy_of_the_words_is_unreadable_when_the_case_is_erased(
    archive: Archive, vault: CaseKeys
) -> None:
    """Rows kept elsewhere and put back after the erasure are ciphertext without a key, the ring in hand."""
    await archive.case(ended_days=365 * 6)
    await keep_text(archive.owner, vault, uuid4(), OLD, "office-1", CANARY)
    copy = await archive.owner.fetchrow("SELECT text_id, case_id, author, sealed FROM iehe.texts")
    assert await archive.sweep() == {"cases": 1}
    await keep_text(archive.owner, vault, uuid4(), OLD, "office-1", "anything")
    await archive.value(
        "INSERT INTO iehe.texts (text_id, case_id, author, sealed) VALUES ($1, $2, $3, $4)", *copy
    )
    assert CANARY not in [each["body"] for each in await texts_of(archive.owner, vault, OLD)]


async def test_the_worker_sees_neither_words_nor_keys(archive: Archive, database) -> None:
    """It knows words by id alone; an auditor as little."""
    for role in ("worker", "auditor"):
        connection = await asyncpg.connect(database.url(role))
        for statement in ("SELECT * FROM iehe.texts", "SELECT * FROM iehe.case_keys"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()
