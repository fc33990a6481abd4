"""Queued notices: held, changed, released, cancelled, dying wherever it may die, and against the sender."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.kernel.channels import Channel
from activities.kernel.notice_times import HELD_LONG, HELD_LOOK
from cases import lists
from cases.administration import roles_for
from cases.notes import WITHDRAW_NOTES, WRITE_NOTES
from cases.notice_acts import Act, may_change
from cases.notices import notice_seen
from cases.registry import PROCESSES
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import DeliveryReport
from tests.activities.letters import CASE, NOON, Died, die_at
from tests.cases.notice_desk import AUDITOR, HEAD, OFFICE, REVIEWER, NoticeDesk
from workers.diagnostics import database

POINTS = ("locked", "kept", "changed", "noted", "logged")
WORDS = "先日のお電話の件につき、\n別途ご案内します。"


async def refused(acting: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as caught:
        await acting
    return caught.value.code


async def waits(desk: NoticeDesk) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await desk.deliver()
    return caught.value


async def test_what_is_held_does_not_leave(desk: NoticeDesk) -> None:
    """However often it is delivered; its case's delivery looks again, and goes on when it is released."""
    await desk.world.queue()
    done = await desk.act(Act.HOLD)
    for _ in range(2):
        fault = await waits(desk)
        assert (fault.type, fault.next_retry_delay) == ("NoticesWaiting", HELD_LOOK)
    assert desk.sent == []
    assert (done.revision, done.repeated, done.held_since is None) == (1, False, False)
    assert (await desk.act(Act.RELEASE)).held_since is None
    assert await desk.deliver() == DeliveryReport()
    assert len(desk.sent) == 1
    assert await desk.world.state() == ("accepted", None)


async def test_others_of_the_step_go_meanwhile(desk: NoticeDesk) -> None:
    """Only the one that is held waits."""
    await desk.world.queue("n-1")
    await desk.world.queue("n-2", "review-released", "staff")
    await desk.act(Act.HOLD)
    await waits(desk)
    assert desk.world.office.recipients == ["sato@example.ac.jp"]


async def test_released_in_quiet_hours_it_goes_when_they_end(desk: NoticeDesk) -> None:
    """A person's release does not wake its reader."""
    await desk.world.queue()
    await desk.act(Act.HOLD)
    desk.world.clock.now = NOON + timedelta(hours=11)
    await waits(desk)
    await desk.act(Act.RELEASE, reason=None)
    report = await desk.deliver()
    assert report.again_after is not None
    assert desk.sent == []
    desk.world.clock.now += report.again_after
    await desk.deliver()
    assert len(desk.sent) == 1


async def test_held_in_a_night_it_is_not_in_the_letter_of_the_morning(desk: NoticeDesk) -> None:
    """What is told together leaves out what somebody holds, and what has words of the office's own."""
    for number in ("1", "2", "3"):
        await desk.world.queue(f"n-{number}", "review-released", "staff")
    await desk.world.owner.execute("UPDATE iehe.notices SET held_until = $1", NOON)
    await desk.act(Act.HOLD, "n-2")
    await desk.act(Act.CHANGE, "n-3", en="Please call us.")
    await waits(desk)
    assert len(desk.sent) == 2
    assert [("Please call us." in text) for text in desk.sent].count(True) == 1
    assert (await desk.world.notice("n-1"))["told_with"] is None


async def test_what_is_cancelled_is_never_sent(desk: NoticeDesk) -> None:
    """Its case's delivery ends without it; who, when and why is on record twice."""
    await desk.world.queue()
    await desk.act(Act.CANCEL, reason="宛先違い")
    assert await desk.deliver() == DeliveryReport()
    assert desk.sent == []
    assert await desk.world.state() == ("suppressed", "cancelled")
    (entry,) = (await desk.read())["history"]
    assert (entry["act"], entry["staff_id"], entry["reason"]) == ("cancel", "office-1", "宛先違い")
    logged = await desk.world.owner.fetchrow(
        "SELECT actor, act, subject FROM iehe.administration_log ORDER BY entry DESC LIMIT 1"
    )
    assert tuple(logged) == ("office-1", "cancel-notice", "n-1")


async def test_the_letter_has_the_words_of_the_office(desk: NoticeDesk) -> None:
    """After the salutation, before its own, as they are; nothing of them is a template."""
    await desk.world.queue("n-0")
    await desk.deliver()
    (plain,) = desk.sent
    await desk.world.queue()
    await desk.act(Act.CHANGE, ja=WORDS + "{{ facts }}", en="About your call.")
    await desk.deliver()
    letter = desk.sent[1]
    assert letter.startswith("山田 太郎 様\n")
    assert letter.replace(WORDS + "{{ facts }}\n\n", "") == plain
    assert "About your call." not in letter
    html = desk.world.office.accepted[1].get_body(("html",)).get_content()
    assert "別途ご案内します。" in html


async def test_words_in_one_language_reach_readers_of_both(desk: NoticeDesk) -> None:
    """What the office has added is never left out because it was not translated."""
    await desk.world.owner.execute("UPDATE iehe.people SET language = 'en'")
    await desk.world.queue()
    await desk.act(Act.CHANGE, ja=WORDS)
    await desk.deliver()
    assert WORDS in desk.sent[0]
    assert desk.sent[0].startswith("Dear ")


async def test_put_back_it_is_the_letter_alone(desk: NoticeDesk) -> None:
    """Every version of the words stays in the history, with who and why."""
    await desk.world.queue()
    before = (await desk.read())["letters"]
    await desk.act(Act.CHANGE, ja="一", reason="依頼")
    await desk.act(Act.CHANGE, ja="二", en="two", by=HEAD, reason="訂正")
    await desk.act(Act.RESTORE, reason="不要")
    read = await desk.read()
    assert read["letters"] == before
    told = [
        (each["act"], each["staff_id"], each["reason"], each["ja"], each["en"]) for each in read["history"]
    ]
    assert told == [
        ("change", "office-1", "依頼", "一", None),
        ("change", "head-1", "訂正", "二", "two"),
        ("restore", "office-1", "不要", None, None),
    ]
    await desk.deliver()
    assert desk.sent == [before[0]["text"]]


async def test_it_reads_as_it_is_sent(desk: NoticeDesk) -> None:
    """Subject and text in the reader's language are the letter's to a character; the other is beside it."""
    await desk.world.queue()
    await desk.act(Act.CHANGE, ja=WORDS, en="About your call.")
    mine, other = (await desk.read())["letters"]
    await desk.deliver()
    assert (mine["language"], mine["sent"], other["language"], other["sent"]) == ("ja", True, "en", False)
    assert [mine["text"]] == desk.sent
    assert desk.world.office.accepted[0]["Subject"] == mine["subject"]
    assert "About your call." in other["text"]


async def test_without_the_right_for_words_none_are_told(desk: NoticeDesk) -> None:
    """An auditor reads the history of what was done, and may do nothing."""
    await desk.world.queue()
    await desk.act(Act.CHANGE, ja=WORDS)
    row, fields = await notice_seen(desk.pool, "n-1", AUDITOR)
    assert "personal" not in fields
    assert row["changed"]
    assert await refused(desk.act(Act.HOLD, by=AUDITOR)) == "role-missing"
    assert await refused(desk.act(Act.HOLD, by=REVIEWER)) == "no-such-notice"
    assert await refused(notice_seen(desk.pool, "n-1", REVIEWER)) == "no-such-notice"
    assert (await desk.world.notice())["held_since"] is None


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("sending", "notice-being-sent"),
        *((state, "notice-not-waiting") for state in ("accepted", "dead", "unknown", "suppressed")),
    ],
)
async def test_whoever_comes_too_late_is_told(desk: NoticeDesk, state: str, code: str) -> None:
    """What is being sent, was sent or never will be is neither held nor changed nor cancelled."""
    await desk.world.queue(state=state)
    for act in Act:
        assert await refused(desk.act(act, ja="一")) == code
    assert (await desk.world.notice())["revision"] == 0


async def test_an_act_that_changes_nothing_is_refused(desk: NoticeDesk) -> None:
    """Held twice, released without being held, put back without words, changed without any."""
    await desk.world.queue()
    assert await refused(desk.act(Act.RELEASE)) == "notice-not-held"
    assert await refused(desk.act(Act.RESTORE)) == "notice-not-changed"
    assert await refused(desk.act(Act.CHANGE)) == "words-missing"
    assert await refused(desk.act(Act.HOLD, reason=None)) == "words-missing"
    await desk.act(Act.HOLD)
    assert await refused(desk.act(Act.HOLD)) == "notice-held"
    assert await refused(desk.act(Act.HOLD, "n-9")) == "no-such-notice"


async def test_a_page_takes_no_words(desk: NoticeDesk) -> None:
    """What a gateway is told is codes alone."""
    await desk.world.queue()
    await desk.world.owner.execute("UPDATE iehe.notices SET channel = 'webhook'")
    assert await refused(desk.act(Act.CHANGE, ja="一")) == "notice-without-letter"


async def test_the_same_key_again_does_nothing_more(desk: NoticeDesk) -> None:
    """The answer is the first one's; for another act the key is refused."""
    await desk.world.queue()
    first = await desk.act(Act.HOLD, key="k-1")
    again = await desk.act(Act.HOLD, key="k-1")
    assert (first.repeated, again.repeated, again.revision) == (False, True, 1)
    assert await refused(desk.act(Act.RELEASE, key="k-1")) == "key-of-another-act"
    assert len((await desk.read())["history"]) == 1


async def test_who_saw_an_earlier_revision_is_told(desk: NoticeDesk) -> None:
    """Of two who saw the same, the second looks again."""
    await desk.world.queue()
    await desk.act(Act.CHANGE, seen=0, ja="一")
    assert await refused(desk.act(Act.CHANGE, seen=0, ja="二")) == "stale-notice"
    await desk.act(Act.CHANGE, seen=1, ja="二")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("act", [Act.HOLD, Act.CANCEL, Act.CHANGE])
async def test_dying_anywhere_leaves_all_or_nothing(desk: NoticeDesk, point: str, act: Act) -> None:
    """Nothing of an act is there that was not finished; asked again under its key it is done once."""
    await desk.world.queue()
    words = {"ja": "一"} if act is Act.CHANGE else {}
    acts, texts = ("(SELECT count(*) FROM iehe.notice_acts)", "(SELECT count(*) FROM iehe.texts)")
    count = f"SELECT {acts}, {texts}, revision FROM iehe.notices"  # noqa: S608 - our own names
    with pytest.raises(Died):
        await desk.act(act, key="k-1", fault=die_at(point), **words)
    assert tuple(await desk.world.owner.fetchrow(count)) == (0, 0, 0)
    assert not (await desk.act(act, key="k-1", **words)).repeated
    assert (await desk.act(act, key="k-1", **words)).repeated
    assert tuple(await desk.world.owner.fetchrow(count)) == (1, 2 if words else 1, 1)


async def test_the_history_only_grows(desk: NoticeDesk) -> None:
    """Not even the owner changes what somebody did."""
    await desk.world.queue()
    await desk.act(Act.HOLD)
    await desk.world.owner.execute("SELECT set_config('iehe.erasing', '', false)")
    for change in ("UPDATE iehe.notice_acts SET staff_id = 'x'", "DELETE FROM iehe.notice_acts"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await desk.world.owner.execute(change)


@dataclass
class Interposed:
    """Mail, between whose writing and marking of a letter somebody does something."""

    mail: Channel
    meanwhile: Callable[[], Awaitable[object]]
    repeatable = False

    @asynccontextmanager
    async def session(self, case_id: str) -> AsyncIterator["Interposed"]:
        async with self.mail.session(case_id) as self.letters:
            yield self

    async def prepare(self, notice, now):
        prepared = await self.letters.prepare(notice, now)
        await self.meanwhile()
        return prepared


@pytest.mark.parametrize("act", [Act.HOLD, Act.CHANGE, Act.CANCEL])
async def test_a_letter_that_was_written_before_does_not_leave_after(desk: NoticeDesk, act: Act) -> None:
    """The sender has written it, and marks it only if nobody has acted on it since."""
    await desk.world.queue()

    async def meanwhile() -> None:
        if (await desk.world.notice())["revision"] == 0:
            await desk.act(act, **({"ja": WORDS} if act is Act.CHANGE else {}))

    desk.wrapped = lambda mail: Interposed(mail, meanwhile)
    await asyncio.gather(desk.deliver(), return_exceptions=True)
    assert desk.sent == []
    await asyncio.gather(desk.deliver(), return_exceptions=True)
    assert [WORDS in text for text in desk.sent] == ([True] if act is Act.CHANGE else [])


@pytest.mark.timeout(120)
async def test_holder_and_sender_at_once(desk: NoticeDesk) -> None:
    """Many times: what was answered `held` has not left, what was refused has; in the end each leaves once.

    One of the first is held before anything else, one of the last after all has left.
    """
    names = [f"n-{number:03}" for number in range(72)]
    held, refusals = set[str](), list[str]()

    async def hold(name: str, after: int) -> None:
        for _ in range(after):
            await desk.pool.fetchval("SELECT 1")
        try:
            await desk.act(Act.HOLD, name)
        except Refusal as refusal:
            refusals.append(refusal.code)
        else:
            assert name not in left()
            held.add(name)

    def left() -> list[str]:
        return [each["Message-ID"].strip("<").partition("@")[0] for each in desk.world.office.accepted]

    for number, name in enumerate(names):
        await desk.world.queue(name)
        if number == 0:
            await hold(name, 0)
        elif number == 1:
            await asyncio.gather(desk.deliver(), return_exceptions=True)
            await hold(name, 0)
        else:
            await asyncio.gather(hold(name, 2 * (number % 18)), desk.deliver(), return_exceptions=True)
        assert (name in left()) == (name not in held)
    assert held
    assert refusals
    assert set(refusals) <= {"notice-being-sent", "notice-not-waiting"}
    assert not held & set(left())
    for name in sorted(held):
        await desk.act(Act.RELEASE, name)
    assert await desk.deliver() == DeliveryReport()
    assert sorted(left()) == names


async def test_held_for_long_it_is_marked(desk: NoticeDesk) -> None:
    """By doctor, and in the lists, since when; until then neither says a word."""
    await desk.world.queue()
    await desk.world.queue("n-2")
    await desk.act(Act.HOLD)

    async def told() -> tuple[list[str], list[tuple[str, bool]]]:
        found = [each.check for each in await database.waiting(desk.world.owner)]
        page = await lists.list_notices(desk.world.pool, ["admission-review"], held=True)
        return found, [(row["notice_id"], row["held_long"]) for row in page.rows]

    found, listed = await told()
    assert "held notices" not in found
    assert listed == [("n-1", False)]
    longer = HELD_LONG + timedelta(minutes=1)
    await desk.world.owner.execute("UPDATE iehe.notices SET held_since = held_since - $1::interval", longer)
    found, listed = await told()
    assert "held notices" in found
    assert listed == [("n-1", True)]


async def test_what_is_no_longer_asked_is_not_sent_though_it_was_held(desk: NoticeDesk) -> None:
    """A hold ends with what it held: it is neither listed nor released any more."""
    await desk.world.queue()
    await desk.act(Act.HOLD)
    await desk.world.owner.execute("UPDATE iehe.notices SET state = 'suppressed', reason = 'no-longer-asked'")
    assert await refused(desk.act(Act.RELEASE)) == "notice-not-waiting"
    row, _ = await notice_seen(desk.pool, "n-1", OFFICE)
    assert (row["case_id"], row["held_since"]) == (CASE, None)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_process_gives_the_acts_to_its_office(process: str) -> None:
    """By default nobody has them; the office has, and of notes the heads withdraw those of others."""
    office = {str(PROCESSES[process].office)}
    assert office <= may_change(process)
    assert office <= roles_for(WRITE_NOTES, process)
    assert roles_for(WITHDRAW_NOTES, process)
    assert not may_change(process) & {"auditor", "administrator"}
