"""What a home university's system notifies and answers, and what becomes of it (X1-X5)."""

import asyncio
import json

import pytest

from schemas.exchange import commands
from schemas.exchange.stages import Stage
from tests.exchange.partnership import DiedError, Partnership


async def test_x2_a_notice_is_answered_before_anything_is_fetched(partnership: Partnership) -> None:
    """202 while the partner's own system has not been asked yet; what is to be asked is on the disk."""
    partnership.server.put("m-1")
    answer = await partnership.server.notify(partnership.door, "m-1")
    assert answer.status_code == 202
    assert partnership.server.asked == []
    assert await partnership.count("exchange_fetches") == 1
    assert await partnership.count("exchange_mobilities") == 0


async def test_x2_an_unknown_id_is_a_new_nomination(partnership: Partnership) -> None:
    """It is fetched, stored and started as what the portal nominates is; the id tells nothing."""
    case_id = await partnership.nominated("m-1")
    copy = await partnership.copy()
    assert case_id.startswith("exchange/27S-")
    assert "m-1" not in case_id.lower()
    assert (copy["family"], copy["host"], copy["revision"]) == ("Muster", "iehe.example.ac.jp", 1)
    assert (await partnership.state(case_id))["stage"] == Stage.NOMINATED
    assert await partnership.tasks() == []


async def test_x2_a_notice_carries_ids_alone(partnership: Partnership) -> None:
    """What a sender adds is no part of the event, and is refused at the door."""
    data = {"mobilities": ["m-1"], "status": "cancelled"}
    answer = await partnership.server.notify(partnership.door, data=data)
    assert answer.status_code in (400, 422)
    assert await partnership.count("exchange_fetches") == 0


async def test_x2_a_partner_notifies_its_own_mobilities_alone(partnership: Partnership) -> None:
    """Another partner's code as subject is refused with its text, and nothing is asked."""
    answer = await partnership.server.notify(partnership.door, "m-1", subject="uni-b")
    assert answer.status_code == 403
    assert answer.json()["code"] == "not-this-partner"
    assert await partnership.count("exchange_fetches") == await partnership.count("events") == 0


async def test_one_case_however_often_it_is_notified(partnership: Partnership) -> None:
    """Duplicates, the same id twice in one notice, and two workers at once: one case, one start."""
    server = partnership.server
    server.put("m-1")
    first = await server.notify(partnership.door, "m-1", id="n-1")
    again = await server.notify(partnership.door, "m-1", id="n-1")
    await server.notify(partnership.door, "m-1", "m-1")
    assert (first.status_code, again.status_code) == (202, 200)
    await asyncio.gather(partnership.work(), partnership.work())
    await server.notify(partnership.door, "m-1")
    await partnership.work()
    await partnership.deliver()
    assert await partnership.count("exchange_mobilities") == await partnership.count("cases") == 1
    assert len(await partnership.facts("nomination-received")) == 1
    assert await partnership.facts("mobility-changed") == []


async def test_x1_a_change_at_home_is_told_to_the_case_once(partnership: Partnership) -> None:
    """The copy and the case's fact are written together; the fact has names of fields and no value."""
    case_id = await partnership.nominated()
    partnership.server.put("m-1", last="2027-07-31", student={"family": "Muster-Neu"})
    for _ in range(2):
        await partnership.server.notify(partnership.door, "m-1")
        await partnership.work()
    assert await partnership.facts("mobility-changed") == [
        {"revision": 2, "fields": ["family", "last"], "status": "live"}
    ]
    await partnership.deliver()
    state = await partnership.state(case_id)
    assert (state["revision"], state["last"]) == (2, "2027-07-31")
    assert (await partnership.copy())["family"] == "Muster-Neu"
    said = await partnership.owner.fetchval("SELECT said FROM iehe.exchange_revisions WHERE revision = 1")
    assert json.loads(said)["family"] == "Muster"


@pytest.mark.parametrize(("status", "stage"), [("live", Stage.NOMINATED), ("cancelled", Stage.WITHDRAWN)])
async def test_a_change_before_the_case_is_opened_waits_for_it(
    partnership: Partnership, status, stage
) -> None:
    """The case is opened with what was said first, and told of the change as of any; nobody has to look."""
    server = partnership.server
    for changes in ({}, {"status": status, "last": "2027-07-31"}):
        server.put("m-1", **changes)
        await server.notify(partnership.door, "m-1")
        await partnership.work()
    assert (await partnership.copy())["revision"] == 1
    await partnership.deliver()
    await partnership.later(1)
    await partnership.work()
    await partnership.deliver()
    copy = await partnership.copy()
    state = await partnership.state(copy["case_id"])
    assert (state["stage"], state["revision"], copy["revision"]) == (stage, 2, 2)
    refused = "SELECT count(*) FROM iehe.case_log WHERE step = 'refuse-event'"
    assert await partnership.owner.fetchval(refused) == 0


async def test_x1_the_home_university_cancels(partnership: Partnership) -> None:
    """Its status is its own: the case is withdrawn, and its revision says so."""
    case_id = await partnership.nominated()
    partnership.server.put("m-1", status="cancelled")
    await partnership.server.notify(partnership.door, "m-1")
    await partnership.work()
    await partnership.deliver()
    assert (await partnership.state(case_id))["stage"] == Stage.WITHDRAWN


async def test_notices_in_another_order_end_in_the_last_revision(partnership: Partnership) -> None:
    """The notice of the first revision comes after that of the second: what is fetched counts."""
    case_id = await partnership.nominated()
    server = partnership.server
    server.put("m-1", last="2027-07-31")
    await server.notify(partnership.door, "m-1", id="late")
    await partnership.work()
    await server.notify(partnership.door, "m-1", id="early")
    await partnership.work()
    await partnership.deliver()
    assert (await partnership.state(case_id))["revision"] == 2


async def test_an_old_answer_changes_nothing(partnership: Partnership) -> None:
    """A cache of the partner's answers with the revision from before: the copy stays."""
    await partnership.nominated()
    server = partnership.server
    old = dict(server.mobilities["m-1"])
    server.put("m-1", last="2027-07-31")
    await server.notify(partnership.door, "m-1")
    await partnership.work()
    server.mobilities["m-1"] = old
    await server.notify(partnership.door, "m-1")
    await partnership.work()
    copy = await partnership.copy()
    assert (copy["revision"], copy["last"].isoformat()) == (2, "2027-07-31")
    assert len(await partnership.facts("mobility-changed")) == 1


async def test_x3_a_lost_notice_is_found_at_night(partnership: Partnership) -> None:
    """A nomination and a change that nobody told of: both are there after the night."""
    case_id = await partnership.nominated()
    partnership.server.put("m-1", last="2027-07-31")
    partnership.server.put("m-2", student={"number": "S-4712"})
    await partnership.night()
    await partnership.deliver()
    assert (await partnership.state(case_id))["revision"] == 2
    assert await partnership.count("cases") == 2


async def test_x3_a_night_without_news_confirms_and_changes_nothing(partnership: Partnership) -> None:
    """Asked for twice, nothing is told; the copies are confirmed anew."""
    await partnership.nominated()
    for _ in range(2):
        await partnership.night()
    copy = await partnership.copy()
    age = "SELECT now() - confirmed_at < interval '1 hour' FROM iehe.exchange_mobilities"
    assert await partnership.owner.fetchval(age)
    assert copy["stale_since"] is None
    assert await partnership.facts("mobility-changed") == []
    assert await partnership.count("exchange_fetches") == 0


async def test_x3_a_partner_that_does_not_answer_leaves_stale_copies(partnership: Partnership) -> None:
    """Marked after a night without an answer, until it says so again; the case goes on meanwhile."""
    case_id = await partnership.nominated()
    partnership.server.faults = ["503"]
    await partnership.night()
    assert (await partnership.copy())["stale_since"] is not None
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    await partnership.later(1)
    await partnership.work()
    assert (await partnership.copy())["stale_since"] is None


async def test_x4_what_is_absent_is_unknown_and_never_cancelled(partnership: Partnership) -> None:
    """Left out of the index and of the answer: the copy is stale, the case stays where it is."""
    case_id = await partnership.nominated()
    partnership.server.hidden = {"m-1"}
    await partnership.night()
    assert (await partnership.copy())["stale_since"] is not None
    assert await partnership.facts("mobility-changed") == []
    assert (await partnership.state(case_id))["stage"] == Stage.NOMINATED
    partnership.server.hidden = set()
    await partnership.night()
    assert (await partnership.copy())["stale_since"] is None


async def test_x4_an_unknown_id_that_is_not_answered_is_nothing(partnership: Partnership) -> None:
    """No case, no task, and it is not asked for ever."""
    await partnership.server.notify(partnership.door, "m-404")
    await partnership.work()
    assert await partnership.count("exchange_fetches") == await partnership.count("exchange_mobilities") == 0
    assert await partnership.tasks() == []


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("student", {"student": {"number": "S-9999"}}),
        ("student", {"student": {"born": "2001-01-01"}}),
        ("home", {"partner": "uni-b"}),
        ("host", {"host": "other.example.ac.jp"}),
    ],
)
async def test_x5_student_home_and_host_never_change(partnership: Partnership, what, changes) -> None:
    """Refused by the case, which gets a task; nothing of the answer is written."""
    case_id = await partnership.nominated()
    before = await partnership.copy()
    partnership.server.put("m-1", last="2027-07-31", **changes)
    for _ in range(2):
        await partnership.server.notify(partnership.door, "m-1")
        await partnership.work()
    assert [each["fields"] for each in await partnership.facts("mobility-changed")] == [[what]]
    await partnership.deliver()
    after = await partnership.copy()
    assert dict(after) == dict(before)
    state = await partnership.state(case_id)
    assert state["revision"] == 1
    steps = await partnership.owner.fetch(
        "SELECT step, details FROM iehe.case_log WHERE case_id = $1 ORDER BY version", case_id
    )
    assert (steps[-1]["step"], json.loads(steps[-1]["details"])["code"]) == (
        "refuse-event",
        "identity-changed",
    )
    assert await partnership.owner.fetchval(
        "SELECT count(*) FROM iehe.tasks WHERE case_id = $1 AND kind = 'look-at-event' AND closed_at IS NULL",
        case_id,
    )


async def test_x5_a_name_may_change(partnership: Partnership) -> None:
    """The same student under another name is a change like any other."""
    await partnership.nominated()
    partnership.server.put("m-1", student={"family": "Beispiel", "given": "Kim L."})
    await partnership.server.notify(partnership.door, "m-1")
    await partnership.work()
    (fact,) = await partnership.facts("mobility-changed")
    assert fact["fields"] == ["family", "given"]


@pytest.mark.parametrize(
    "changes", [{"agreement": "a9"}, {"first": "2027-13-01"}, {"student": {"nationality": "Germany"}}]
)
async def test_what_cannot_be_taken_is_a_task_and_holds_up_no_other(
    partnership: Partnership, changes
) -> None:
    """An agreement that is not ours, a date that is none: the office asks; once it is right it is taken."""
    server = partnership.server
    server.put("m-1", **changes)
    server.put("m-2", student={"number": "S-4712"})
    await server.notify(partnership.door, "m-1", "m-2")
    await partnership.work()
    assert await partnership.count("exchange_mobilities") == 1
    assert await partnership.tasks() == ["fix-nomination"]
    server.put("m-1", agreement="a1", first="2027-04-01", student={"nationality": "DE"})
    await server.notify(partnership.door, "m-1")
    await partnership.work()
    assert await partnership.count("exchange_mobilities") == 2
    assert await partnership.tasks() == []


async def test_a_notice_during_a_fetch_is_fetched_again(partnership: Partnership) -> None:
    """What was read before it may be old: the row stays until an answer from after it is written."""
    server = partnership.server
    server.put("m-1")
    server.faults = ["slow"]
    await server.notify(partnership.door, "m-1")
    asking = asyncio.create_task(partnership.work())
    while not server.asked:
        await asyncio.sleep(0)
    await server.notify(partnership.door, "m-1")
    server.put("m-1", last="2027-07-31")
    await asking
    await partnership.work()
    assert (await partnership.copy())["revision"] == 2
    assert await partnership.count("exchange_fetches") == 0


@pytest.mark.parametrize("point", ["fetch-claimed", "fetched", "writing", "taken", "index-fetched"])
async def test_who_dies_at_any_line_leaves_it_to_another(partnership: Partnership, point) -> None:
    """Nothing is lost and nothing is twice, wherever it ends between the notice and the case."""
    server = partnership.server
    server.put("m-1")
    await server.notify(partnership.door, "m-1")
    await partnership.owner.execute("SELECT iehe.exchange_ask('uni-a', ARRAY[''])")
    partnership.die_at = [point]
    with pytest.raises(DiedError):
        await partnership.work()
    await partnership.later(1)
    await partnership.work()
    await partnership.deliver()
    assert await partnership.count("cases") == 1
    assert len(await partnership.facts("nomination-received")) == 1
    assert await partnership.count("exchange_fetches") == 0


async def test_x3_an_ended_case_is_not_asked_for_every_night(partnership: Partnership) -> None:
    """Its copy is what it was; only a higher revision in the index has it fetched."""
    await partnership.nominated()
    partnership.server.put("m-1", status="cancelled")
    await partnership.night()
    await partnership.deliver()
    partnership.server.asked.clear()
    await partnership.night()
    assert partnership.server.asked == [("/api/index", None)]


async def test_x3_more_than_one_question_holds(partnership: Partnership) -> None:
    """A partner's first night brings all of its mobilities, a hundred in each question."""
    for number in range(150):
        partnership.server.put(f"m-{number}", student={"number": f"S-{number}"})
    await partnership.night()
    assert await partnership.count("exchange_mobilities") == 150
    assert [len(ids or ()) for _, ids in partnership.server.asked] == [0, 100, 50]


async def test_a_deferred_mobility_hears_of_changes_in_its_later_term(partnership: Partnership) -> None:
    """The case of the next term is told; days of the term that was left do not count any more."""
    case_id = await partnership.nominated()
    later = f"exchange/27A-{case_id.rpartition('-')[2]}"
    await partnership.owner.execute(
        "INSERT INTO iehe.exchange_agreements VALUES ('27A', 'a1', 'uni-a', 'all', 10, 60)"
    )
    async with partnership.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT iehe.exchange_record_deferred($1, 2, now(), 'office-1', $2)",
            *(case_id, json.dumps({"to": later, "term": "27A"})),
        )
    await partnership.deliver()
    partnership.server.put("m-1", last="2027-07-31", student={"mail": "new@example.edu"})
    await partnership.server.notify(partnership.door, "m-1")
    await partnership.work()
    told = await partnership.owner.fetch(
        "SELECT case_id FROM iehe.events WHERE type LIKE '%mobility-changed'"
    )
    assert [row["case_id"] for row in told] == [later]
    rows = await partnership.owner.fetch(
        "SELECT last::text, mail FROM iehe.exchange_mobilities ORDER BY case_id"
    )
    assert [tuple(row) for row in rows] == [
        ("2028-02-20", "new@example.edu"),
        ("2027-08-20", "kim.muster@example.edu"),
    ]
