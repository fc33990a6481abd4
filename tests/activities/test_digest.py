"""The digest of outstanding work: one letter a person and working day, with counts and nothing of a case."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment
from temporalio.worker import Worker

from activities.kernel.digest import DIGEST_WORK, digest_work, send_digests
from activities.kernel.message_templates import Office
from activities.kernel.notice_rows import letter_of, requeue
from activities.kernel.scheduled import Tools
from cases.homes import rooms_in
from cases.registry import CASE_ROOMS, ROOMS
from schemas.kernel.homes import COMMON, CaseHome
from schemas.kernel.identifiers import NOTICES_QUEUE
from schemas.kernel.schedules import Occasion
from schemas.kernel.transition import Delivery, DeliveryReport
from tests.activities.letters import CASE, Died, World, die_at, reasons
from workers.policies import defaults_of, read_policy, store_policy

MORNING = datetime(2027, 2, 4, 0, 0, tzinfo=UTC)
"""Thursday, nine o'clock in Japan."""
TODAY = Delivery(case_id="", version=0, digest_on=MORNING.date())
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Morning:
    """Two processes with tasks of theirs, and whom they belong to."""

    def __init__(self, world: World, client: Client) -> None:
        self.world, self.tools = world, Tools(world.pool, client, rooms_in(CaseHome(COMMON)))

    async def task(self, key: str, due: timedelta, *, role="reviewer", assignee=None, case=CASE) -> None:
        await self.world.owner.execute(
            "INSERT INTO iehe.tasks (case_id, key, opened_version, kind, role, assignee, opened_at, due_at) "
            "VALUES ($1, $2, 1, 'review', $3, $4, $5, $6)",
            *(case, key, role, assignee, MORNING - 9 * DAY, MORNING + due),
        )

    async def staff(self, name: str, role: str = "reviewer", language: str = "ja") -> None:
        await self.world.owner.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, language, roles) "
            "VALUES ($1, $1, $1 || '@example.ac.jp', $3, ARRAY[$2])",
            *(name, role, language),
        )

    async def run(self, at: datetime = MORNING, fault: str | None = None) -> dict[str, int]:
        self.world.clock.now = at
        tools = self.tools

        async def die(point: str) -> None:
            die_at(fault or "")(point)

        return (await send_digests(replace(tools, fault=die) if fault else tools, at)).counts

    async def deliver(self, day: datetime = MORNING, **fault: Any) -> DeliveryReport:
        return await self.world.deliver(TODAY.model_copy(update={"digest_on": day.date()}), **fault)

    async def states(self) -> list[tuple[str, str]]:
        rows = await self.world.owner.fetch(
            "SELECT recipient_id, state FROM iehe.notices WHERE digest_on IS NOT NULL ORDER BY digest_on, 1"
        )
        return [tuple(row) for row in rows]

    async def counts(self, name: str, process: str = "admission-review") -> dict[str, int]:
        facts = await self.world.owner.fetchval(
            "SELECT facts FROM iehe.notices WHERE recipient_id = $1 AND process = $2", name, process
        )
        return json.loads(facts)

    def text(self, number: int = 0) -> str:
        return self.world.office.accepted[number].get_body(("plain",)).get_content()


@pytest.fixture
async def morning(world: World, client: Client) -> Morning:
    owner = world.owner
    for table in ("digests", "policies"):
        await owner.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own names
    for room in CASE_ROOMS:
        await store_policy(owner, read_policy(defaults_of(room)).document, "test")
    await owner.execute(
        "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state) "
        "SELECT 'outreach/S27-0001', 'school-outreach', version, stage, stage_since, opened_at, state "
        "FROM iehe.cases"
    )
    return Morning(world, client)


async def test_everybody_with_work_gets_one_letter_with_counts(morning: Morning) -> None:
    """Their own tasks and those of their roles that nobody has; overdue and due today; by process."""
    await morning.staff("ito")
    await morning.staff("idle", "guide")
    await morning.task("mine", -2 * DAY, assignee="sato")
    await morning.task("zebra", HOUR)
    await morning.task("later", 3 * DAY)
    await morning.task("other", -HOUR, assignee="sato", case="outreach/S27-0001")
    assert await morning.run() == {"notices": 3}
    assert await morning.deliver() == DeliveryReport()
    assert await morning.counts("sato") == {"open": 3, "overdue": 1, "due_today": 1}
    assert await morning.counts("ito") == {"open": 2, "overdue": 0, "due_today": 1}
    assert sorted(morning.world.office.recipients) == ["ito@example.ac.jp", "sato@example.ac.jp"]
    texts = {each["To"]: each.get_body(("plain",)).get_content() for each in morning.world.office.accepted}
    subjects = {each["To"]: each["Subject"] for each in morning.world.office.accepted}
    english, japanese = texts["sato@example.ac.jp"], texts["ito@example.ac.jp"]
    assert subjects["sato@example.ac.jp"] == "Outstanding work"
    assert subjects["ito@example.ac.jp"] == "本日の未処理の作業"
    for process, count in (("admission-review", 3), ("school-outreach", 1)):
        assert f"{ROOMS[process].process.title[1]}\n\n- Open: {count}\n- Overdue: 1" in english
    assert "未処理：2件" in japanese
    assert "本日期限：1件" in japanese
    assert "You get it once on a working day." in english
    for said in texts.values():
        assert "iehe tasks" in said
        assert "None" not in said
        assert CASE not in said
        assert not any(word in said for word in ("A27-0001", "S27-0001", "zebra"))


async def test_nobody_is_told_twice_whatever_happens(morning: Morning) -> None:
    """Run again in the same hour and in later ones, with new work meanwhile: one letter, no new one."""
    await morning.task("mine", DAY, assignee="sato")
    await morning.run()
    await morning.deliver()
    await morning.staff("late")
    await morning.task("zebra", HOUR)
    for hours in (0, 1, 5):
        assert await morning.run(MORNING + hours * HOUR) == {}
        await morning.deliver()
    assert morning.world.office.recipients == ["sato@example.ac.jp"]


@pytest.mark.parametrize("point", ["digest-made", "digest-owed"])
async def test_killed_in_the_middle_it_is_made_up_for(morning: Morning, point: str) -> None:
    """After the first process, or before the delivery was asked for: the next attempt ends it."""
    await morning.task("mine", DAY, assignee="sato")
    await morning.task("other", DAY, assignee="sato", case="outreach/S27-0001")
    with pytest.raises(Died):
        await morning.run(fault=point)
    await morning.run()
    await morning.deliver()
    assert morning.world.office.recipients == ["sato@example.ac.jp"]
    assert await morning.states() == [("sato", "accepted")] * 2


async def test_killed_while_it_is_handed_over_nobody_gets_a_second(morning: Morning) -> None:
    """All that the letter tells is in doubt, and stays so; what was not begun is sent."""
    await morning.staff("ito")
    await morning.task("anybody", DAY)
    await morning.task("other", DAY, assignee="ito", case="outreach/S27-0001")
    await morning.run()
    with pytest.raises(Died):
        await morning.deliver(fault=die_at("handed-over"))
    assert set(reasons(await morning.deliver()).values()) == {"interrupted"}
    assert sorted(morning.world.office.recipients) == ["ito@example.ac.jp", "sato@example.ac.jp"]


@pytest.mark.parametrize(
    ("at", "counted"),
    [
        ("2027-02-04T08:59:59+09:00", {}),
        ("2027-02-04T09:00:00+09:00", {"notices": 1}),
        ("2027-02-06T09:00:00+09:00", {}),  # Saturday
        ("2027-02-11T09:00:00+09:00", {}),  # a public holiday
        ("2027-01-02T10:00:00+09:00", {}),
        ("2027-02-12T09:00:00+09:00", {"notices": 1}),
    ],
)
async def test_it_is_due_on_working_mornings(morning: Morning, at: str, counted: dict[str, int]) -> None:
    """At the hour of the calendar, on its days alone."""
    await morning.task("mine", DAY, assignee="sato")
    assert await morning.run(datetime.fromisoformat(at)) == counted


async def test_the_hour_and_the_switch_are_the_policies(morning: Morning) -> None:
    """Another notice hour is another hour; a process whose policy does not want it is not counted."""
    await morning.task("mine", DAY, assignee="sato")
    await morning.task("other", DAY, assignee="sato", case="outreach/S27-0001")
    execute = morning.world.owner.execute
    await execute(
        "UPDATE iehe.policies "
        "SET body = replace(body::text, '\"notice_hour\": 9', '\"notice_hour\": 11')::jsonb"
    )
    await execute(
        "UPDATE iehe.policies SET body = body || '{\"digest\": false}' WHERE process = 'school-outreach'"
    )
    assert await morning.run(MORNING + HOUR) == {}
    assert await morning.run(MORNING + 2 * HOUR) == {"notices": 1}


async def test_after_days_of_outage_there_is_one(morning: Morning) -> None:
    """What was made and never sent is passed over; the days between are not made up for."""
    await morning.task("mine", 9 * DAY, assignee="sato")
    await morning.run(MORNING - 3 * DAY)
    assert await morning.run() == {"notices": 1, "superseded": 1}
    await morning.deliver()
    await morning.deliver(MORNING - 3 * DAY)
    assert morning.world.office.recipients == ["sato@example.ac.jp"]
    assert await morning.states() == [("sato", "suppressed"), ("sato", "accepted")]


async def test_who_is_shut_out_counts_nothing_of_that_case(morning: Morning) -> None:
    """Neither their own nor their role's tasks of it; with nothing else there is no letter."""
    await morning.staff("ito")
    await morning.task("anybody", DAY)
    await morning.task("mine", DAY, assignee="sato")
    await morning.world.owner.execute("INSERT INTO iehe.case_shut_out VALUES ($1, 'sato', $2)", CASE, MORNING)
    assert await morning.run() == {"notices": 1}
    assert await morning.counts("ito") == {"open": 1, "overdue": 0, "due_today": 0}


async def test_a_confidential_process_is_not_named(morning: Morning) -> None:
    """That somebody works in it is not told either."""
    await morning.task("mine", DAY, assignee="sato")
    await morning.run()
    row = await morning.world.owner.fetchrow(
        "SELECT n.*, s.email AS address, s.language, s.name FROM iehe.notices n "
        "JOIN iehe.staff s ON s.staff_id = n.recipient_id"
    )
    room = ROOMS["admission-review"]
    secret = replace(room, process=replace(room.process, confidential=True))
    plain = letter_of([row], ROOMS, Office(), MORNING).text
    hidden = letter_of([row], {"admission-review": secret}, Office(), MORNING).text
    title = room.process.title[1]
    assert title in plain
    assert title not in hidden
    assert "Other work\n\n- Open: 1" in hidden


async def test_quiet_hours_hold_it_too(morning: Morning) -> None:
    """A work done late in the evening sends nothing at night, and nothing of yesterday afterwards."""
    await morning.task("mine", 9 * DAY, assignee="sato")
    evening = MORNING + 13 * HOUR
    await morning.run(evening)
    assert (await morning.deliver()).again_after == 10 * HOUR
    assert await morning.run(MORNING + DAY) == {"notices": 1, "superseded": 1}
    await morning.deliver(MORNING + DAY)
    assert morning.world.office.recipients == ["sato@example.ac.jp"]


async def test_it_is_delivered_by_temporal_beside_the_cases(
    morning: Morning, client: Client, eventually
) -> None:
    """The work asks for its delivery; a worker of notices carries it out.

    On a day of its own: the server still has the deliveries that the tests before asked for and no worker
    took, and one of the same day that looks between would find nothing, and come again a minute later.
    """
    await morning.task("mine", DAY, assignee="sato")
    activities = morning.world.activities()
    async with Worker(client, task_queue=NOTICES_QUEUE, activities=[activities.deliver]):
        await morning.run(MORNING + 6 * DAY)

        async def accepted() -> bool:
            return await morning.states() == [("sato", "accepted")]

        await eventually(accepted)
    assert morning.world.office.recipients == ["sato@example.ac.jp"]


async def test_the_schedule_does_it_for_the_day_on_which_it_runs(morning: Morning) -> None:
    """Not for the one for which it was due before an outage."""
    await morning.task("mine", DAY, assignee="sato")
    occasion = Occasion(work="digest", scheduled_at=MORNING - 5 * DAY, run="scheduled/digest-test")
    batch = await digest_work(lambda: MORNING)(morning.tools, occasion, None)
    assert (batch.counts, batch.position) == ({"notices": 1}, None)
    row = await morning.world.owner.fetchrow("SELECT digest_on, case_id FROM iehe.notices")
    assert tuple(row) == (MORNING.date(), None)
    assert DIGEST_WORK.latest(MORNING + timedelta(minutes=59)) == MORNING


async def test_a_dead_one_is_sent_again_by_a_person(morning: Morning) -> None:
    """As every notice: it keeps its states, and a person may have it sent."""
    await morning.task("mine", DAY, assignee="sato")
    morning.world.office.answers["RCPT"] = "550 5.1.1 unknown"
    await morning.run()
    (reason,) = reasons(await morning.deliver()).values()
    assert reason == "recipient-refused"
    morning.world.office.answers.clear()
    notice_id = await morning.world.owner.fetchval("SELECT notice_id FROM iehe.notices")
    async with morning.world.pool.acquire() as connection:
        alone = await requeue(connection, notice_id, MORNING)
    assert alone is not None
    assert alone.digest_on == MORNING.date()
    deliver = morning.world.activities().deliver
    assert await ActivityEnvironment().run(deliver, alone) == DeliveryReport()
    assert await morning.states() == [("sato", "accepted")]


async def test_a_notice_is_of_a_case_or_of_a_digest(morning: Morning) -> None:
    """The database takes none that is of neither, or of both."""
    for case_id, digest_on in ((None, None), (CASE, MORNING.date())):
        with pytest.raises(asyncpg.CheckViolationError):
            await morning.world.owner.execute(
                "INSERT INTO iehe.notices (notice_id, case_id, digest_on, version, process, message, "
                "recipient_kind, recipient_id, facts, queued_at) "
                "VALUES ('n', $1, $2, 0, 'p', 'm', 'staff', 's', '{}', $3)",
                *(case_id, digest_on, MORNING),
            )
