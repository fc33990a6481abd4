"""Invariant 8: all of support down for three days; afterwards what was due is told, in order, once."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from cases.homes import home_of
from schemas.support import commands
from tests.asleep import sleep_through
from tests.support.builder import TOKYO, default_policy
from tests.support.office import Case, Office
from workflows.kernel.state import next_alarm
from workflows.support.process import SUPPORT


@pytest.fixture
async def round_the_clock(office: Office) -> Office:
    """A policy whose clocks count at every hour: what is due depends on no weekday or hour."""
    text = json.dumps(default_policy().model_dump(mode="json")).replace('"office"', '"always"')
    policy: dict[str, Any] = json.loads(text, object_hook=in_minutes)
    policy["calendars"] = {}
    policy["notices"] = {"quiet_until": "00:00", "quiet_from": "00:00"}
    await office.owner.execute(
        "UPDATE iehe.policies SET body = $1", json.dumps({"routes": {"student": policy}})
    )
    return office


def in_minutes(each: dict[str, Any]) -> dict[str, Any]:
    """A rung that counts days comes at the hour of notices; here it comes at the hour of its origin."""
    if "anchor" in each and each["days"] is not None:
        return each | {"days": None, "minutes": each["days"] * 24 * 60}
    return each


OUTAGE = timedelta(days=3)
"""Whole days: what is counted in days then ends at the hours at which it would have."""


async def nothing_due(case: Case) -> None:
    """Wait until the clock has nothing to do for the case."""
    async with asyncio.timeout(15):
        while True:
            row = await case.until("true")
            state = SUPPORT.read(json.loads(row["state"]), lambda _ref: default_policy())
            alarm = next_alarm(state)
            if alarm is None or alarm[0] > datetime.now(TOKYO):
                return
            await asyncio.sleep(0.01)


async def told(case: Case, since: int) -> list[list[str]]:
    """`message > reader` of each step since a version that told something; mails alone."""
    rows = await case.office.owner.fetch(
        "SELECT array_agg(message || ' > ' || recipient_id ORDER BY message, recipient_id) AS told"
        " FROM iehe.notices WHERE case_id = $1 AND version > $2 AND channel = 'mail'"
        " GROUP BY version ORDER BY version",
        *(case.handle.id, since),
    )
    return [row["told"] for row in rows]


async def asleep(office: Office, span: timedelta, *cases: Case) -> list[list[list[str]]]:
    """Everything stops for so long; what each case tells once all is up again."""
    await office.close()
    queue = home_of("support").cases_queue
    versions = [await sleep_through(case.handle, SUPPORT, office.owner, span, queue=queue) for case in cases]
    await office.open()
    for case in cases:
        await nothing_due(case)
    return [await told(case, version) for case, version in zip(cases, versions, strict=True)]


async def test_s07_after_three_days_down_each_case_tells_what_was_due_once(round_the_clock: Office) -> None:
    """Breach and chain, a substitute's, a crisis, one unjudged, one that waits, one whose wait is over."""
    office = round_the_clock
    cases = [await office.refer(danger=number == 2) for number in range(6)]
    usual, absent, crisis, _unjudged, waits, waited = cases
    await usual.assign()
    await absent.triage()
    await absent.decide(commands.Assign, "triage-1", unit="counselling", owner="counsellor-2")
    await office.owner.execute(
        "INSERT INTO iehe.absences VALUES ('counsellor-2', now() - interval '1 h', now() + interval '9 d',"
        " 'counsellor-1', 'test')"
    )
    for case, days in ((waits, 20), (waited, 1)):
        await case.assign()
        await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
        until = datetime.now(TOKYO) + timedelta(days=days)
        await case.decide(commands.Wait, "counsellor-1", on="student", until=until)
    assert await crisis.until_sent("page") == ["duty-1"]

    ask = "please-acknowledge > "
    chain = [ask + "head-1", ask + "lead-1"]
    breach = [["overdue > counsellor-1", ask + "lead-1"], ["due-soon > counsellor-1"]]
    assert await asleep(office, OUTAGE, *cases) == [
        [sorted(step) for step in breach],
        # the same of an absent owner, to who stands in
        [sorted(step) for step in breach],
        [
            ["page > duty-1"],
            sorted(["overdue > triage-1", *chain, ask + "vice-1"]),
            sorted([ask + "head-1", ask + "triage-1"]),
        ],
        # urgent since the end of the first day, and late since the end of the second
        [sorted([ask + "head-1", ask + "triage-1"]), sorted(["overdue > triage-1", *chain])],
        [],
        [],
    ]
    await waited.until("stage = 'in-contact'")
    assert await office.owner.fetchval(
        "SELECT stage FROM iehe.cases WHERE case_id = $1", waits.handle.id
    ) == ("waiting")
    assert await asleep(office, timedelta(), *cases) == [[]] * len(cases), "told once"


async def test_s07_a_decision_after_an_outage_takes_nothing_from_what_was_due_in_it(
    round_the_clock: Office,
) -> None:
    """Raised to another level the moment that all is up: its clocks begin anew, and the breach is told."""
    office = round_the_clock
    case = await office.refer()
    await case.assign()
    await office.close()
    slept = await sleep_through(
        case.handle, SUPPORT, office.owner, OUTAGE, queue=home_of("support").cases_queue
    )
    scores = {name: await case.text() for name in ("distress_reason_id", "hostility_reason_id")}
    async with asyncio.TaskGroup() as work:
        raised = work.create_task(
            case.decide(commands.Rescore, "counsellor-1", distress=3, hostility=0, **scores)
        )
        await office.open()
        receipt = await raised
    assert [sorted(step) for step in await told(case, slept)][:1] == [
        sorted(["overdue > counsellor-1", "please-acknowledge > lead-1"])
    ]
    assert await office.owner.fetchval(
        "SELECT max(version) FROM iehe.notices WHERE case_id = $1 AND message = 'overdue'", case.handle.id
    ) < (receipt.version)
