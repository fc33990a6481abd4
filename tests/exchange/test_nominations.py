"""Nominations by file before real servers: new cases, changes, people who are one, killed in between."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from activities.kernel.acting import acting_for
from cases.exchange.nominations import decide_match, matches
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.exchange.roles import Role
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from spreadsheets.exchange.intakes import nominations
from spreadsheets.intakes import Counts
from tests.exchange.files import csv, student
from tests.exchange.office import BEGINS, LAST, TERM, Institute, Mobility

OFFICE = Actor(id="office-1", roles=(Role.OFFICE,))


@dataclass
class Desk:
    """The office that brings files."""

    institute: Institute
    keys: CaseKeys
    folder: Path

    async def bring(self, *rows: dict[str, Any], told: Any = lambda _done: None, **asked: Any) -> Counts:
        """A file without errors, taken."""
        file = csv(self.folder / "nominations.csv", *rows)
        intake = nominations(told=told, **asked)
        with acting_for(OFFICE.id):
            checked = await intake.check(self.institute.door, file)
            assert not checked.errors, checked.errors
            return await intake.take(self.institute.door, self.keys, OFFICE, checked, file.name)

    async def cases(self) -> dict[str, Mobility]:
        """The mobilities by the number at home, as soon as each has its case."""
        rows = await self.institute.owner.fetch(
            "SELECT case_id, number FROM iehe.exchange_mobilities WHERE term = $1", TERM
        )
        found = {}
        for row in rows:
            subject = row["case_id"].partition("/")[2]
            handle = self.institute.skipper.client.get_workflow_handle(row["case_id"])
            found[row["number"]] = Mobility(self.institute, subject, handle)
            await found[row["number"]].until("version > 0")
        return found


def here(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of the term of these tests."""
    stay = {"first": BEGINS.isoformat(), "last": LAST.isoformat(), "term": TERM}
    return student(number, **(stay | changes))


@pytest.fixture
async def desk(institute: Institute, ring: KeyRing, tmp_path: Path) -> Desk:
    return Desk(institute, CaseKeys(ring), tmp_path)


async def stored(owner: asyncpg.Connection, number: str) -> asyncpg.Record:
    row = await owner.fetchrow("SELECT * FROM iehe.exchange_mobilities WHERE number = $1", number)
    assert row is not None
    return row


async def test_new_rows_start_cases_whose_ids_tell_nothing(desk: Desk) -> None:
    """Each once, however often the file comes; the number of the home university is in none of them."""
    assert (await desk.bring(here(1), here(2)))["new"] == 2
    cases = await desk.cases()
    assert {(await each.until("true"))["stage"] for each in cases.values()} == {"nominated"}
    for number, each in cases.items():
        assert each.reference.startswith(f"{TERM}-")
        assert number.replace("-", "") not in each.reference
    again = await desk.bring(here(1), here(2))
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 2)
    assert await desk.institute.owner.fetchval("SELECT count(*) FROM iehe.cases") == 2


async def test_a_changed_row_is_the_next_revision_of_its_case(desk: Desk) -> None:
    """The row and the fact are one transaction; the case knows which fields changed, by name alone."""
    await desk.bring(here(1))
    (case,) = (await desk.cases()).values()
    told = await desk.bring(here(1, family="Corrected", mail="new@example.com"))
    assert (told["new"], told["changed"]) == (0, 1)
    row = await case.until("(state ->> 'revision')::int = 2")
    assert "Corrected" not in row["state"]
    entry = await desk.institute.owner.fetchval(
        "SELECT details -> 'fields' FROM iehe.case_log WHERE case_id = $1 AND step = 'mobility-changed'",
        case.handle.id,
    )
    assert entry == '["family", "mail"]'
    now = await stored(desk.institute.owner, "S-1")
    assert (now["family"], now["mail"], now["revision"]) == ("Corrected", "new@example.com", 2)


async def test_killed_in_the_middle_and_run_again_it_goes_on(desk: Desk) -> None:
    """What was stored before is the same; no student is stored twice or lost."""

    def dies(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    rows = [here(number) for number in range(1, 6)]
    with pytest.raises(KeyboardInterrupt):
        await desk.bring(*rows, told=dies)
    assert await desk.institute.owner.fetchval("SELECT count(*) FROM iehe.exchange_mobilities") == 2
    seen = list[int]()
    again = await desk.bring(*rows, told=seen.append)
    assert (again["new"], again["same"]) == (3, 2)
    assert seen == [1, 2, 3, 4, 5]
    assert len(await desk.cases()) == 5


async def test_what_vanished_from_the_file_is_not_withdrawn(desk: Desk) -> None:
    """It is counted, and its case stays as it is."""
    await desk.bring(here(1), here(2))
    assert (await desk.bring(here(1)))["vanished"] == 1
    assert {(await each.until("true"))["stage"] for each in (await desk.cases()).values()} == {"nominated"}


async def test_jethro_pmm_446_a_person_decides_who_is_one(desk: Desk) -> None:
    """A task with both cases; told the same they share one number, told different they do not."""
    alike = {"family": "Müller", "given": "Jörg", "born": "2003-05-17"}
    counts = await desk.bring(here(1, **alike), here(2, **alike | {"family": "Mueller"}), here(3))
    assert counts["perhaps_one_person"] == 1
    owner, door = desk.institute.owner, desk.institute.door
    task = await owner.fetchrow("SELECT kind, key, roles FROM iehe.office_tasks WHERE closed_at IS NULL")
    assert task is not None
    assert (task["kind"], list(task["roles"])) == ("match-person", ["exchange_office"])
    assert await owner.fetchval("SELECT count(DISTINCT student_no) FROM iehe.exchange_mobilities") == 0
    with acting_for(OFFICE.id):
        (pair,) = await matches(door, OFFICE, decided=False)
        one, other = pair["one"], pair["other"]
        assert task["key"] == f"match-person:{one}:{other}"
        assert await decide_match(door, OFFICE, one, other, same=False)
        assert await matches(door, OFFICE, decided=False) == []
        assert await decide_match(door, OFFICE, other, one, same=True)
        assert not await decide_match(door, OFFICE, one, other, same=True)
        with pytest.raises(Refusal, match="stays"):
            await decide_match(door, OFFICE, one, other, same=False)
        with pytest.raises(Refusal, match="suggested"):
            await decide_match(door, OFFICE, one, "exchange/27S-NOBODY", same=True)
    assert await owner.fetchval("SELECT count(*) FROM iehe.office_tasks WHERE closed_at IS NULL") == 0
    cases = await desk.cases()
    for number in ("S-1", "S-2"):
        await cases[number].accepted()
    numbers = [(await stored(owner, number))["student_no"] for number in ("S-1", "S-2")]
    assert numbers[0] == numbers[1]
    # the same file again asks nobody again
    assert (await desk.bring(here(1, **alike), here(2, **alike | {"family": "Mueller"})))[
        "perhaps_one_person"
    ] == 0


async def test_who_was_here_before_is_suggested_by_number_and_keeps_it(desk: Desk) -> None:
    """The same home number in an earlier term; one person, one number (invariant 5)."""
    await desk.bring(here(1))
    owner = desk.institute.owner
    await owner.execute(
        "INSERT INTO iehe.exchange_mobilities (case_id, term, partner, mobility, agreement, faculty, family,"
        " given, born, nationality, number, mail, language, first, last, months, needs_coe, student_no)"
        " SELECT 'exchange/20S-BEFORE1', '20S', partner, 'old', agreement, faculty, family, given, born,"
        " nationality, number, mail, language, first - 2000, last - 2000, months, needs_coe, 'E9'"
        " FROM iehe.exchange_mobilities"
    )
    assert (await desk.bring(here(1)))["perhaps_one_person"] == 1
    case = next(iter((await desk.cases()).values()), None)
    assert case is not None
    with acting_for(OFFICE.id):
        (pair,) = await matches(desk.institute.door, OFFICE, decided=False)
        assert await decide_match(desk.institute.door, OFFICE, pair["one"], pair["other"], same=True)
    numbers = await owner.fetch("SELECT DISTINCT student_no FROM iehe.exchange_mobilities")
    assert [row["student_no"] for row in numbers] == ["E9"]


async def test_a_row_whose_agreement_went_since_the_check_is_refused_by_the_database(desk: Desk) -> None:
    """Nothing of it is stored."""
    file = csv(desk.folder / "n.csv", here(1))
    intake = nominations()
    with acting_for(OFFICE.id):
        checked = await intake.check(desk.institute.door, file)
        await desk.institute.owner.execute("DELETE FROM iehe.exchange_agreements")
        with pytest.raises(Refusal, match="load it first"):
            await intake.take(desk.institute.door, desk.keys, OFFICE, checked, file.name)
    assert await desk.institute.owner.fetchval("SELECT count(*) FROM iehe.exchange_mobilities") == 0


async def test_a_match_goes_with_either_of_its_cases(desk: Desk) -> None:
    """What is erased is named nowhere any more."""
    alike = {"family": "Müller", "given": "Jörg", "born": "2003-05-17"}
    await desk.bring(here(1, **alike), here(2, **alike | {"family": "Mueller"}))
    owner = desk.institute.owner
    assert await owner.fetchval("SELECT count(*) FROM iehe.exchange_matches") == 1
    await owner.execute("DELETE FROM iehe.exchange_mobilities WHERE number = 'S-2'")
    assert await owner.fetchval("SELECT count(*) FROM iehe.exchange_matches") == 0
