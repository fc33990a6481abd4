"""What a student asks to see of what is held about them (P8)."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import WorkflowUpdateFailedError

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import open_pool
from activities.support.extract import CUT, without_names
from cases.decisions import NotDecided, decide
from cases.finding import find_case
from schemas.kernel.case import Actor, Command, Receipt
from schemas.support import access, commands
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.builder import REASON, ROLES, Pure, jst, refused
from tests.support.office import Case, Office

OFFICE = "access-1"


def asked(case: Pure, **values: object) -> Pure:
    """The student has asked, and shown who they are."""
    case.decide(access.RequestAccess, "triage-1", **{"identified": True, **values})
    return case


def reminders(case: Pure) -> list[int]:
    """On which day after the request the disclosure office was reminded."""
    begun = next(step.at for step in case.log if step.step == "request-access")
    at = [step.at for step in case.log for each in step.notices if each.message == "access-due"]
    return [(each.date() - begun.date()).days for each in at]


def test_p08_an_answer_is_due_in_30_days_and_the_office_is_reminded_on_three_of_them() -> None:
    """On days 20, 27 and 30, wherever the case stands; an answer ends that."""
    case = asked(Pure().in_contact())
    assert case.due("access").astimezone(case.now.tzinfo).date() == jst(2026, 12, 16).date()
    assert "access-request" in case.tasks()
    case.wait(days=40)
    assert reminders(case) == [20, 27, 30]
    answered = asked(Pure().in_contact())
    answered.wait(days=21)
    answered.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"])
    answered.wait(days=30)
    assert reminders(answered) == [20]


def test_p08_the_days_count_from_the_day_on_which_it_was_received() -> None:
    """A letter that is typed in two days later has waited for two days."""
    case = Pure().in_contact()
    case.wait(days=3)
    asked(case, at=jst(2026, 11, 17, 9))
    assert case.due("access").astimezone(case.now.tzinfo).date() == jst(2026, 12, 17).date()


def test_p08_it_is_put_off_once_by_30_days_for_a_reason() -> None:
    """With reminders of its own; a second time is refused."""
    case = asked(Pure().in_contact())
    with refused("reason-missing"):
        case.decide(access.ExtendAccess, OFFICE)
    case.decide(access.ExtendAccess, OFFICE, reason_id=REASON)
    assert case.due("access").astimezone(case.now.tzinfo).date() == jst(2027, 1, 15).date()
    with refused("access-extended"):
        case.decide(access.ExtendAccess, OFFICE, reason_id=REASON)
    case.wait(days=70)
    assert reminders(case) == [50, 57, 60]
    assert case.notices("access-news") == [("access-news", "student")]


def test_p08_nothing_is_disclosed_to_anybody_but_the_person() -> None:
    """Papers prove it, or the portal; who signed in there as somebody else gets nothing, papers or not."""
    unproven = asked(Pure().in_contact(), identified=False)
    with refused("not-the-person"):
        unproven.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"])
    unproven.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"], identified=True)
    stranger = Pure().in_contact()
    stranger.house.is_person = False
    stranger.event("access-requested", person="S2026-0099")
    with refused("not-the-person"):
        stranger.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"], identified=True)
    stranger.decide(access.AnswerAccess, OFFICE, ground="not-the-person", reason_id=REASON)
    assert stranger.state.access is None
    own = Pure().in_contact()
    own.event("access-requested", person="S2026-0042")
    own.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"])


def test_p08_an_objection_holds_what_is_disclosed_for_two_weeks() -> None:
    """From the answer on; nothing is handed over before."""
    case = asked(Pure().in_contact())
    with refused("access-unanswered"):
        case.decide(access.HandOver, OFFICE)
    case.decide(access.NoteObjection, OFFICE, reason_id=REASON)
    case.decide(access.AnswerAccess, OFFICE, ground="third-party", parts=["case"], reason_id=REASON)
    for days in (0, 7, 7):
        case.wait(days=days)
        with refused("access-waits"):
            case.decide(access.HandOver, OFFICE)
    case.wait(days=1)
    case.decide(access.HandOver, OFFICE)
    assert case.records("access-noted")[-1]["state"] == "ended"
    assert "hand-over-extract" not in case.tasks()


def test_p08_an_answer_may_neither_confirm_nor_deny() -> None:
    """It names no part, and what the student is sent is what everybody is sent."""
    case = asked(Pure().in_contact())
    with refused("access-existence"):
        case.decide(access.AnswerAccess, OFFICE, ground="existence", parts=["case"], reason_id=REASON)
    case.decide(access.AnswerAccess, OFFICE, ground="existence", reason_id=REASON)
    assert case.records("access-noted")[-1]["parts"] == []
    assert case.notices("access-news") == [("access-news", "student")]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("unknown-code", {"ground": "no-time", "reason_id": REASON}),
        ("reason-missing", {"ground": "law"}),
        ("access-parts-missing", {"ground": "all"}),
        ("access-texts-named", {"ground": "all", "parts": ["texts"]}),
        ("text-not-disclosable", {"ground": "all", "parts": ["texts"], "texts": [f"{0:032x}"]}),
    ],
)
def test_p08_what_is_kept_back_has_its_ground_of_the_list_and_its_reason(code: str, said: dict) -> None:
    """Words are disclosed one by one, by their ids, and never those that say who has referred."""
    case = asked(Pure().in_contact())
    with refused(code):
        case.decide(access.AnswerAccess, OFFICE, **said)


def test_p08_a_request_outlasts_the_end_of_its_case_and_may_begin_after_it() -> None:
    """Its clock and its tasks go on; nothing else of a closed case does."""
    case = asked(Pure().resolved())
    case.wait(days=15)
    assert case.state.closed
    assert case.tasks() == {"access-request"}
    case.wait(days=10)
    assert reminders(case) == [20]
    case.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"])
    case.decide(access.HandOver, OFFICE)
    assert case.tasks() == set()
    asked(case)
    case.wait(days=28)
    assert [each.kind for each in case.state.deadlines.values()] == ["access"]


def test_p08_a_linked_case_is_answered_for_itself() -> None:
    """What is due of the request is due, though nothing else of the case is."""
    case = asked(Pure().in_contact())
    other = "support/ABCDEFGHIJKLMNOPQRST0000"
    case.house.cases[other] = {"open": True, "same_person": True, "shut_out": ()}
    case.decide(commands.Link, "triage-1", into=other, reason_id=REASON)
    case.wait(days=31)
    assert reminders(case) == [20, 27, 30]
    case.decide(access.AnswerAccess, OFFICE, ground="all", parts=["case"])


def test_p08_only_the_disclosure_office_answers() -> None:
    """Whoever works on the case may take the request, and nothing more."""
    case = asked(Pure().in_contact())
    for by in ("triage-1", "counsellor-1", "head-1"):
        with refused("role-missing"):
            case.decide(access.AnswerAccess, by, ground="all", parts=["case"])
    with refused("access-open"):
        asked(case)


@pytest.fixture
async def people(database) -> AsyncIterator[asyncpg.Pool]:
    """Connections that act for people."""
    pool = await open_pool(database.url("office"), size=4, for_people=True)
    yield pool
    await pool.close()


async def at_the_door(
    people: asyncpg.Pool,
    case: Case,
    command: type[Command],
    by: str,
    reason: str | None = None,
    **said: object,
) -> Receipt:
    """A decision as every door makes it."""
    office = case.office
    actor = Actor(id=by, roles=tuple(role.value for role in ROLES[by]))
    made = command(command_id=f"c-{uuid4().hex}", actor=actor, **said)
    with acting_for(THE_HOST):
        row = await find_case(people, case.handle.id)

    async def client() -> object:
        return office.skipper.client

    texts = {} if reason is None else {"reason": reason}
    return await decide(people, client, row, made, texts, office.keys)


async def rights(office: Office, case: Case, who: str) -> set[str]:
    """The fields that somebody sees."""
    rows = await office.owner.fetch("SELECT field FROM iehe.rights_of($1, $2)", case.handle.id, who)
    return {row["field"] for row in rows}


async def test_p08_a_closed_case_takes_a_request_and_the_disclosure_office_sees_it_meanwhile(
    office: Office, people: asyncpg.Pool
) -> None:
    """Its workflow has ended and goes on for it; it is not erased, and out of sight again at the end."""
    case = await office.refer()
    # the referral itself, which would wait for a minute when it found the case at its end
    await case.until("NOT EXISTS (SELECT FROM iehe.events e WHERE e.case_id = cases.case_id AND NOT e.taken)")
    advised = await case.decide(commands.Advise, "triage-1", reason_id=await case.text())
    await case.handle.result()
    assert await rights(office, case, OFFICE) == set()
    with pytest.raises(NotDecided) as late:
        await at_the_door(people, case, commands.Take, "counsellor-1")
    assert late.value.code == "case-closed"
    with pytest.raises(NotDecided) as none:
        await at_the_door(people, case, access.AnswerAccess, OFFICE, ground="all", parts=["case"])
    assert none.value.code == "no-access-request"
    receipt = await at_the_door(people, case, access.RequestAccess, "triage-1", identified=True)
    assert (receipt.version, receipt.stage) == (advised.version + 1, "advice-only")
    assert await rights(office, case, OFFICE) == {"case", "work", "personal"}
    kept = "SELECT iehe.kept_because($1)"
    assert await office.owner.fetchval(kept, case.handle.id) == "task-open"
    assert await case.until_sent("access-requested") == [OFFICE]
    await case.forward(days=21)
    assert await case.until_sent("access-due") == [OFFICE]
    await at_the_door(people, case, access.AnswerAccess, OFFICE, ground="all", parts=["case"])
    await at_the_door(people, case, access.HandOver, OFFICE)
    assert await rights(office, case, OFFICE) == set()
    await case.until_sent("access-news")
    await case.handle.result()
    assert await office.owner.fetchval(kept, case.handle.id) is None


def test_p08_others_names_are_cut_whole_and_in_parts() -> None:
    """Also where only the family name is said; the longest goes first."""
    names = {"見本 太郎", "taro@example.ac.jp"}
    said = "見本 太郎さん（TARO@example.ac.jp）と太郎さんの話。"
    assert without_names(said, names) == f"{CUT}さん（{CUT}）と{CUT}さんの話。"


async def test_p08_the_extract_holds_what_the_answer_discloses_and_no_other_name(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path,
) -> None:
    """Only the words that the answer names; not before the answer, nor by anybody else; noted and logged."""
    case = await office.refer(words="見本 太郎です。花子さんが欠席しています。")
    await case.assign()
    note = await case.text("見本 太郎さんによれば眠れない")
    kept_back = await case.text("内部の見立て")
    await case.decide(
        commands.RecordContact, "counsellor-1", channel="phone", outcome="reached", note_id=note
    )
    await case.decide(access.RequestAccess, "triage-1", identified=True)
    case_id, file = case.handle.id, tmp_path / "extract.txt"
    write = ("support", "extract", case_id, "--to", file)
    assert (await iehe.refused(*write, by=OFFICE))[1] == "access-unanswered"
    parts = ["case", "referral", "contacts", "scores", "texts"]
    words = await office.owner.fetchval(
        "SELECT words FROM iehe.support_referrals WHERE case_id = $1", case_id
    )
    name = await office.owner.fetchval(
        "SELECT referrer_name FROM iehe.support_referrals WHERE case_id = $1", case_id
    )
    said = {"ground": "evaluation", "parts": parts, "reason_id": await case.text("評価に支障")}
    with pytest.raises(WorkflowUpdateFailedError) as refusal:
        await case.decide(access.AnswerAccess, OFFICE, **said, texts=[str(name)])
    assert refusal.value.cause.details[0] == "text-not-disclosable"
    await case.decide(access.AnswerAccess, OFFICE, **said, texts=[str(words), note])
    assert (await iehe.refused(*write, by="counsellor-1"))[1] == "role-missing"
    await iehe.ok(*write, by=OFFICE)
    told = file.read_text()
    assert "花子さんが欠席しています" in told
    assert "によれば眠れない" in told
    assert "channel: phone; outcome: reached" in told
    for hidden in ("太郎", "taro", "counsellor-1", "triage-1", "内部の見立て", "評価に支障", kept_back):
        assert hidden not in told
    assert file.stat().st_mode & 0o777 == 0o600
    read = "SELECT count(*) FROM iehe.case_reads WHERE case_id = $1 AND staff_id = $2 AND what = 'extract'"
    assert await office.owner.fetchval(read, case_id, OFFICE) == 2
    logged = "SELECT count(*) FROM iehe.administration_log WHERE act = 'extract' AND subject = $1"
    assert await office.owner.fetchval(logged, case_id) == 1
