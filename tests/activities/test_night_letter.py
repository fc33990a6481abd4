"""What quiet hours have held goes to a member of staff in one letter, each item as it is wanted then."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import ActivityEnvironment

from schemas.kernel.transition import DeliveryReport
from tests.activities.letters import CASE, DELIVERY, Died, World, die_at, reasons

NIGHT = datetime(2027, 2, 4, 14, 30, tzinfo=UTC)
MORNING = datetime(2027, 2, 4, 23, 0, tzinfo=UTC)
OTHER = "admission/A27-0002"
OF_OTHER = DELIVERY.model_copy(update={"case_id": OTHER})
ANOTHER = """
INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)
SELECT $1, process, version, stage, stage_since, opened_at, state FROM iehe.cases ORDER BY case_id LIMIT 1
"""


@pytest.fixture
async def night(world: World) -> World:
    """Two cases, and it is morning."""
    await world.owner.execute(ANOTHER, OTHER)
    world.clock.now = MORNING
    return world


async def held(world: World, notice_id: str, case_id: str = CASE, **changes) -> None:
    """A notice to sato that was queued in the night."""
    said = {"case_id": case_id, "held_until": MORNING, "why": "role", "message": "review-released"} | changes
    await world.queue(notice_id, said.pop("message"), "staff", queued_at=NIGHT)
    for name, value in said.items():
        await world.owner.execute(
            f"UPDATE iehe.notices SET {name} = $2 WHERE notice_id = $1",  # noqa: S608 - the test's own names
            *(notice_id, value),
        )


def text(world: World, number: int = 0) -> str:
    return world.office.accepted[number].get_body(("plain",)).get_content()


async def test_e15_what_waited_through_the_night_is_one_letter(night) -> None:
    """Of whatever cases of the process; each is accepted by it, and nothing is left for the others."""
    await held(night, "n-1")
    await held(night, "n-2", OTHER)
    await held(night, "n-3", OTHER, why="substitute")
    assert await night.deliver() == DeliveryReport()
    assert await night.deliver(OF_OTHER) == DeliveryReport()
    (letter,) = night.office.accepted
    assert (letter["To"], letter["Message-ID"]) == ("sato@example.ac.jp", "<n-1@example.ac.jp>")
    assert letter["Subject"] == "Messages of the night"
    said = text(night)
    assert said.count("[1]") == said.count("[2]") == said.count("[3]") == 1
    assert (said.count(CASE), said.count(OTHER)) == (1, 2)
    assert said.count("everybody who has your role") == 2
    assert said.count("you stand in for somebody who is away") == 1
    for each in ("n-1", "n-2", "n-3"):
        row = await night.notice(each)
        assert (row["state"], row["attempts"], row["told_with"]) == ("accepted", 1, "n-1")
        assert row["message_id"] == "<n-1@example.ac.jp>"


async def test_it_is_written_in_the_readers_language(night) -> None:
    """In Japanese to who reads Japanese, without a word of English."""
    await night.owner.execute("UPDATE iehe.staff SET language = 'ja'")
    await held(night, "n-1")
    await held(night, "n-2", OTHER, why="rung")
    await night.deliver()
    assert night.office.accepted[0]["Subject"] == "夜間のお知らせ（まとめ）"
    assert "お知らせ2件を" in text(night)
    assert "期限の連絡順により" in text(night)
    assert "held during" not in text(night)


async def test_one_alone_is_sent_as_it_is(night) -> None:
    """A letter of one item is that item's letter."""
    await held(night, "n-1")
    assert await night.deliver() == DeliveryReport()
    assert "[1]" not in text(night)
    assert (await night.notice())["told_with"] is None


async def test_e15_items_are_checked_again(night) -> None:
    """What is not wanted any more, or whose reader was shut out since, is left out and suppressed."""
    await held(night, "n-1")
    await held(night, "n-2", OTHER)
    await held(night, "n-3")
    await night.owner.execute("UPDATE iehe.notices SET state = 'suppressed' WHERE notice_id = 'n-3'")
    await night.owner.execute("INSERT INTO iehe.case_shut_out VALUES ($1, 'sato', $2)", OTHER, MORNING)
    assert await night.deliver() == DeliveryReport()
    assert await night.deliver(OF_OTHER) == DeliveryReport()
    assert OTHER not in text(night)
    assert len(night.office.accepted) == 1
    assert await night.state("n-2") == ("suppressed", "superseded")
    assert await night.state("n-3") == ("suppressed", None)


@pytest.mark.parametrize(
    "change",
    [
        {"urgent": True},
        {"held_until": None},
        {"held_until": MORNING + timedelta(hours=1)},
        {"by_hand": True},
        {"recipient_id": "ito"},
        {"facts": json.dumps({"answer": "accept"})},
        {"message": "no-such-message"},
        {"channel": "webhook:pager"},
    ],
)
async def test_only_what_the_night_has_held_for_this_reader_is_told_together(night, change) -> None:
    """What is urgent, not held, another's, answered by a link, or unwritable is left to its own case."""
    await night.owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) "
        "VALUES ('ito', 'i', 'i@example.ac.jp', '{reviewer}')"
    )
    await held(night, "n-1")
    await held(night, "n-2", OTHER, **change)
    assert await night.deliver() == DeliveryReport()
    assert OTHER not in text(night)
    assert await night.state("n-2") == ("queued", None)


async def test_quiet_hours_note_until_when_they_hold(night) -> None:
    """Also what was queued by day and could not be sent before; what is urgent goes and is not held."""
    await night.queue("n-1", "review-released", "staff")
    await night.queue("n-2", "review-released", "staff")
    await night.owner.execute("UPDATE iehe.notices SET urgent = true WHERE notice_id = 'n-2'")
    night.clock.now = NIGHT
    assert (await night.deliver()).again_after == MORNING - NIGHT
    assert (await night.notice("n-1"))["held_until"] == MORNING
    assert (await night.notice("n-2"))["held_until"] is None
    assert await night.state("n-2") == ("accepted", None)


@pytest.mark.parametrize(("point", "mails"), [("marked", 0), ("handed-over", 1)])
async def test_died_in_between_every_item_is_in_doubt(night, point, mails) -> None:
    """Other cases wait for what became of the letter; then each tells its own, and nobody sends again."""
    await held(night, "n-1")
    await held(night, "n-2", OTHER)
    with pytest.raises(Died):
        await night.deliver(fault=die_at(point))
    assert (await night.refused(OF_OTHER)).type == "NoticesWaiting"
    assert reasons(await night.deliver()) == {"n-1": "interrupted"}
    assert reasons(await night.deliver(OF_OTHER)) == {"n-2": "interrupted"}
    assert (await night.notice("n-2"))["possible_duplicate"]
    assert len(night.office.accepted) == mails


async def test_died_before_the_mark_nothing_is_lost(night) -> None:
    """Whoever comes next sends the letter."""
    await held(night, "n-1")
    await held(night, "n-2", OTHER)
    with pytest.raises(Died):
        await night.deliver(fault=die_at("before-mark"))
    assert await night.deliver(OF_OTHER) == DeliveryReport()
    assert await night.deliver() == DeliveryReport()
    assert len(night.office.accepted) == 1
    assert CASE in text(night)
    assert OTHER in text(night)


async def test_what_was_not_taken_goes_back_to_its_own_case(night) -> None:
    """A refusal ends the letter's first notice; the others are tried by their own cases."""
    night.office.answers["DATA"] = "554 5.6.0 refused"
    await held(night, "n-1")
    await held(night, "n-2", OTHER)
    assert reasons(await night.deliver()) == {"n-1": "message-refused"}
    assert await night.state("n-2") == ("failed", "message-refused")
    night.office.answers.clear()
    assert await night.deliver(OF_OTHER) == DeliveryReport()
    assert [(await night.notice(each))["state"] for each in ("n-1", "n-2")] == ["dead", "accepted"]


async def test_all_cases_at_once_tell_each_item_once(night) -> None:
    """When the night ends everybody comes at the same moment: each notice is in one letter."""
    cases = [f"admission/A27-1{number:03}" for number in range(12)]
    for number, case_id in enumerate(cases):
        await night.owner.execute(ANOTHER, case_id)
        await held(night, f"n-{number}", case_id)
    deliveries = [DELIVERY.model_copy(update={"case_id": case_id}) for case_id in cases]
    await asyncio.gather(*map(night.deliver, deliveries), return_exceptions=True)
    for delivery in deliveries:
        assert await night.deliver(delivery) == DeliveryReport()
    letters = [text(night, number) for number in range(len(night.office.accepted))]
    assert [sum(letter.count(case_id) for letter in letters) for case_id in cases] == [1] * len(cases)
    assert {(await night.notice(f"n-{number}"))["state"] for number in range(12)} == {"accepted"}


async def test_what_changes_at_the_last_moment_is_not_in_the_letter(night) -> None:
    """One that is suppressed between writing and mark makes the letter be written anew without it."""
    await held(night, "n-1")
    await held(night, "n-2", OTHER)
    activities = night.activities()
    send = activities._send

    async def suppress_then_send(told, *args) -> bool:
        await night.owner.execute("UPDATE iehe.notices SET state = 'suppressed' WHERE notice_id = 'n-2'")
        return await send(told, *args)

    activities._send = suppress_then_send
    assert await ActivityEnvironment().run(activities.deliver, DELIVERY) == DeliveryReport()
    assert OTHER not in text(night)
    assert await night.state("n-1") == ("accepted", None)
