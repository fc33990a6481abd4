"""E17: what triage hands to the harassment desk is the desk's, and nobody else's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import open_pool
from activities.kernel.digest import SQL as DIGEST
from cases import lists
from cases.apart import keep_staff_keys
from cases.break_glass import break_glass
from cases.decisions import decide
from cases.list_questions import CaseFilters, TaskFilters
from cases.sight import fields_of, view_of
from schemas.kernel.case import Acknowledge, Actor
from schemas.support import commands
from schemas.support.roles import Role
from tests.support.builder import ROLES, Pure, refused
from tests.support.office import Case, Office
from workflows.kernel.sight import Field
from workflows.support.process import SUPPORT

NOTE = str(uuid4())


def handed(owner: str | None = "officer-1") -> Pure:
    """A case that triage has handed to the desk."""
    case = Pure().triaged()
    case.decide(commands.Assign, "triage-1", unit="harassment", owner=owner)
    return case


def agreed(case: Pure, days: int = 30) -> Pure:
    """Whoever complains agrees that the accused is contacted."""
    case.decide(commands.NameAccused, "officer-1", note_id=NOTE)
    case.decide(commands.AllowContact, "officer-1", form="2026-1", until=case.now + timedelta(days=days))
    return case


def nowhere(case: Pure) -> None:
    """An event that fits nowhere: somebody is to look at it."""
    case.event_or_task("consent-withdrawn", unit="health")


def test_e17_the_tasks_of_a_case_that_was_handed_over_are_the_desks() -> None:
    """Those that were open too, and whoever had one of them has it no more."""
    case = Pure()
    nowhere(case)
    case.triaged()
    case.decide(commands.Assign, "triage-1", unit="harassment")
    assert {task.role for task in case.state.tasks.values()} == {Role.HARASSMENT}
    assert {task.assignee for task in case.state.tasks.values()} == {None}
    case.decide(commands.Take, "officer-1")
    for _ in range(3):
        case.missed("officer-1")
    nowhere(case)
    assert {task.role for task in case.state.tasks.values()} == {Role.HARASSMENT}


def test_e17_what_would_be_told_to_leads_is_told_to_the_desk() -> None:
    """Of its cases no warning, breach or rung reaches triage, a counsellor or a lead."""
    case = handed()
    case.house.away["officer-1"] = None
    before = len(case.log)
    case.wait(days=14)
    told = {to for step in case.log[before:] for to in (notice.to for notice in step.notices)}
    assert told
    assert not [to for to in told if "lead" in to or "triage" in to or "counsellor" in to], told
    assert {to for to in told if "harassment" in to or "officer" in to}


def test_e17_what_others_had_acknowledged_is_asked_of_the_desk() -> None:
    """Who had said to look after it before the hand-over sees the case no more."""
    case = Pure().assigned()
    case.wait(days=4)
    case.decide(Acknowledge, "lead-1", deadline="first-response")
    assert case.state.deadlines["first-response"].acknowledged is not None
    case.decide(commands.Assign, "triage-1", unit="harassment")
    assert case.state.deadlines["first-response"].acknowledged is None


def test_e17_triages_part_stays_with_the_desk_where_another_unit_goes_on() -> None:
    """Handed on by the desk, its counsellors work on it; triage still has no part in it."""
    case = handed()
    case.decide(commands.ReferOn, "officer-1", unit="counselling", moves=True, reason_id=NOTE)
    assert case.state.tasks["take"].role == Role.COUNSELLOR
    nowhere(case)
    asked = {task.role for task in case.state.tasks.values() if task.kind == "look-at-event"}
    assert asked == {Role.HARASSMENT}


def test_e17_the_accused_is_contacted_only_while_whoever_complains_agrees() -> None:
    """Not before, not after it was withdrawn or is over, and not for a time at which it did not hold."""
    case = handed()
    contact = {"channel": "phone", "outcome": "reached"}
    with refused("no-accused"):
        case.decide(commands.ContactAccused, "officer-1", **contact)
    case.decide(commands.NameAccused, "officer-1", note_id=NOTE)
    with refused("contact-not-allowed"):
        case.decide(commands.ContactAccused, "officer-1", **contact)
    case.wait(hours=2)
    agreed(case, days=2)
    with refused("contact-not-allowed"):
        case.decide(commands.ContactAccused, "officer-1", at=case.now - timedelta(hours=1), **contact)
    case.decide(commands.ContactAccused, "officer-1", **contact)
    assert [row["what"] for row in case.records("desk-noted")][-1] == "accused-contacted"
    case.decide(commands.ForbidContact, "officer-1")
    with refused("contact-not-allowed"):
        case.decide(commands.ContactAccused, "officer-1", **contact)
    agreed(case, days=2)
    case.wait(days=2)
    with refused("contact-not-allowed"):
        case.decide(commands.ContactAccused, "officer-1", **contact)


def test_e17_contact_with_the_accused_is_no_first_response() -> None:
    """The student still waits for theirs."""
    case = agreed(handed())
    case.decide(commands.ContactAccused, "officer-1", channel="phone", outcome="reached")
    assert case.state.responded_at is None
    assert "first-response" in case.state.deadlines
    assert case.records("contacted") == []


def test_e17_who_has_counselled_does_not_investigate() -> None:
    """Who has or had the case, or has spoken to the student; and who investigates does not counsel."""
    case = handed()
    with refused("investigator-counselled"):
        case.decide(commands.Investigate, "officer-1", staff_id="officer-1")
    with refused("investigator-unfit"):
        case.decide(commands.Investigate, "officer-1", staff_id="counsellor-1")
    case.decide(commands.Investigate, "officer-1", staff_id="officer-2")
    assert ("case-news", "staff:officer-2") in case.notices()
    with refused("investigator-counsels"):
        case.reached("officer-2")
    with refused("investigator-counsels"):
        case.decide(commands.Assign, "officer-1", unit="harassment", owner="officer-2")
    other = handed()
    other.reached("officer-2")
    with refused("investigator-counselled"):
        other.decide(commands.Investigate, "officer-1", staff_id="officer-2")


def test_e17_the_accused_and_the_heads_of_the_parties_are_out_of_the_case() -> None:
    """At once, as whoever is concerned is; who investigated and turns out to be a party does so no more."""
    case = handed()
    case.decide(commands.Investigate, "officer-1", staff_id="officer-2")
    case.decide(commands.NamePartyHead, "officer-1", staff_id="officer-2")
    case.decide(commands.NameAccused, "officer-1", staff_id="head-1")
    assert {row["staff_id"] for row in case.records("concerned")} == {"officer-2", "head-1"}
    assert case.state.investigators == []
    with refused("investigator-unfit"):
        case.decide(commands.Investigate, "officer-1", staff_id="officer-2")
    with refused("accused-unnamed"):
        case.decide(commands.NameAccused, "officer-1")


def test_e17_what_the_desk_decides_needs_a_case_of_the_desk() -> None:
    """Of a case that was not handed over it names and investigates nothing."""
    case = Pure().assigned()
    with refused("not-with-desk"):
        case.decide(commands.NameAccused, "officer-1", staff_id="head-1")
    with refused("not-with-desk"):
        case.decide(commands.Investigate, "officer-1", staff_id="officer-2")


def test_e17_a_case_of_the_desk_is_linked_to_no_other() -> None:
    """Whoever could see both would be told of one by the other."""
    case = handed()
    with refused("link-unknown"):
        case.decide(commands.Link, "officer-1", into="support/OTHER", reason_id=NOTE)


# before real servers ---------------------------------------------------------------------------------------


@pytest.fixture
async def people(database) -> AsyncIterator[asyncpg.Pool]:
    pool = await open_pool(database.url("office"), size=3, for_people=True)
    yield pool
    await pool.close()


async def handed_over(office: Office, **changes: object) -> Case:
    case = await office.refer(**changes)
    await case.triage()
    await case.decide(commands.Assign, "triage-1", unit="harassment")
    return case


def actor(name: str) -> Actor:
    return Actor(id=name, roles=tuple(role.value for role in ROLES[name]))


async def test_e17_triage_sees_a_case_no_more_from_the_moment_it_was_handed_over(
    office: Office, people: asyncpg.Pool
) -> None:
    """Not by page, list, count, row or message; the desk and whoever oversees everything do."""
    case = await handed_over(office)
    everything = frozenset({Field.CASE, Field.WORK, Field.PERSONAL})
    for name in ROLES:
        with acting_for(name):
            seen = await fields_of(people, case.handle.id, actor(name))
            if name.startswith("officer"):
                assert seen == everything
            elif name == "head-1":
                assert seen == {Field.CASE, Field.WORK, Field.PAYLOADS}
            else:
                assert seen == frozenset(), name
            listed = await lists.list_cases(people, view_of(actor(name)), CaseFilters(), None, 50)
            assert [row["case_id"] for row in listed.rows] == ([case.handle.id] if seen else []), name
            tasks = await lists.count_tasks(people, lists.view_of_tasks(actor(name)), TaskFilters())
            assert (tasks.tasks > 0) == bool(seen), name
            for table in ("cases", "case_log", "tasks", "notices", "events", "support_desk"):
                rows = await people.fetch(f"SELECT FROM iehe.{table} WHERE case_id = $1", case.handle.id)
                assert seen or not rows, (name, table)


async def test_e17_triage_hears_and_is_counted_nothing_of_it_and_breaks_no_glass(
    office: Office, people: asyncpg.Pool, database
) -> None:
    """Neither as a role, nor as who stands in for an officer, nor in the morning's digest."""
    case = await handed_over(office)
    now = datetime.now(UTC)
    readers = "SELECT recipient FROM iehe.readers_of($1, $2, $3) ORDER BY 1"
    absence = "INSERT INTO iehe.absences VALUES ('officer-1', $1, $2, 'triage-1', 'test')"
    await office.owner.execute(absence, now - timedelta(days=1), now + timedelta(days=1))
    for audience, expected in (
        ("role:triage_officer", ["-"]),
        ("staff:triage-1", []),
        ("staff:officer-1", []),
        ("role:harassment_officer", ["officer-2"]),
    ):
        if audience == "staff:officer-1":
            found = await office.owner.fetch(
                "SELECT staff_id FROM iehe.staff_meant($1, $2, $3)", case.handle.id, audience, now
            )
        else:
            found = await office.owner.fetch(readers, case.handle.id, audience, now)
        assert [row[0] for row in found] == expected, audience
    worker = await asyncpg.connect(database.url("worker", "support"))
    await worker.execute(DIGEST["make"], "support-case", "support", now.date(), now)
    await worker.close()
    told = await office.owner.fetch("SELECT recipient_id FROM iehe.notices WHERE digest_on = $1", now.date())
    assert {row[0] for row in told} == {"officer-1", "officer-2"}
    with refused("no-such-case"):
        await break_glass(people, case.handle.id, actor("triage-1"), "見本", uuid4().hex, office.keys)


async def test_e17_glass_that_triage_had_broken_is_whole_again(office: Office, people: asyncpg.Pool) -> None:
    """What was opened before the hand-over is not open after it."""
    case = await office.refer()
    await case.assign()
    await break_glass(people, case.handle.id, actor("triage-1"), "見本", uuid4().hex, office.keys)
    with acting_for("triage-1"):
        assert Field.PERSONAL in await fields_of(people, case.handle.id, actor("triage-1"))
    await case.decide(commands.Assign, "triage-1", unit="harassment", owner="officer-1")
    with acting_for("triage-1"):
        assert await fields_of(people, case.handle.id, actor("triage-1")) == frozenset()


async def test_e17_what_was_counselled_is_read_from_the_records(office: Office) -> None:
    """Before real servers: who had the case is refused, another officer is not, a head is out at once."""
    case = await handed_over(office)
    await case.decide(commands.Take, "officer-1")
    await case.decide(commands.Assign, "officer-1", unit="harassment", owner="officer-2")
    with pytest.raises(WorkflowUpdateFailedError) as told:
        await case.decide(commands.Investigate, "officer-2", staff_id="officer-1")
    assert told.value.cause.details[0] == "investigator-counselled"
    await case.decide(commands.NamePartyHead, "officer-2", staff_id="head-1")
    await case.decide(commands.NameAccused, "officer-2", note_id=await case.text("見本"))
    noted = await office.owner.fetch(
        "SELECT what, staff_id, by FROM iehe.support_desk WHERE case_id = $1 ORDER BY version", case.handle.id
    )
    assert [tuple(row) for row in noted] == [("head", "head-1", "officer-2"), ("accused", None, "officer-2")]
    rights = "SELECT count(*) FROM iehe.rights_of($1, 'head-1')"
    assert await office.owner.fetchval(rights, case.handle.id) == 0


async def test_e17_an_accused_who_is_a_student_is_out_of_it_as_soon_as_they_are_of_the_staff(
    office: Office, people: asyncpg.Pool
) -> None:
    """Named by a mail address, which stays at the door; whoever joins with it later sees nothing."""
    case = await handed_over(office)
    made = commands.NameAccused(
        command_id=f"c-{uuid4().hex}", actor=actor("officer-1"), person="Jiro@student.example.ac.jp"
    )
    row = await office.owner.fetchrow("SELECT * FROM iehe.cases WHERE case_id = $1", case.handle.id)

    async def client() -> object:
        return office.skipper.client

    with acting_for(THE_HOST):
        await decide(people, client, row, made, {}, office.keys)
    noted = await office.owner.fetchrow("SELECT * FROM iehe.support_accused")
    assert noted["case_id"] == case.handle.id
    log = await office.owner.fetch(
        "SELECT details, cause FROM iehe.case_log WHERE case_id = $1", case.handle.id
    )
    assert "jiro" not in str([tuple(each) for each in log]).lower()
    await office.owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, language, roles) "
        "VALUES ('officer-3', '見本 次郎', 'jiro@student.example.ac.jp', 'ja', $1)",
        ["harassment_officer", "head_of_support"],
    )
    await office.owner.execute("INSERT INTO iehe.support_members VALUES ('harassment', 'officer-3', false)")
    rights = "SELECT count(*) FROM iehe.rights_of($1, 'officer-3')"
    assert await office.owner.fetchval(rights, case.handle.id) > 0
    with acting_for(THE_HOST):
        await keep_staff_keys(people, office.keys, SUPPORT)
    assert await office.owner.fetchval(rights, case.handle.id) == 0
    meant = "SELECT count(*) FROM iehe.staff_meant($1, $2, now()) WHERE staff_id = 'officer-3'"
    for audience in ("role:harassment_officer", "role:head_of_support", "staff:officer-3"):
        assert await office.owner.fetchval(meant, case.handle.id, audience) == 0
    absence = "INSERT INTO iehe.absences VALUES ('officer-1', $1, $2, 'officer-3', 'test')"
    now = datetime.now(UTC)
    await office.owner.execute(absence, now - timedelta(days=1), now + timedelta(days=1))
    assert await office.owner.fetchval(meant, case.handle.id, "staff:officer-1") == 0
    joined = Actor(id="officer-3", roles=("harassment_officer", "head_of_support"))
    with refused("no-such-case"):
        await break_glass(people, case.handle.id, joined, "見本", uuid4().hex, office.keys)


async def test_e18_whom_a_referral_is_about_is_out_of_it_where_they_are_of_the_staff(
    office: Office, people: asyncpg.Pool
) -> None:
    """A student who works in the office, by their number, before the first message."""
    await office.owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, language, roles) "
        "VALUES ('S2026-0042', '見本 花子', 'h@example.ac.jp', 'ja', '{triage_officer}')"
    )
    with acting_for(THE_HOST):
        await keep_staff_keys(people, office.keys, SUPPORT)
    case = await office.refer(person="S2026-0042")
    rights = "SELECT count(*) FROM iehe.rights_of($1, 'S2026-0042')"
    assert await office.owner.fetchval(rights, case.handle.id) == 0
    other = await office.refer(person="S2026-0099")
    assert await office.owner.fetchval(rights, other.handle.id) > 0


async def test_e17_whom_a_referral_is_against_is_out_of_it_before_the_first_message(
    office: Office, people: asyncpg.Pool
) -> None:
    """By a mail address however it is written; what was said stays at the door."""
    with acting_for(THE_HOST):
        await keep_staff_keys(people, office.keys, SUPPORT)
    case = await office.refer(against="Triage-1@Example.ac.jp", urgent=True, danger=True)
    await case.until_sent("page")
    rights = "SELECT count(*) FROM iehe.rights_of($1, $2)"
    assert await office.owner.fetchval(rights, case.handle.id, "triage-1") == 0
    assert await office.owner.fetchval(rights, case.handle.id, "head-1") > 0
    told = "SELECT count(*) FROM iehe.notices WHERE case_id = $1 AND recipient_id = 'triage-1'"
    assert await office.owner.fetchval(told, case.handle.id) == 0
    kept = await office.owner.fetchrow("SELECT person, person_text FROM iehe.support_accused")
    assert "triage" not in kept["person"].lower()
    events = await office.owner.fetch("SELECT envelope FROM iehe.events WHERE case_id = $1", case.handle.id)
    assert "example.ac.jp" not in str([row["envelope"] for row in events]).lower()


def test_e17_an_accused_who_has_the_case_has_it_no_more() -> None:
    """Found by the key of a number, as by the staff id."""
    case = handed()
    case.house.by_key = {"KEY.1": ["officer-1"]}
    case.decide(commands.NameAccused, "officer-2", person="KEY.1")
    assert case.state.owner is None
    assert [row["staff_id"] for row in case.records("concerned")] == ["officer-1"]
