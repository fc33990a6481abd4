"""Who sees what of which support case, at every door: the matrix of people, actions and cases, whole.

What is not in the table is denied. The doors ask functions, the rows of the database keep themselves.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import asyncpg
import httpx2
import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.kernel.acting import acting_for
from activities.kernel.database import open_pool
from cases import lists
from cases.break_glass import break_glass, openings_of, reads_of
from cases.list_questions import CaseFilters, TaskFilters
from cases.sight import fields_of, view_of, whole_processes
from gateway.app import create_app
from gateway.context import Gateway
from schemas.kernel.break_glass import ReviewBreakGlass
from schemas.kernel.case import Actor
from schemas.support import commands
from tests.conftest import rings_in
from tests.gateway.office import Desk, settings_for
from tests.support.builder import ROLES, refused
from tests.support.office import Case, Office
from workers.staff_tokens import staff_tokens
from workflows.kernel.sight import Field

OTHERS = {"auditor-1": ["auditor"], "admin-1": ["administrator"], "office-1": ["admissions_office"]}
PEOPLE = {**{name: [role.value for role in roles] for name, roles in ROLES.items()}, **OTHERS}
ALL, SEES, CASE, NOTHING = (
    frozenset({Field.CASE, Field.WORK, Field.PERSONAL}),
    frozenset({Field.CASE, Field.WORK}),
    frozenset({Field.CASE}),
    frozenset[Field](),
)
HEAD = SEES | {Field.PAYLOADS}
MATRIX: dict[str, dict[str, frozenset[Field]]] = {
    # not judged yet: triage's alone
    "referred": {"triage-1": ALL, "head-1": HEAD, "auditor-1": CASE},
    # in the queue of counselling: the whole unit's
    "queued": {
        **dict.fromkeys(("counsellor-1", "counsellor-2", "lead-1"), ALL),
        "triage-1": SEES,
        "head-1": HEAD,
        "auditor-1": CASE,
    },
    # one counsellor's, and of the lead of the unit
    "owned": {
        **dict.fromkeys(("counsellor-1", "lead-1"), ALL),
        "triage-1": SEES,
        "head-1": HEAD,
        "auditor-1": CASE,
    },
    # danger: whoever is paged sees all of it, the second of the rota nothing before that
    "paged": {"triage-1": ALL, "duty-1": ALL, "head-1": HEAD, "auditor-1": CASE},
    # handed to the harassment desk: its own, and triage's no more (E17)
    "desk": {**dict.fromkeys(("officer-1", "officer-2"), ALL), "head-1": HEAD, "auditor-1": CASE},
    # against whom a case is, whatever their roles, there is none
    "against": {"counsellor-1": ALL, "auditor-1": CASE},
}
"""By the situation of a case: who sees which fields; whoever is not named sees nothing."""


@dataclass
class Sights:
    """The office, connections that act for people, the gateway, and a case in each situation."""

    office: Office
    people: asyncpg.Pool
    desk: Desk
    cases: dict[str, Case]

    def actor(self, name: str) -> Actor:
        return Actor(id=name, roles=tuple(PEOPLE[name]))

    def expected(self, name: str, field: Field = Field.CASE) -> set[str]:
        """The situations whose case somebody sees a group of fields of."""
        return {each for each, seers in MATRIX.items() if field in seers.get(name, NOTHING)}

    def situations(self, case_ids: set[str]) -> set[str]:
        return {name for name, case in self.cases.items() if case.handle.id in case_ids}


async def referred(office: Office) -> Case:
    return await office.refer()


async def queued(office: Office) -> Case:
    case = await office.refer()
    await case.triage()
    await case.decide(commands.Assign, "triage-1", unit="counselling")
    return case


async def owned(office: Office) -> Case:
    case = await office.refer()
    await case.assign()
    return case


async def paged(office: Office) -> Case:
    case = await office.refer(danger=True)
    await case.until_sent("page")
    return case


async def desk(office: Office) -> Case:
    case = await office.refer()
    await case.triage()
    await case.decide(commands.Assign, "triage-1", unit="harassment", owner="officer-1")
    return case


async def against(office: Office) -> Case:
    case = await office.refer(concerned=["triage-1", "head-1", "lead-1", "counsellor-2"])
    await office.owner.execute(
        "INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES ('counsellor-1', $1, 'counsellor')",
        case.handle.id,
    )
    await office.owner.execute(
        "DELETE FROM iehe.case_people WHERE case_id = $1 AND role = 'triage_officer'",
        case.handle.id,
    )
    return case


SITUATIONS = {
    "referred": referred,
    "queued": queued,
    "owned": owned,
    "paged": paged,
    "desk": desk,
    "against": against,
}


@pytest.fixture
async def sights(office: Office, database, tmp_path, request: pytest.FixtureRequest) -> AsyncIterator[Sights]:
    """With a case in each of the situations that the mark of the test names; without one, in all of them."""
    for name, roles in OTHERS.items():
        await office.owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) "
            "VALUES ($1, $1, $1 || '@example.ac.jp', $2)",
            *(name, roles),
        )
    named = request.node.get_closest_marker("situations")
    cases = {name: await SITUATIONS[name](office) for name in (named.args if named else SITUATIONS)}
    people = await open_pool(database.url("office"), size=4, for_people=True)
    settings = settings_for(tmp_path)
    gateway = Gateway(
        pool=people,
        inbox_pool=office.door,
        client=office.skipper.client,
        ring=rings_in(database.server.home),
        staff=staff_tokens(settings),
        url="http://gateway",
        ui_origin="http://ui",
    )
    transport = httpx2.ASGITransport(create_app(gateway))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as http:
        yield Sights(office, people, Desk(http, settings), cases)
    await people.close()


async def test_p02_the_matrix_of_people_actions_and_cases(sights: Sights) -> None:
    """Each person, at each door, each case: seen where the table says so, and denied everywhere else."""
    for name in PEOPLE:
        actor = sights.actor(name)
        with acting_for(name):
            found = {
                each: await fields_of(sights.people, case.handle.id, actor)
                for each, case in sights.cases.items()
            }
            assert found == {each: MATRIX[each].get(name, NOTHING) for each in MATRIX}, name
            await in_lists(sights, actor)
            await in_rows(sights, name)
        await over_http(sights, name)


async def in_lists(sights: Sights, actor: Actor) -> None:
    """Lists, counts and searches by what a case is filed under."""
    name, pool = actor.id, sights.people
    seen, work = sights.expected(name), sights.expected(name, Field.WORK)
    listed = await lists.list_cases(pool, view_of(actor), CaseFilters(process="support-case"), None, 50)
    assert sights.situations({row["case_id"] for row in listed.rows}) == seen, name
    found = await lists.list_cases(pool, view_of(actor), CaseFilters(stage="referred"), None, 50)
    assert {row["case_id"] for row in found.rows} <= {sights.cases[each].handle.id for each in seen}
    tasks = await lists.list_tasks(pool, lists.view_of_tasks(actor), TaskFilters(), None, 100)
    own = {row["case_id"] for row in tasks.rows if row["assignee"] == name}
    assert sights.situations({row["case_id"] for row in tasks.rows} - own) <= work, name
    total = await lists.count_tasks(pool, lists.view_of_tasks(actor), TaskFilters())
    assert total.tasks == len(tasks.rows), name
    whole = whole_processes(actor) & {"support-case"}
    for rows in (
        (await lists.list_notices(pool, whole, limit=200)).rows,
        (await lists.list_events(pool, whole, limit=200)).rows,
    ):
        assert sights.situations({row["case_id"] for row in rows}) <= work, name


TABLES = (
    *("cases", "case_log", "tasks", "deadlines", "notices", "events", "case_people", "case_shut_out"),
    *("case_starts", "support_referrals", "support_ownership", "support_pages", "support_scores"),
    "support_desk",
)


async def in_rows(sights: Sights, name: str) -> None:
    """A query that forgets who asks is answered with what they see."""
    for table in TABLES:
        rows = await sights.people.fetch(f"SELECT DISTINCT case_id FROM iehe.{table}")  # noqa: S608
        assert sights.situations({row["case_id"] for row in rows}) <= sights.expected(name), (name, table)
    rows = await sights.people.fetch("SELECT case_id FROM iehe.cases")
    assert sights.situations({row["case_id"] for row in rows}) == sights.expected(name), name
    rows = await sights.people.fetch("SELECT DISTINCT case_id FROM iehe.texts WHERE author <> $1", name)
    assert sights.situations({row["case_id"] for row in rows}) == sights.expected(name, Field.PERSONAL), name


async def over_http(sights: Sights, name: str) -> None:
    """The page, the lists, the reads and a decision."""
    seen, work = sights.expected(name), sights.expected(name, Field.WORK)
    listed = await sights.desk.get("/cases?process=support-case&limit=100", name)
    assert sights.situations({row["case_id"] for row in listed.json()["cases"]}) == seen, name
    for situation, case in sights.cases.items():
        case_id = case.handle.id
        page = await sights.desk.get(f"/cases/{case_id}", name)
        assert page.status_code == (200 if situation in seen else 404), (name, situation)
        if situation in seen - work:
            assert all(task["assignee"] == name for task in page.json()["tasks"]), (name, situation)
        readers = await sights.desk.get(f"/cases/{case_id}/reads", name)
        may = situation in (seen if name == "auditor-1" else work)
        assert readers.status_code == (200 if may else 404), (name, situation)
        decided = await sights.desk.decide(case_id, "advise", {}, by=name, version='"999"')
        assert (decided.status_code == 404) == (situation not in seen), (name, situation)


async def test_p02_nobody_sees_anything_who_is_not_proven(sights: Sights) -> None:
    """A connection that acts for nobody is shown no row; what is not confidential stays as it was."""
    for table in (*TABLES, "texts"):
        assert await sights.people.fetch(f"SELECT FROM iehe.{table} WHERE case_id LIKE 'support/%'") == []


@pytest.mark.situations("owned")
async def test_p03_one_read_is_one_line(sights: Sights) -> None:
    """Invariant 7: who, when, what, by which right, of page and list; what is denied is no read."""
    case_id = sights.cases["owned"].handle.id
    await sights.desk.get(f"/cases/{case_id}", "counsellor-1")
    await sights.desk.get(f"/cases/{case_id}", "counsellor-2")
    await sights.desk.get("/cases?process=support-case", "lead-1")
    rows = await reads_of(sights.people, case_id, None, 50)
    lines = [(row["staff_id"], row["what"], row["by_right"]) for row in rows]
    assert lines == [
        ("lead-1", "list", "support_lead/support_lead"),
        ("counsellor-1", "page", "counsellor/counsellor"),
    ]
    opened, among_others = await openings_of(sights.people, case_id, 50)
    assert [row["staff_id"] for row in opened] == ["counsellor-1"]
    assert [(row["staff_id"], row["times"]) for row in among_others] == [("lead-1", 1)]
    told = (await sights.desk.get(f"/cases/{case_id}/reads", "auditor-1")).json()["reads"]
    assert [(each["staff_id"], each["what"]) for each in told] == [line[:2] for line in lines]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await sights.office.owner.execute("UPDATE iehe.case_reads SET staff_id = 'nobody'")


@pytest.mark.situations("owned")
async def test_p04_broken_glass_opens_at_once_for_a_while_and_is_looked_at_by_another(sights: Sights) -> None:
    """With a reason; the head is told and says whether it was right; nobody says so of themselves."""
    case = sights.cases["owned"]
    path = f"/cases/{case.handle.id}"
    assert (await sights.desk.get(path, "duty-2")).status_code == 404
    key = uuid4().hex
    for _ in range(2):
        opened = await sights.desk.post(
            f"{path}/break-glass", {"reason": "電話で助けを求められた（見本）"}, "duty-2", Idempotency_Key=key
        )
        assert opened.status_code == 200
    assert (await sights.desk.get(path, "duty-2")).status_code == 200
    rights = {row["by_right"] for row in await reads_of(sights.people, case.handle.id, None, 50)}
    assert rights == {"break-glass"}
    assert await case.until_sent("glass-broken") == ["head-1"]
    with pytest.raises(WorkflowUpdateFailedError) as own:
        await case.decide(ReviewBreakGlass, "head-1", staff="head-1", justified=True)
    assert own.value.cause.details[0] == "own-break-glass"
    await case.decide(ReviewBreakGlass, "head-1", staff="duty-2", justified=True)
    assert await sights.office.owner.fetchval("SELECT count(*) FROM iehe.broken_glass") == 1
    await sights.office.owner.execute("UPDATE iehe.broken_glass SET until = now()")
    assert (await sights.desk.get(path, "duty-2")).status_code == 404


@pytest.mark.situations("against")
async def test_e18_who_a_case_is_against_breaks_no_glass(sights: Sights) -> None:
    """To them there is no such case, whatever their role and reason."""
    case = sights.cases["against"]
    for name in ("head-1", "lead-1", "triage-1"):
        with refused("no-such-case"):
            await break_glass(
                sights.people, case.handle.id, sights.actor(name), "見本", uuid4().hex, sights.office.keys
            )
    with refused("role-missing"):
        await break_glass(
            sights.people, case.handle.id, sights.actor("admin-1"), "見本", "k1", sights.office.keys
        )
    assert await sights.office.owner.fetchval("SELECT count(*) FROM iehe.broken_glass") == 0


@pytest.mark.situations("against")
async def test_p02_no_door_tells_whether_there_is_a_case(sights: Sights) -> None:
    """Who may not break glass, or sees no case, gets one answer whether or not it is there."""
    there, nowhere = sights.cases["against"].handle.id, "support/NOSUCHCASENOSUCHCASE"
    doors: tuple[tuple[str, dict[str, object], dict[str, str]], ...] = (
        ("break-glass", {"reason": "見本"}, {}),
        ("decisions/advise", {}, {"If_Match": "*"}),
        ("decisions/advise", {"unknown": 1}, {}),
        ("decisions/no-such-decision", {}, {}),
    )
    for name in ("office-1", "head-1"):
        for door, body, headers in doors:
            said = [
                await answered(sights, name, f"/cases/{each}/{door}", body, headers)
                for each in (there, nowhere)
            ]
            assert said[0] == said[1], (name, door)


async def answered(
    sights: Sights, name: str, path: str, body: dict[str, object], headers: dict[str, str]
) -> tuple[int, str, str]:
    """Status, code and words of an answer to a request under a key of its own."""
    told = await sights.desk.post(path, body, name, Idempotency_Key=uuid4().hex, **headers)
    return told.status_code, told.json()["code"], told.json().get("detail", "")


@pytest.mark.situations("referred")
async def test_p04_the_glass_is_broken_though_temporal_is_away(sights: Sights) -> None:
    """Sight and the fact for the case are one transaction; the case asks for the review when it can."""
    case = sights.cases["referred"]
    until = await break_glass(
        sights.people, case.handle.id, sights.actor("duty-2"), "見本", uuid4().hex, sights.office.keys
    )
    stored = await sights.office.owner.fetchrow(
        "SELECT envelope FROM iehe.events WHERE case_id = $1 AND source = 'break-glass:duty-2'",
        case.handle.id,
    )
    assert json.loads(stored["envelope"])["data"]["until"] == until.isoformat().replace("+00:00", "Z")


@pytest.mark.situations("queued")
async def test_who_comes_to_a_unit_sees_its_queue_and_who_leaves_it_does_not(sights: Sights) -> None:
    """By the list of members, from that moment on."""
    case_id, actor = sights.cases["queued"].handle.id, sights.actor("nurse-1")
    change = sights.office.owner.execute
    await change("INSERT INTO iehe.support_members VALUES ('counselling', 'nurse-1', false)")
    assert await fields_of(sights.people, case_id, actor) == ALL
    await change("DELETE FROM iehe.support_members WHERE unit = 'counselling' AND staff_id = 'nurse-1'")
    assert await fields_of(sights.people, case_id, actor) == NOTHING


async def test_p05_who_refers_sees_whether_contact_was_made_and_nothing_else(sights: Sights) -> None:
    """Anybody of the staff may refer; of the case they are shown no page, no list and no count."""
    form = {"way": "desk", "person": "S2026-0099", "words": "講義で泣いていました（見本）"}
    sent = await sights.desk.post(
        "/cases", {"process": "support-case", "form": form}, "office-1", Idempotency_Key=uuid4().hex
    )
    assert sent.status_code in (201, 202)
    case_id = sent.json()["case_id"]

    async def told_to(who: str) -> list[asyncpg.Record]:
        with acting_for(who):
            return await sights.people.fetch("SELECT * FROM iehe.support_referred_by()")

    (told,) = await told_to("office-1")
    assert (told["case_id"], told["contact"], told["contact_at"]) == (case_id, "not-yet", None)
    case = Case(sights.office, "", sights.office.skipper.client.get_workflow_handle(case_id))
    await case.until_stage("referred")
    await case.assign()
    await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="missed")
    assert [row["contact"] for row in await told_to("office-1")] == ["missed"]
    await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
    assert [row["contact"] for row in await told_to("office-1")] == ["made"]
    assert (await sights.desk.get(f"/cases/{case_id}", "office-1")).status_code == 404
    assert await told_to("admin-1") == []


@pytest.mark.situations("owned")
async def test_p10_sight_is_asked_at_each_act(sights: Sights) -> None:
    """Who saw the case sees it no more once it is against them: page, list, rows (dispatch 2649)."""
    case, path = sights.cases["owned"], f"/cases/{sights.cases['owned'].handle.id}"
    assert (await sights.desk.get(path, "counsellor-1")).status_code == 200
    await break_glass_for(sights, "counsellor-2", case)
    assert (await sights.desk.get(path, "counsellor-2")).status_code == 200
    for name in ("counsellor-1", "counsellor-2"):
        await case.decide(commands.NameConcerned, "head-1", staff_id=name)
        assert (await sights.desk.get(path, name)).status_code == 404
        listed = await sights.desk.get("/cases?process=support-case&limit=100", name)
        assert case.handle.id not in {row["case_id"] for row in listed.json()["cases"]}
        with acting_for(name):
            assert (
                await sights.people.fetch("SELECT FROM iehe.cases WHERE case_id = $1", case.handle.id) == []
            )


async def break_glass_for(sights: Sights, name: str, case: Case) -> None:
    """Somebody opens a case in an emergency."""
    await break_glass(
        sights.people, case.handle.id, sights.actor(name), "見本", uuid4().hex, sights.office.keys
    )


@pytest.mark.situations("referred")
async def test_p04_glass_of_a_case_that_has_ended_is_looked_at_too(sights: Sights) -> None:
    """Its workflow goes on from the database, for the review alone."""
    case = sights.cases["referred"]
    await case.decide(commands.Advise, "triage-1", reason_id=await case.text())
    await case.until("closed_at IS NOT NULL")
    await case.handle.result()
    await break_glass_for(sights, "duty-2", case)
    assert await case.until_sent("glass-broken") == ["head-1"]
    await case.decide(
        ReviewBreakGlass, "head-1", staff="duty-2", justified=False, reason_id=await case.text()
    )
    row = await case.until("true")
    assert (row["stage"], row["outcome"]) == ("advice-only", "advice-only")
    assert await sights.office.owner.fetchval("SELECT count(*) FROM iehe.events WHERE state = 'dead'") == 0
