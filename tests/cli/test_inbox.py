"""`iehe events` and facts entered by hand: the inbox of all cases from the command line."""

import json
from typing import Any

import pytest
from temporalio.client import Client

from activities.kernel.database import open_pool
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name

PORTAL = "urn:example:portal"
TYPE = "jp.ac.iehe.admission-review.fee-paid"
CANARY = {"data": {"canary": "見本太郎"}}


async def store(
    institute: Institute,
    event_id: str,
    number: str = "A2027-999999",
    more: dict[str, Any] = CANARY,
    **columns: Any,
) -> None:
    """An event as the gateway stores it, with what became of it."""
    envelope = {"id": event_id, "source": PORTAL, "type": TYPE, **more}
    values = {"state": "dead", "reason": "no-such-case", **columns}
    await institute.pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, reason, next_try_at) "
        "VALUES ($1, $2, $3, 'admission-review', $4, $5, $6, $7, now() + interval '1 day')",
        *(PORTAL, event_id, TYPE, f"admission/{number}", json.dumps(envelope)),
        *(values["state"], values["reason"]),
    )


async def state_of(institute: Institute, event_id: str) -> tuple[Any, ...]:
    row = await institute.pool.fetchrow(
        "SELECT state, handled_by, handled_reason FROM iehe.events WHERE id = $1", event_id
    )
    return tuple(row)


async def test_listed_newest_first(vacant: Institute, iehe: CommandLine) -> None:
    """Events are listed by state, source and case, newest first, and never with their data."""
    await store(vacant, "e1")
    await store(vacant, "e2", "A2027-000002", state="delivered", reason=None)
    await store(vacant, "e3")

    async def ids(*words: object) -> list[str]:
        return [each["id"] for each in (await iehe.ok("events", "list", *words))["events"]]

    assert await ids() == ["e3", "e2", "e1"]
    assert await ids("--state", "dead", "--limit", 1) == ["e3"]
    assert await ids("--case", "A2027-000002") == ["e2"]
    assert await ids("--state", "waiting") == ["e2"]
    assert await ids("--state", "applied") == await ids("--state", "refused") == []
    assert await iehe.refused("events", "list", "--source", "urn:example:other") == (2, "unknown-value")
    assert await iehe.refused("events", "list", "--state", "lost") == (2, "unknown-value")
    text = (await iehe("events", "list")).out
    assert "no-such-case" in text
    assert "見本" not in text


async def test_data_only_for_the_office(vacant: Institute, iehe: CommandLine) -> None:
    """An event is shown without its data, which may be personal; with them to the office only."""
    await store(vacant, "e1")
    show = ("events", "show", PORTAL, "e1")

    shown = await iehe.ok(*show)
    printed = (await iehe(*show)).out

    assert (shown["state"], shown["reason"], shown["case_id"]) == (
        "dead",
        "no-such-case",
        "admission/A2027-999999",
    )
    assert "data" not in shown
    assert "personal" in printed
    assert "見本" not in printed
    assert (await iehe.ok(*show, "--data", by="office-1"))["data"] == {"canary": "見本太郎"}
    assert await iehe.refused(*show, "--data", by="reviewer-1") == (6, "role-missing")
    assert await iehe.refused("events", "show", PORTAL, "e9") == (4, "no-such-event")


async def test_retried_events_are_delivered(institute: Institute, iehe: CommandLine) -> None:
    """A dead event of an open case is delivered when it is tried again, and its task is gone."""
    case = await institute.apply()
    await case.until_stage("completeness")
    await store(institute, "e1", case.row.application_no)
    retry = ("events", "retry", PORTAL, "e1")

    assert await iehe.refused(*retry, by="reviewer-1") == (6, "role-missing")
    assert (await iehe.ok(*retry, by="office-1"))["count"] == 1
    await case.until(lambda row: row["version"] >= 2)

    assert (await case.steps())[-1] == "item-arrived"
    assert await iehe.refused(*retry, by="office-1") == (3, "event-not-retried")
    assert (await iehe.ok("tasks"))["dead_letters"] == 0


async def test_all_dead_for_one_reason(vacant: Institute, iehe: CommandLine) -> None:
    """All that died for one reason are tried again together; the others stay."""
    await store(vacant, "e1")
    await store(vacant, "e2", reason="not-accepted")
    retry = ("events", "retry")

    done = await iehe.ok(*retry, "--all-dead", "--reason", "no-such-case", by="office-1")

    assert [each["id"] for each in done["events"]] == ["e1"]
    assert (await state_of(vacant, "e1"))[:2] == ("stored", "office-1")
    assert (await state_of(vacant, "e2"))[:2] == ("dead", None)
    for words in ((), (PORTAL,), (PORTAL, "e1", "--all-dead"), (PORTAL, "e1", "--reason", "x")):
        assert await iehe.refused(*retry, *words, by="office-1") == (2, "unclear-events")
    assert await iehe.refused(*retry, PORTAL, "e9", by="office-1") == (4, "no-such-event")


async def test_dropped_by_a_person_with_a_reason(vacant: Institute, iehe: CommandLine) -> None:
    """Who dropped an event and why is kept; what is delivered cannot be dropped."""
    await store(vacant, "e1")
    await store(vacant, "e2", state="delivered", reason=None)
    drop = ("events", "drop", PORTAL)

    assert await iehe.refused(*drop, "e1", "--reason", " ", by="office-1") == (2, "reason-missing")
    assert await iehe.refused(*drop, "e1", "--reason", "x", by="reviewer-1") == (6, "role-missing")
    assert await iehe.refused(*drop, "e1", "--reason", "x", by=None) == (6, "actor-missing")
    await iehe.ok(*drop, "e1", "--reason", "試験用の送信", by="office-1")

    assert await state_of(vacant, "e1") == ("dropped", "office-1", "試験用の送信")
    assert await iehe.refused(*drop, "e2", "--reason", "x", by="office-1") == (3, "event-not-dropped")
    assert await iehe.refused(*drop, "e9", "--reason", "x", by="office-1") == (4, "no-such-event")


async def test_stored_while_nothing_delivers(
    vacant: Institute, client: Client, worker_pool, notices, database, iehe: CommandLine, monkeypatch
) -> None:
    """With Temporal out of reach and no relay a fact is stored, says so, and is applied later, once."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    relay_pool = await open_pool(database.url("worker"), size=CONNECTIONS)
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.until_stage("completeness")
        fact = ("admission", "event", case.row.application_no, "fee-paid", "--event-id", "p-1")

        ended = await iehe(*fact, "--wait", 0, "--json")
        assert (ended.code, ended.error["code"], ended.error["state"]) == (7, "not-taken-yet", "stored")
        assert await iehe.refused(*fact, "--wait", 0) == (7, "not-taken-yet")
        async with running_relay(relay_pool, client):
            await case.until(lambda row: row["version"] >= 2)
            assert (await iehe.ok(*fact))["repeated"]
    assert (await case.steps()).count("item-arrived") == 1
    relay_pool.terminate()


async def test_entered_by_hand_and_sent(institute: Institute, database, iehe: CommandLine) -> None:
    """A fact entered under a source's id is the one that the source sends later, whatever time it tells."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    await iehe.ok("admission", "event", number, "fee-paid", "--source", PORTAL, "--event-id", "p-1")
    sent = {"specversion": "1.0", "id": "p-1", "source": PORTAL, "type": TYPE, "subject": number}
    office = await open_pool(database.url("office"), size=1)

    stored = await Inbox(office).store(
        PORTAL, [arrival_of({**sent, "time": "2026-11-24T02:00:00+09:00", "data": {}})]
    )

    assert [each.new for each in stored] == [False]
    office.terminate()


@pytest.mark.parametrize("state", ["delivered", "dead"])
async def test_entered_again(institute: Institute, iehe: CommandLine, state: str) -> None:
    """What a lost run took with it, or could not be delivered, reaches the case when entered again."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    await store(institute, "e1", number, {"data": {}, "occurred_at": "2026-10-02T00:30:00Z"}, state=state)

    taken = await iehe.ok(
        *("admission", "event", number, "fee-paid", "--source", PORTAL, "--event-id", "e1"),
        *("--at", "2026-10-02 09:30"),
    )

    assert (taken["step"], taken["repeated"]) == ("item-arrived", False)


async def test_an_id_is_for_one_event(institute: Institute, iehe: CommandLine) -> None:
    """An id of another event, or of one that a person dropped, is refused and changes nothing."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    await store(institute, "other")
    await store(institute, "data", number)
    await store(institute, "time", number, {"data": {}, "occurred_at": "2026-10-02T00:30:00Z"})
    await store(institute, "dropped", number, state="dropped")
    enter = ("admission", "event", number, "fee-paid", "--source", PORTAL, "--event-id")

    for each in ("other", "data", "time"):
        assert await iehe.refused(*enter, each) == (3, "id-used-for-another-event"), each
        assert (await state_of(institute, each))[0] == "dead"
    assert await iehe.refused(*enter, "dropped") == (3, "event-dropped")
    assert (await state_of(institute, "dropped"))[0] == "dropped"
    assert await case.steps() == ["open"]
