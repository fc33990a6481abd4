"""Notes on a case: written, corrected, withdrawn, read by who sees its work, and by nobody else."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from cases.finding import find_case
from cases.notes import Said, Written, notes_of, write_note
from cases.notice_acts import Act
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from tests.activities.letters import CASE, Died, die_at
from tests.cases.notice_desk import AUDITOR, HEAD, OFFICE, REVIEWER, NoticeDesk, quiet_process
from tests.cases.test_notice_acts import refused

SECOND = Actor(id="office-2", roles=("admissions_office",))
COUNT = "SELECT count(*) FROM iehe.case_notes"


async def write(desk: NoticeDesk, words: str, by: Actor = OFFICE, fault=quiet_process, **more) -> Written:
    case = await find_case(desk.pool, CASE)
    said = Said(more.pop("key", uuid4().hex), words, **more)
    return await write_note(desk.pool, case, by, said, desk.vault, fault)


async def read(desk: NoticeDesk) -> list[dict]:
    return await notes_of(desk.world.owner, desk.vault, CASE)


@pytest.fixture
async def colleague(desk: NoticeDesk) -> Actor:
    """Another one of the office."""
    await desk.world.owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles)"
        " VALUES ('office-2', 'x', 'x@example.ac.jp', '{admissions_office}')"
    )
    return SECOND


async def test_notes_are_read_in_the_order_in_which_they_were_written(desk: NoticeDesk) -> None:
    """Each with its author and time; a correction moves none of them."""
    first = await write(desk, "電話あり")
    await write(desk, "書類を確認", HEAD)
    await write(desk, "電話あり（母親）", note=first.note_id)
    told = await read(desk)
    assert [(each["author"], each["body"], each["version"]) for each in told] == [
        ("office-1", "電話あり（母親）", 2),
        ("head-1", "書類を確認", 1),
    ]
    assert told[0]["written_at"] < told[1]["written_at"]


async def test_what_it_said_before_stays_readable(desk: NoticeDesk) -> None:
    """Every version, with who wrote it; of a withdrawal why."""
    note = (await write(desk, "一")).note_id
    await write(desk, "二", note=note)
    await write(desk, "別の案件のもの", note=note, withdraws=True)
    (told,) = await read(desk)
    assert (told["body"], told["withdrawn"], told["reason"]) == (None, True, "別の案件のもの")
    assert [(each["version"], each["act"], each["body"]) for each in told["versions"]] == [
        (1, "write", "一"),
        (2, "correct", "二"),
        (3, "withdraw", "別の案件のもの"),
    ]


async def test_a_note_is_its_authors(desk: NoticeDesk, colleague: Actor) -> None:
    """A colleague neither corrects nor withdraws it; who leads the office withdraws it alone."""
    note = (await write(desk, "一")).note_id
    assert await refused(write(desk, "二", colleague, note=note)) == "note-of-another"
    assert await refused(write(desk, "理由", colleague, note=note, withdraws=True)) == "note-of-another"
    assert await refused(write(desk, "二", HEAD, note=note)) == "note-of-another"
    assert (await write(desk, "理由", HEAD, note=note, withdraws=True)).version == 2


async def test_a_withdrawn_note_is_done_with(desk: NoticeDesk) -> None:
    """It is neither corrected nor withdrawn again; nor is one that there is not."""
    note = (await write(desk, "一")).note_id
    await write(desk, "理由", note=note, withdraws=True)
    assert await refused(write(desk, "二", note=note)) == "note-withdrawn"
    assert await refused(write(desk, "理由", note=note, withdraws=True)) == "note-withdrawn"
    assert await refused(write(desk, "二", note=UUID(int=1))) == "no-such-note"


@pytest.mark.parametrize("words", [" ", "長" * 4001, "\ud800", "a\0b"])
async def test_words_that_cannot_be_kept_are_refused(desk: NoticeDesk, words: str) -> None:
    """None, too many, or what no database takes: by code, at whichever door."""
    assert await refused(write(desk, words)) == "words-unusable"
    await desk.world.queue()
    assert await refused(desk.act(Act.HOLD, reason=words)) == "words-unusable"
    assert await refused(desk.act(Act.CHANGE, ja=words)) == "words-unusable"
    assert (await write(desk, "長" * 4000)).version == 1


async def test_the_same_key_again_writes_nothing_more(desk: NoticeDesk) -> None:
    """The first answer again; for another act the key is refused."""
    first = await write(desk, "一", key="k-1")
    again = await write(desk, "一", key="k-1")
    assert (again.note_id, again.version, again.repeated) == (first.note_id, 1, True)
    assert await refused(write(desk, "二", key="k-1", note=first.note_id)) == "key-of-another-act"
    assert len(await read(desk)) == 1


async def test_of_two_who_correct_at_once_one_looks_again(desk: NoticeDesk) -> None:
    """Nothing is written over that somebody has not seen."""
    note = (await write(desk, "一")).note_id
    both = (write(desk, words, note=note, seen=1) for words in ("二", "三"))
    ended = await asyncio.gather(*both, return_exceptions=True)
    (refusal,) = [each for each in ended if isinstance(each, Refusal)]
    assert (refusal.code, refusal.params) == ("stale-note", {"seen": "1", "current": "2"})
    assert (await read(desk))[0]["version"] == 2


async def test_who_does_not_see_the_work_neither_writes_nor_reads(desk: NoticeDesk) -> None:
    """A reviewer has no such case here; an auditor sees the work, and writes nothing."""
    assert await refused(write(desk, "一", REVIEWER)) == "no-such-case"
    assert await refused(write(desk, "一", AUDITOR)) == "role-missing"
    assert await desk.world.owner.fetchval(COUNT) == 0


@pytest.mark.parametrize("point", ["locked", "sealed", "kept"])
async def test_dying_anywhere_leaves_all_or_nothing(desk: NoticeDesk, point: str) -> None:
    """A note that was not finished is not there; asked again under its key it is there once."""
    with pytest.raises(Died):
        await write(desk, "一", key="k-1", fault=die_at(point))
    assert await desk.world.owner.fetchval(COUNT) == 0
    assert not (await write(desk, "一", key="k-1")).repeated
    assert (await write(desk, "一", key="k-1")).repeated
    assert await desk.world.owner.fetchval(COUNT) == 1


async def test_words_lie_sealed_and_only_grow(desk: NoticeDesk) -> None:
    """Whoever copies the database reads nothing, and nobody changes what was written."""
    await write(desk, "見本太郎の電話")
    row = await desk.world.owner.fetchrow("SELECT * FROM iehe.case_notes")
    assert "見本太郎".encode() not in row["sealed"]
    assert "見本太郎" not in str([value for name, value in row.items() if name != "sealed"])
    await desk.world.owner.execute("SELECT set_config('iehe.erasing', '', false)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await desk.world.owner.execute("DELETE FROM iehe.case_notes")
