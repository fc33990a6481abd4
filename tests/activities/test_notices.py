"""Delivery of notices on a real database and a real mail server, dying wherever it may die."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from unittest.mock import patch

import asyncpg
import pytest
import structlog
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.kernel import notices
from activities.kernel.database import again
from activities.kernel.mail_channel import MailChannel
from activities.kernel.notice_rows import requeue
from activities.kernel.notice_times import retry_delay
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.mail import MailCatcher, caught_mails
from embedded.ports import free_port
from schemas.kernel.policies import NoticePolicy
from schemas.kernel.transition import DeliveryReport, Undelivered
from tests.activities.letters import CASE, DELIVERY, DUE, NOON, Died, die_at, reasons
from tests.activities.post_office import open_post_office
from workers.channels import mailer_of
from workers.settings import Settings
from workflows.kernel.quiet_hours import quiet_until
from workflows.outreach.process import OUTREACH


async def test_sends_to_each_kind_of_reader(world) -> None:
    """Applicant, school and staff are found at the time of sending, and written to in their language."""
    await world.queue("n-1")
    await world.queue("n-2", "recommendation-request", "referee", facts=DUE)
    await world.queue("n-3", "review-released", "staff")
    assert await world.deliver() == DeliveryReport()
    assert sorted(world.office.recipients) == [
        *("office@school.example.jp", "sato@example.ac.jp", "taro@example.com"),
    ]
    texts = {each["To"]: each.get_body(("plain",)).get_content() for each in world.office.accepted}
    assert texts["taro@example.com"].startswith("山田 太郎 様")
    assert texts["office@school.example.jp"].startswith("東高校 御中")
    assert texts["sato@example.ac.jp"].startswith("Dear 佐藤,")
    assert CASE in texts["sato@example.ac.jp"]
    row = await world.notice()
    assert (row["state"], row["reason"], row["attempts"]) == ("accepted", None, 1)
    assert (row["sent_at"], row["message_id"]) == (NOON, "<n-1@example.ac.jp>")
    assert world.office.accepted[0]["Message-ID"] == "<n-1@example.ac.jp>"
    assert row["possible_duplicate"] is False


async def test_each_process_writes_from_its_own_sender(world, tmp_path) -> None:
    """Envelope, From and Message-ID are of the process's sender; who has none writes from the default one."""
    other = OUTREACH.case_id("S27-0001")
    await world.owner.execute(
        "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)"
        " SELECT $1, $2, version, 'held', stage_since, opened_at, state FROM iehe.cases",
        *(other, OUTREACH.name),
    )
    await world.queue("n-1", "review-released", "staff")
    await world.queue("n-2", "lecture-released", "staff", facts={"case": other, "cause": "school-request"})
    move = "UPDATE iehe.notices SET case_id = $1, process = $2 WHERE notice_id = 'n-2'"
    await world.owner.execute(move, other, OUTREACH.name)
    catcher = MailCatcher(tmp_path / "mail", free_port())
    await catcher.start()
    try:
        settings = Settings(smtp_port=catcher.port, mail_from_outreach="visits@link.example.ac.jp")
        activities = NoticeActivities(
            world.pool, ROOMS, {"mail": MailChannel(ROOMS, mailer_of(settings))}, world.clock
        )
        for case_id in (CASE, other):
            delivery = DELIVERY.model_copy(update={"case_id": case_id})
            assert await ActivityEnvironment().run(activities.deliver, delivery) == DeliveryReport()
    finally:
        await catcher.stop()
    caught = [
        (each.sender, each.message["From"], each.message["Message-ID"])
        for each in caught_mails(catcher.folder)
    ]
    assert caught == [
        ("noreply@example.ac.jp", "noreply@example.ac.jp", "<n-1@example.ac.jp>"),
        ("visits@link.example.ac.jp", "visits@link.example.ac.jp", "<n-2@link.example.ac.jp>"),
    ]
    assert (await world.notice("n-2"))["message_id"] == "<n-2@link.example.ac.jp>"


async def test_english_reader_is_named_given_name_first(world) -> None:
    """An applicant who reads English gets English, with the given name first."""
    await world.owner.execute(
        "UPDATE iehe.people SET language = 'en', family_name = 'Smith', given_name = E'John\\nA.'"
    )
    await world.queue()
    await world.deliver()
    assert world.office.accepted[0].get_body(("plain",)).get_content().startswith("Dear John A. Smith,")


async def test_address_is_the_present_one(world) -> None:
    """An address corrected after queueing is the one that is used."""
    await world.queue()
    await world.owner.execute("UPDATE iehe.people SET email = 'new@example.com'")
    await world.deliver()
    assert world.office.recipients == ["new@example.com"]


async def test_only_this_version(world) -> None:
    """Notices of another version are left alone."""
    await world.queue()
    await world.queue("n-2", version=4)
    await world.deliver()
    assert await world.state("n-2") == ("queued", None)


async def test_twice_is_once(world) -> None:
    """Delivering again sends nothing again."""
    await world.queue()
    await world.deliver()
    await world.deliver()
    assert len(world.office.accepted) == 1


async def test_two_deliveries_at_once_send_once(world) -> None:
    """Two workers at the same version send one mail, whoever comes first."""
    await world.queue()
    await asyncio.gather(world.deliver(), world.deliver(), return_exceptions=True)
    assert len(world.office.accepted) == 1
    assert (await world.notice())["state"] == "accepted"


# --- dying ---------------------------------------------------------------------------------------------


async def test_died_before_the_mark(world) -> None:
    """Dying before the mark loses nothing: the next attempt sends it."""
    await world.queue()
    with pytest.raises(Died):
        await world.deliver(fault=die_at("before-mark"))
    assert await world.state() == ("queued", None)
    assert await world.deliver() == DeliveryReport()
    assert len(world.office.accepted) == 1


@pytest.mark.parametrize(("point", "mails"), [("marked", 0), ("handed-over", 1), ("recording", 1)])
async def test_died_between_mark_and_record(world, point, mails) -> None:
    """Dying between mark and record leaves a doubt, which is reported and never settled by sending again."""
    await world.queue()
    with pytest.raises(Died):
        await world.deliver(fault=die_at(point))
    assert (await world.notice())["state"] == "sending"
    for _ in range(2):
        assert reasons(await world.deliver()) == {"n-1": "interrupted"}
    row = await world.notice()
    assert (row["state"], row["possible_duplicate"]) == ("unknown", True)
    assert len(world.office.accepted) == mails


async def test_died_after_the_record(world) -> None:
    """Dying after the record changes nothing any more."""
    await world.queue()
    with pytest.raises(Died):
        await world.deliver(fault=die_at("recorded"))
    assert await world.deliver() == DeliveryReport()
    assert len(world.office.accepted) == 1
    assert await world.state() == ("accepted", None)


async def test_death_does_not_keep_the_others(world) -> None:
    """What was queued beside an interrupted notice is still sent, once."""
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    with pytest.raises(Died):
        await world.deliver(fault=die_at("marked"))
    assert reasons(await world.deliver()) == {"n-1": "interrupted"}
    assert world.office.recipients == ["sato@example.ac.jp"]


async def test_database_away_while_recording(world) -> None:
    """A database that is away for a moment does not turn an acceptance into a doubt."""
    await world.queue()
    tries = []

    def fault(point: str) -> None:
        if point == "recording":
            tries.append(point)
            if len(tries) == 1:
                raise ConnectionResetError

    assert await world.deliver(fault=fault) == DeliveryReport()
    assert await world.state() == ("accepted", None)
    assert len(tries) == 2


async def test_database_away_after_the_answer(world) -> None:
    """An answer that could not be recorded is kept by Temporal, and the next attempt records it."""
    await world.queue()
    kept = []

    def fault(point: str) -> None:
        if point == "recording":
            raise ConnectionResetError

    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: kept.extend(details)
    activities = world.activities(fault)
    with (
        patch.object(notices, "_RECORDING", again(lambda _error: True, attempts=2, longest=0)),
        pytest.raises(ApplicationError, match="did not answer"),
    ):
        await environment.run(activities.deliver, DELIVERY)
    assert (await world.notice())["state"] == "sending"

    (answer,) = kept
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, heartbeat_details=[answer.model_dump(mode="json")])
    assert await environment.run(world.activities().deliver, DELIVERY) == DeliveryReport()
    row = await world.notice()
    assert (row["state"], row["possible_duplicate"]) == ("accepted", False)
    assert row["sent_at"] == answer.at
    assert len(world.office.accepted) == 1


async def test_acceptance_known_late_ends_the_doubt(world) -> None:
    """A stalled sender that was called interrupted still records what the server told it."""
    await world.queue()
    stalled, go_on = asyncio.Event(), asyncio.Event()
    activities = world.activities()
    record = activities._record

    async def stall(*answer) -> None:
        stalled.set()
        await go_on.wait()
        await record(*answer)

    activities._record = stall
    first = asyncio.ensure_future(ActivityEnvironment().run(activities.deliver, DELIVERY))
    await stalled.wait()
    assert reasons(await world.deliver()) == {"n-1": "interrupted"}
    go_on.set()
    assert await first == DeliveryReport()
    row = await world.notice()
    assert (row["state"], row["possible_duplicate"]) == ("accepted", True)


async def test_cancellation_waits_for_the_record(world) -> None:
    """A worker that is told to stop in the middle still records the server's answer."""
    await world.queue()
    environment = ActivityEnvironment()
    marked = asyncio.Event()

    def fault(point: str) -> None:
        if point == "marked":
            marked.set()

    running = asyncio.ensure_future(environment.run(world.activities(fault).deliver, DELIVERY))
    await marked.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await world.state() == ("accepted", None)


async def test_database_errors_say_nothing_of_rows(world) -> None:
    """An error of the database reaches Temporal as a code, without the text that may quote a row."""
    await world.queue()

    def fault(_point: str) -> None:
        raise asyncpg.CheckViolationError("Failing row contains (taro@example.com)")

    with pytest.raises(ApplicationError) as caught:
        await world.deliver(fault=fault)
    assert caught.value.type == "DatabaseFault"
    assert "taro" not in str(caught.value)
    assert caught.value.__suppress_context__


# --- faults of the mail server -------------------------------------------------------------------------


async def test_passing_fault_is_tried_again(world) -> None:
    """A passing fault leaves the notice failed, after all the others were tried, and asks for a retry."""
    world.office.answers["RCPT taro@example.com"] = "450 4.2.1 busy"
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    refused = await world.refused()
    assert (refused.type, refused.next_retry_delay) == ("NoticesWaiting", timedelta(minutes=1))
    assert not refused.non_retryable
    assert await world.state("n-1") == ("failed", "recipient-deferred")
    assert await world.state("n-2") == ("accepted", None)
    world.office.answers.clear()
    assert await world.deliver() == DeliveryReport()
    assert (await world.notice("n-1"))["attempts"] == 2


async def test_passing_fault_of_the_text(world) -> None:
    """A text that the server puts off is tried again, not called unknown."""
    world.office.answers["DATA"] = "451 4.3.0 later"
    await world.queue()
    await world.refused()
    assert await world.state() == ("failed", "message-deferred")


async def test_retries_grow_apart(world) -> None:
    """The delay doubles with each attempt up to an hour."""
    world.office.answers["RCPT"] = "450 4.2.1 busy"
    await world.queue(attempts=4, state="failed")
    assert (await world.refused()).next_retry_delay == timedelta(minutes=16)
    assert [retry_delay(n) / timedelta(minutes=1) for n in (0, 1, 2, 3, 6, 7, 500)] == [
        1,
        1,
        2,
        4,
        32,
        60,
        60,
    ]


async def test_gives_up_after_the_days_of_the_policy(world) -> None:
    """When the days of the policy are over the notice is dead, and a person is told."""
    world.office.answers["RCPT"] = "450 4.2.1 busy"
    await world.queue()
    world.clock.now = NOON + timedelta(days=5) - timedelta(seconds=1)
    await world.refused()
    world.clock.now = NOON + timedelta(days=5)
    assert reasons(await world.deliver()) == {"n-1": "gave-up"}
    assert await world.state() == ("dead", "gave-up")


async def test_what_reached_nobody_is_told_while_others_wait(world) -> None:
    """The case hears of it at once, and once: it need not wait for what is still tried."""
    world.office.answers["RCPT taro@example.com"] = "450 4.2.1 busy"
    world.office.answers["RCPT sato@example.ac.jp"] = "550 5.1.1 unknown"
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    report = await world.deliver()
    assert report.again_after == timedelta(minutes=1)
    (told,) = report.failed.values()
    assert told == Undelivered(reason="recipient-refused", message="review-released", to="staff:sato")
    assert (await world.refused(DELIVERY.model_copy(update={"told": ("n-2",)}))).type == "NoticesWaiting"


async def test_what_is_urgent_is_neither_held_nor_tried_for_days(world) -> None:
    """At night it goes while the others wait; it is tried again after seconds, and given up after minutes."""
    world.clock.now = datetime(2027, 2, 4, 14, 30, tzinfo=UTC)
    world.office.answers["RCPT sato@example.ac.jp"] = "450 4.2.1 busy"
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    await world.owner.execute("UPDATE iehe.notices SET urgent = true WHERE notice_id = 'n-2'")
    assert await world.deliver() == DeliveryReport(again_after=timedelta(seconds=15))
    world.clock.now += timedelta(minutes=10)
    report = await world.deliver()
    assert {each.reason for each in report.failed.values()} == {"gave-up"}
    assert report.again_after == timedelta(hours=8, minutes=20)
    assert await world.state("n-1") == ("queued", None)


async def test_each_is_tried_in_its_own_time(world) -> None:
    """One that has failed often does not hold up another, nor is it tried more often for it."""
    world.office.answers["RCPT"] = "450 4.2.1 busy"
    await world.queue("n-1", attempts=4, state="failed")
    await world.queue("n-2", "review-released", "staff")
    assert (await world.refused()).next_retry_delay == timedelta(minutes=1)
    world.clock.now += timedelta(minutes=1)
    await world.refused()
    attempts = [(await world.notice(each))["attempts"] for each in ("n-1", "n-2")]
    assert attempts == [5, 2]


async def test_an_attempt_that_was_cut_off_leaves_nobody_waiting(world) -> None:
    """A case that is restarted sends at once what it owes, also what had failed before."""
    world.office.answers["RCPT taro@example.com"] = "450 4.2.1 busy"
    await world.queue("n-1")
    await world.refused()
    world.office.answers.clear()
    await world.queue("n-2", "review-released", "staff")
    assert await world.deliver() == DeliveryReport()
    assert sorted(world.office.recipients) == ["sato@example.ac.jp", "taro@example.com"]


async def test_a_channel_that_there_is_not(world) -> None:
    """What no channel takes is put to a person instead of vanishing."""
    await world.queue()
    await world.owner.execute("UPDATE iehe.notices SET channel = 'pigeon'")
    assert reasons(await world.deliver()) == {"n-1": "unknown-channel"}


async def test_outage_of_ours_costs_nothing(world) -> None:
    """A notice that waited for us longer than the policy's days is still tried."""
    await world.queue()
    world.clock.now = NOON + timedelta(days=30)
    assert await world.deliver() == DeliveryReport()


async def test_lasting_refusal_is_reported(world) -> None:
    """A recipient that the server does not know is dead at once, and reported at every later look."""
    world.office.answers["RCPT"] = "550 5.1.1 unknown"
    await world.queue()
    for _ in range(2):
        assert reasons(await world.deliver()) == {"n-1": "recipient-refused"}
    assert await world.state() == ("dead", "recipient-refused")


@pytest.mark.parametrize("how", ["hang_up_on", "silent_on"])
async def test_no_answer_to_the_text(world, how) -> None:
    """A server that took the text and never answered leaves a doubt that is marked, and no second mail."""
    getattr(world.office, how).add("DATA")
    world.settings = replace(world.settings, timeout_seconds=0.2)
    await world.queue()
    assert reasons(await world.deliver()) == {"n-1": "no-answer"}
    row = await world.notice()
    assert (row["state"], row["possible_duplicate"]) == ("unknown", True)
    assert len(world.office.accepted) == 1


async def test_server_down(world) -> None:
    """A server that is down leaves every notice failed and none in doubt."""
    async with open_post_office() as closed:
        pass
    world.settings = replace(world.settings, port=closed.port)
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    await world.refused()
    assert await world.state("n-1") == await world.state("n-2") == ("failed", "connect-failed")


async def test_server_without_starttls(world) -> None:
    """Where STARTTLS is asked for and not offered the notice waits for somebody to mend that."""
    world.settings = replace(world.settings, tls="starttls")
    await world.queue()
    await world.refused()
    assert await world.state() == ("failed", "no-secure-connection")


async def test_message_without_words_waits_for_a_release(world) -> None:
    """A message that cannot be rendered is kept: the next release may know it."""
    await world.queue("n-1", "offer-made")
    await world.queue("n-2", "no-such-message")
    await world.refused()
    assert await world.state("n-1") == ("failed", "missing-fact")
    assert await world.state("n-2") == ("failed", "unknown-message")


# --- to whom nothing is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "to", "change"),
    [
        ("rejected", "applicant", "UPDATE iehe.people SET email = ''"),
        ("recommendation-request", "referee", "UPDATE iehe.applications SET school_contact_email = NULL"),
        ("review-released", "staff", "UPDATE iehe.staff SET active = false"),
        ("review-released", "staff", "DELETE FROM iehe.staff"),
    ],
)
async def test_no_address(world, message, to, change) -> None:
    """Whoever has no address, or has left, is left to a person."""
    await world.queue("n-1", message, to, facts=DUE)
    await world.owner.execute(change)
    assert reasons(await world.deliver()) == {"n-1": "no-address"}
    assert await world.state() == ("dead", "no-address")


async def test_superseded_application_is_silent(world) -> None:
    """After the acceptance of a sibling neither applicant nor school is written to; staff still are."""
    await world.queue("n-1")
    await world.queue("n-2", "recommendation-request", "referee", facts=DUE)
    await world.queue("n-3", "review-released", "staff")
    await world.owner.execute("UPDATE iehe.applications SET superseded_by = 'admission/A27-0002'")
    assert await world.deliver() == DeliveryReport()
    assert await world.state("n-1") == await world.state("n-2") == ("suppressed", "superseded")
    assert world.office.recipients == ["sato@example.ac.jp"]


async def test_superseded_at_the_last_moment(world) -> None:
    """An acceptance that comes between lookup and mark still silences the notice."""
    await world.queue()
    activities = world.activities()
    send = activities._send

    async def supersede_then_send(*args) -> None:
        await world.owner.execute("UPDATE iehe.applications SET superseded_by = 'admission/A27-0002'")
        await send(*args)

    activities._send = supersede_then_send
    assert await ActivityEnvironment().run(activities.deliver, DELIVERY) == DeliveryReport()
    assert await world.state() == ("suppressed", "superseded")
    assert world.office.accepted == []


async def test_allow_list(world) -> None:
    """Outside production only addresses on the list get mail; the others are no failure."""
    world.settings = replace(world.settings, allow=("*@example.ac.jp",))
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    assert await world.deliver() == DeliveryReport()
    assert await world.state("n-1") == ("suppressed", "not-on-allow-list")
    assert world.office.recipients == ["sato@example.ac.jp"]


# --- quiet hours ---------------------------------------------------------------------------------------


async def test_quiet_hours_wait_until_their_end(world) -> None:
    """At night nothing is sent; the attempt ends without a failure and says when to come again."""
    world.clock.now = datetime(2027, 2, 4, 14, 30, tzinfo=UTC)
    await world.queue()
    night = DELIVERY.model_copy(update={"notices": NoticePolicy()})
    wait = (await world.deliver(night)).again_after
    assert wait == timedelta(hours=8, minutes=30)
    assert await world.state() == ("queued", None)
    assert (await world.notice())["attempts"] == 0
    world.clock.now += wait
    assert await world.deliver(night) == DeliveryReport()


async def test_quiet_hours_do_not_hold_up_what_is_done(world) -> None:
    """With nothing left to send the report comes at any hour, doubts included."""
    world.clock.now = datetime(2027, 2, 4, 14, 30, tzinfo=UTC)
    await world.queue(state="sending", attempts=1)
    night = DELIVERY.model_copy(update={"notices": NoticePolicy()})
    assert reasons(await world.deliver(night)) == {"n-1": "interrupted"}


@pytest.mark.parametrize(
    ("quiet_from", "until", "now", "end"),
    [
        ("21:00", "08:00", "2027-02-04T20:59:59+09:00", None),
        ("21:00", "08:00", "2027-02-04T21:00:00+09:00", "2027-02-05T08:00:00+09:00"),
        ("21:00", "08:00", "2027-02-05T00:00:00+09:00", "2027-02-05T08:00:00+09:00"),
        ("21:00", "08:00", "2027-02-05T07:59:59+09:00", "2027-02-05T08:00:00+09:00"),
        ("21:00", "08:00", "2027-02-05T08:00:00+09:00", None),
        ("12:00", "13:00", "2027-02-04T12:30:00+09:00", "2027-02-04T13:00:00+09:00"),
        ("12:00", "13:00", "2027-02-04T13:00:00+09:00", None),
        ("00:00", "08:00", "2027-02-04T00:00:00+09:00", "2027-02-04T08:00:00+09:00"),
        ("21:00", "00:00", "2027-02-04T23:00:00+09:00", "2027-02-05T00:00:00+09:00"),
        ("09:00", "09:00", "2027-02-04T09:00:00+09:00", None),
        ("21:00", "08:00", "2027-02-04T12:00:00+00:00", "2027-02-05T08:00:00+09:00"),
    ],
)
def test_quiet_until(quiet_from, until, now, end) -> None:
    """Quiet hours may cross midnight, count in the policy's time zone, and equal ends mean none."""
    policy = NoticePolicy(quiet_from=time.fromisoformat(quiet_from), quiet_until=time.fromisoformat(until))
    expected = None if end is None else datetime.fromisoformat(end)
    assert quiet_until(policy, datetime.fromisoformat(now)) == expected


# --- for the command line ------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "twice"), [("dead", False), ("unknown", True)])
async def test_requeue(world, state, twice) -> None:
    """On a person's order a dead or unknown notice is sent once more; the unknown one stays marked."""
    await world.queue(state=state, attempts=7, queued_at=NOON - timedelta(days=60))
    async with world.pool.acquire() as connection:
        alone = await requeue(connection, "n-1", NOON)
        assert alone is not None
        assert (alone.case_id, alone.version, alone.by_hand) == (CASE, 3, "n-1")
        assert await requeue(connection, "n-1", NOON) is None
    assert await world.state() == ("queued", "requeued")
    assert await world.deliver(alone) == DeliveryReport()
    row = await world.notice()
    assert (row["state"], row["attempts"], row["possible_duplicate"]) == ("accepted", 8, twice)
    assert len(world.office.accepted) == 1


async def test_sent_again_beside_the_case(world) -> None:
    """What a person has sent again and what the case sends by itself leave each other alone."""
    await world.queue("n-1", state="dead")
    await world.queue("n-2", state="sending")
    async with world.pool.acquire() as connection:
        alone = await requeue(connection, "n-1", NOON)
    assert alone is not None
    with pytest.raises(Died):
        await world.deliver(alone, die_at("marked"))
    assert (await world.state("n-1"), await world.state("n-2")) == (("sending", None), ("sending", None))
    assert reasons(await world.deliver()) == {"n-2": "interrupted"}
    assert await world.state("n-1") == ("sending", None)
    assert reasons(await world.deliver(alone)) == {"n-1": "interrupted"}
    assert not world.office.accepted


@pytest.mark.parametrize("state", ["queued", "sending", "failed", "accepted", "suppressed"])
async def test_only_what_was_given_up_is_requeued(world, state) -> None:
    """A notice that is under way, was accepted or was suppressed is not sent on order."""
    await world.queue(state=state)
    async with world.pool.acquire() as connection:
        assert await requeue(connection, "n-1") is None
        assert await requeue(connection, "no-such") is None
    assert (await world.notice())["state"] == state


async def test_logs_and_errors_name_nobody(world) -> None:
    """Logs and errors carry codes and ids, never an address or a name."""
    world.office.answers["RCPT taro@example.com"] = "450 4.2.1 taro@example.com is busy"
    await world.queue("n-1")
    await world.queue("n-2", "review-released", "staff")
    await world.queue("n-3", state="sending")
    with structlog.testing.capture_logs() as logs:
        refused = await world.refused(DELIVERY.model_copy(update={"told": ("n-3",)}))
    seen = json.dumps(logs, ensure_ascii=False) + repr(refused) + str(refused) + repr(refused.details)
    assert not any(canary in seen for canary in ("taro", "山田", "太郎", "sato", "佐藤", "@"))
    allowed = {
        *("event", "log_level", "case_id", "notice_id", "message", "channel", "state", "reason", "attempt"),
    }
    assert {key for entry in logs for key in entry} == allowed
    assert {entry["event"] for entry in logs} == {
        *("notice-interrupted", "notice-not-sent", "notice-handed-over"),
    }
