"""One fact about many cases: each that is open when it comes hears it once, whoever dies in between."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from activities.kernel.database import open_pool
from cases import facts, leaving
from cases.apart import _marked
from cases.registry import PROCESSES
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from gateway.problems import Invalid, Problem
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from tests.conftest import Database
from tests.support.office import Case, Office
from workflows.support.process import SUPPORT

REGISTRAR = "urn:example:registrar"


def about(fact: str, subject: str, event_id: str = "f-1", **data: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": REGISTRAR,
        "type": event_type(SUPPORT.name, fact),
        "subject": subject,
        "data": data,
    }


async def send(office: Office, *events: dict[str, object]) -> list[bool]:
    """Through the door; whether each is new there."""
    kept = await Inbox(office.door, office.keys).store(REGISTRAR, [arrival_of(each) for each in events])
    return [each.new for each in kept]


async def taken(office: Office) -> None:
    """Until nothing is to be delivered any more."""
    waits = "SELECT count(*) FROM iehe.event_fates WHERE fate IN ('stored', 'waiting')"
    async with asyncio.timeout(15):
        while await office.owner.fetchval(waits):
            await asyncio.sleep(0.01)


async def heard(office: Office, case: Case, fact: str) -> int:
    """How often a case has taken a fact."""
    count = "SELECT count(*) FROM iehe.case_log WHERE case_id = $1 AND step = $2"
    return int(await office.owner.fetchval(count, case.handle.id, fact))


async def test_a_fact_about_a_person_reaches_all_their_open_cases_once(office: Office) -> None:
    """Two cases of one student hear it, another's and one opened later do not; the number stands nowhere."""
    mine = [await office.refer(), await office.refer()]
    other = await office.refer(person="S2026-0099")
    assert await send(office, about("student-left", "S2026-0042")) == [True]
    later = await office.refer()
    assert await send(office, about("student-left", "S2026-0042")) == [False]
    await taken(office)
    assert [await heard(office, each, "student-left") for each in (*mine, other, later)] == [1, 1, 0, 0]
    assert (await mine[0].until("closed_at IS NOT NULL"))["outcome"] == "left"
    rows = await office.owner.fetch("SELECT * FROM iehe.event_fates WHERE source = $1", REGISTRAR)
    assert [row["fate"] for row in rows] == ["applied"] * 3
    assert "0042" not in str([dict(row) for row in rows])


async def test_who_has_ended_hears_of_no_death(office: Office) -> None:
    """A case that is closed has no row of it."""
    case = await office.refer()
    await send(office, about("student-left", "S2026-0042"))
    await case.until("closed_at IS NOT NULL")
    await send(office, about("student-deceased", "S2026-0042", "f-2"))
    rows = await office.owner.fetch("SELECT case_id FROM iehe.events WHERE id LIKE 'f-2%'")
    assert [row["case_id"] == case.handle.id for row in rows] == [False]


async def test_e19_who_leaves_by_an_event_is_out_of_cases_and_duty_in_one_step(office: Office) -> None:
    """The case goes to the queue, the shift is a gap, nobody acts as them; a case of others hears nothing."""
    case, other = await office.refer(), await office.refer()
    await case.assign()
    assert await send(office, about("person-left", "counsellor-1", staff_id="counsellor-1")) == [True]
    await taken(office)
    assert [await heard(office, each, "person-left") for each in (case, other)] == [1, 0]
    assert (await case.until("state ->> 'owner' IS NULL"))["stage"] == "triaged"
    assert not await office.owner.fetchval("SELECT active FROM iehe.staff WHERE staff_id = 'counsellor-1'")
    await send(office, about("person-moved", "duty-1", "f-2", staff_id="duty-1"))
    gaps = await office.owner.fetch("SELECT place FROM iehe.support_gaps(now(), 1)")
    assert [row["place"] for row in gaps] == ["first"]
    assert await office.owner.fetchval("SELECT active FROM iehe.staff WHERE staff_id = 'duty-1'")


async def test_e03_who_is_away_by_an_event_has_a_stand_in(office: Office) -> None:
    """The absence is noted with the event, and what comes next goes to the substitute."""
    case = await office.refer()
    await case.assign()
    await case.until_sent("case-yours")
    days = {"begins_at": "2026-01-01T00:00:00+09:00", "ends_at": "2099-01-01T00:00:00+09:00"}
    said = {"staff_id": "counsellor-1", "substitute": "counsellor-2", **days}
    await send(office, about("person-away", "counsellor-1", **said))
    await taken(office)
    assert await heard(office, case, "person-away") == 1
    await case.event("message-arrived", thread="t1", direction="in", words="見本")
    assert await case.until_sent("case-news") == ["counsellor-2"]


async def test_who_leaves_at_the_command_line_leaves_by_the_same_fact(office: Office) -> None:
    """Their cases are told in the transaction that takes them out."""
    case = await office.refer()
    await case.assign()
    async with office.door.acquire() as connection, connection.transaction():
        left = await leaving.leave(connection, "counsellor-1", "head-1")
    assert left.told == (case.handle.id,)
    await taken(office)
    assert await heard(office, case, "person-left") == 1


async def test_whoever_dies_while_it_is_stored_has_told_nobody(database: Database, office: Office) -> None:
    """It and its rows are one transaction: without it there is none, and sent again it reaches each once."""
    cases = [await office.refer() for _ in range(2)]
    envelope = EventEnvelope(
        id="f-1",
        source=REGISTRAR,
        type=event_type(SUPPORT.name, "person-left"),
        received_at=datetime.now(UTC),
        data={"staff_id": "triage-1"},
    )
    told = "SELECT count(*) FROM iehe.events WHERE source = $1"
    for case in cases:
        await office.owner.execute(
            "INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES ('triage-1', $1, 'counsellor')",
            case.handle.id,
        )
    pool = await open_pool(database.url("office"), size=1)
    connection = await asyncpg.connect(database.url("office"))
    await connection.execute("BEGIN")
    assert await facts.announce(connection, SUPPORT, "triage-1", envelope)
    connection.terminate()
    assert await office.owner.fetchval(told, REGISTRAR) == 0
    async with pool.acquire() as connection:
        assert await facts.announce(connection, SUPPORT, "triage-1", envelope)
        assert not await facts.announce(connection, SUPPORT, "triage-1", envelope)
    await pool.close()
    await taken(office)
    assert [await heard(office, each, "person-left") for each in cases] == [1, 1]


async def test_a_source_that_has_used_a_delivery_s_id_is_refused(office: Office) -> None:
    """It would keep the fact from a case: nothing is stored, and the sender is told."""
    case = await office.refer()
    subject = case.handle.id.partition("/")[2]
    await office.owner.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state)"
        " VALUES ($1, $2, 'x', $3, 'support/OTHER', '{}', 'dropped')",
        *(REGISTRAR, f"f-1/{subject}", SUPPORT.name),
    )
    with pytest.raises(Problem) as problem:
        await send(office, about("student-left", "S2026-0042"))
    assert problem.value.code == "id-used-for-another-event"
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.events WHERE id = 'f-1'") == 0


@pytest.mark.parametrize(
    ("fact", "subject", "data"),
    [
        ("person-left", "counsellor-1", {"staff_id": "counsellor-2"}),
        ("person-left", "No Staff", {"staff_id": "counsellor-2"}),
        ("student-left", "/", {}),
    ],
)
def test_the_subject_is_whom_the_data_name(fact: str, subject: str, data: dict[str, str]) -> None:
    """A fact about one member of staff is not told of another's cases."""
    with pytest.raises(Invalid) as invalid:
        arrival_of(about(fact, subject, **data))
    assert [(fault.at, fault.code) for fault in invalid.value.faults] == [("/subject", "not_a_business_key")]


def test_no_fact_about_many_cases_has_words_to_keep() -> None:
    """Words are kept under the key of their case, and such a fact is of none."""
    wide = [kind for process in PROCESSES.values() for kind in process.events.values() if kind.reaches]
    assert wide
    assert [list(_marked(kind.data)) for kind in wide] == [[] for _ in wide]
