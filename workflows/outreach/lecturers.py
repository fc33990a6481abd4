"""Lecturers are named, asked one after the other, answer or stay silent, and may have to be replaced."""

from bisect import bisect_right
from datetime import date, datetime, time, timedelta

from pydantic import JsonValue

from schemas.kernel.deadlines import Deadline
from schemas.kernel.refusals import Refusal
from schemas.outreach.commands import AnswerLecture, NameLecturers, ReleaseLecturer
from schemas.outreach.facts import LecturerAnswered
from schemas.outreach.lookups import LecturerFound
from schemas.outreach.records import Booked, DateReleased, LecturerAsked
from schemas.outreach.roles import Role
from schemas.outreach.stages import Answer, Stage
from schemas.outreach.state import OutreachState
from workflows.outreach import intake
from workflows.outreach.intake import OutreachDraft, ahead, local, policy_of

ASKABLE = (None, Answer.OVER)
"""Answers of who can be asked: never asked, or about something else."""


def question(state: OutreachState, dates: list[datetime]) -> dict[str, JsonValue]:
    """What a lecturer is told: numbers, grade, title and dates, never who the pupils are."""
    return {
        "kind": state.kind,
        "title": state.title.model_dump(),
        "grade": state.grade,
        "persons": state.persons,
        "minutes": state.minutes,
        "dates": [at.isoformat() for at in dates],
    }


def name_lecturers(draft: OutreachDraft, command: NameLecturers) -> None:
    """Who is to be asked, in order: not busy, not over the load (O3, O4)."""
    state, named = draft.state, tuple(dict.fromkeys(command.lecturers))
    draft.require(bool(ahead(draft)), "dates-over")
    for lecturer in named:
        draft.require(state.asked.get(lecturer) in ASKABLE, "lecturer-asked", lecturer=lecturer)
    found = look_at(draft, named, ahead(draft))
    if named:
        for each in found:
            require_free(draft, each)
    free = [each.lecturer for each in found if each.free]
    state.queue = [lecturer for lecturer in free if state.asked.get(lecturer) in ASKABLE]
    draft.require(bool(state.queue), "no-lecturer")
    draft.details["lecturers"] = list(state.queue)
    draft.goto(Stage.OFFERING)


def look_at(draft: OutreachDraft, named: tuple[str, ...], dates: list[datetime]) -> list[LecturerFound]:
    """The named in order, or who has registered the topic or the field; locked until the step is over."""
    state = draft.state
    found = draft.look_up(
        "lecturers",
        case_id=state.case_id,
        named=list(named),
        topic=state.topic,
        field=state.field,
        spans=[[each.isoformat() for each in span_of(draft, at)] for at in dates],
        cap=policy_of(state).load_cap,
    )
    return [LecturerFound.model_validate(each) for each in found]


def span_of(draft: OutreachDraft, at: datetime) -> tuple[datetime, datetime, datetime, datetime]:
    """Begin and end of a lecture, first moments of the term in which it lies and of the next one (O4)."""
    day = draft.calendar.day_of(at)
    years, terms = (day.year - 1, day.year, day.year + 1), policy_of(draft.state).terms
    starts = [date.fromisoformat(f"{year}-{term}") for year in years for term in terms]
    here = bisect_right(starts, day)
    first, after = (
        datetime.combine(each, time(), draft.calendar.zone) for each in starts[here - 1 : here + 1]
    )
    return at, at + timedelta(minutes=draft.state.minutes), first, after


def require_free(draft: OutreachDraft, found: LecturerFound) -> None:
    """Refuse who is no lecturer, busy at every date, or gives as many lectures as one may (O4)."""
    lecturer = found.lecturer
    draft.require(found.active, "lecturer-unknown", lecturer=lecturer)
    draft.require(not found.full, "lecturer-full", lecturer=lecturer, cap=policy_of(draft.state).load_cap)
    draft.require(bool(found.free), "lecturer-busy", lecturer=lecturer)


def first_free(draft: OutreachDraft, lecturer: str, dates: list[datetime]) -> datetime:
    """The first of the dates at which a lecturer can come."""
    (found,) = look_at(draft, (lecturer,), dates)
    require_free(draft, found)
    return dates[found.free[0]]


def ask_next(draft: OutreachDraft) -> None:
    """The next in order has so many days to answer, and not longer than there is a date ahead (O3)."""
    state, dates = draft.state, ahead(draft)
    if not dates:
        draft.goto(Stage.WAITING_DATE)
        return
    if not state.queue:
        draft.goto(Stage.CHECKED)
        return
    lecturer, *state.queue = state.queue
    state.asked[lecturer] = Answer.ASKED
    draft.record(LecturerAsked(lecturer=lecturer, answer=Answer.ASKED))
    policy = policy_of(state).lecturer_answer
    deadline = draft.start_deadline("answer", policy, whose=lecturer)
    if deadline.due_at > max(dates):
        deadline = draft.start_deadline("answer", policy, whose=lecturer, due_at=max(dates))
    draft.open_task(
        "answer-lecture", Role.LECTURER, whose=lecturer, assignee=lecturer, deadline=deadline.name
    )
    ask(draft, lecturer, deadline)


def ask(draft: OutreachDraft, lecturer: str, deadline: Deadline) -> None:
    """The letter with the link by which it is answered."""
    facts = question(draft.state, ahead(draft)) | {"due_at": deadline.due_at.isoformat()}
    draft.notify("lecture-request", f"staff:{lecturer}", answer=AnswerLecture.step, **facts)


def answer_lecture(draft: OutreachDraft, command: AnswerLecture) -> None:
    """A lecturer's own answer."""
    _answer(draft, command.actor.id, command.answer, command.date, command.remark_id)


def lecturer_answered(draft: OutreachDraft, fact: LecturerAnswered) -> None:
    """The same told by the portal."""
    _answer(draft, fact.lecturer, fact.answer, fact.date)


def _answer(
    draft: OutreachDraft, lecturer: str, answer: str, at: datetime | None, remark_id: str | None = None
) -> None:
    """Yes or no; a yes after silence counts while nobody else has accepted (O3)."""
    state, standing = draft.state, draft.state.asked.get(lecturer)
    draft.require(standing is not None and standing is not Answer.OVER, "not-asked")
    draft.require(standing in (Answer.ASKED, Answer.SILENT), "lecture-answered")
    draft.require(state.stage in (Stage.OFFERING, Stage.CHECKED), "lecture-taken")
    draft.details.update(lecturer=lecturer, answer=answer, late=standing is Answer.SILENT)
    if answer == "no":
        _close_question(draft, lecturer, Answer.NO, remark_id)
        if standing is Answer.ASKED and state.stage == Stage.OFFERING:
            ask_next(draft)
        return
    possible = ", ".join(local(draft, each) for each in ahead(draft)) or "-"
    chosen = [each for each in ahead(draft) if at in (None, each)]
    draft.require(bool(chosen), "unknown-date", date=local(draft, at) if at else "-", possible=possible)
    date_free = first_free(draft, lecturer, chosen)
    _close_question(draft, lecturer, Answer.YES, remark_id)
    for other, theirs in state.asked.items():
        if theirs is Answer.ASKED:
            _close_question(draft, other, Answer.OVER)
            draft.notify("lecture-released", f"staff:{other}", cause="another-lecturer")
    book(draft, lecturer, date_free)
    # a date that the school has confirmed before stays confirmed, whoever comes
    draft.goto(Stage.CONFIRMED if state.confirmed == state.date else Stage.OFFERED)


def _close_question(
    draft: OutreachDraft, lecturer: str, answer: Answer, remark_id: str | None = None
) -> None:
    draft.state.asked[lecturer] = answer
    draft.close_task(f"answer-lecture:{lecturer}", how="moved_on" if answer is Answer.OVER else "done")
    draft.stop_deadline(f"answer:{lecturer}", how="cancelled" if answer is Answer.OVER else "met")
    draft.record(LecturerAsked(lecturer=lecturer, answer=answer, remark_id=remark_id))


def lecturer_silent(draft: OutreachDraft, deadline: Deadline) -> None:
    """Silence is a no, written by the clock; the next one is asked (O3)."""
    lecturer = deadline.name.partition(":")[2]
    draft.details["lecturer"] = lecturer
    _close_question(draft, lecturer, Answer.SILENT)
    ask_next(draft)


def book(draft: OutreachDraft, lecturer: str, at: datetime) -> None:
    """Only accepting reserves: the database holds the lecturer's time from now on (O4, K4)."""
    state = draft.state
    state.lecturer, state.date = lecturer, at
    draft.stop_deadline(intake.DATES)
    draft.stop_deadline(intake.ANSWER_SCHOOL)
    span = dict(zip(("starts_at", "ends_at", "term_from", "term_until"), span_of(draft, at), strict=True))
    draft.record(Booked(lecturer=lecturer, load_cap=policy_of(state).load_cap, **span))


def withdraw_questions(draft: OutreachDraft) -> None:
    """What was asked is about dates that do not stand any more: nobody's answer to it counts."""
    state = draft.state
    for lecturer, answer in state.asked.items():
        if answer is Answer.ASKED:
            _close_question(draft, lecturer, Answer.OVER)
            draft.notify("lecture-released", f"staff:{lecturer}", cause="dates-changed")
        else:
            state.asked[lecturer] = Answer.OVER
    state.queue = []


def free_lecturer(draft: OutreachDraft, cause: str, answer: Answer = Answer.OVER) -> None:
    """The lecturer who had accepted has the time back, is told so, and any journey booked for it is void."""
    state, lecturer = draft.state, draft.state.lecturer
    if lecturer is None or state.date is None:
        return
    state.date = None
    drop_reminders(draft)
    draft.finish(intake.CLOSURE)
    draft.record(DateReleased(cause=cause))
    draft.record(LecturerAsked(lecturer=lecturer, answer=answer))
    state.asked[lecturer] = answer
    draft.notify("lecture-released", f"staff:{lecturer}", cause=cause)


def drop_reminders(draft: OutreachDraft) -> None:
    """Nobody is reminded of a date that does not stand (K8)."""
    for deadline in [each for each in draft.state.deadlines.values() if each.kind == "lecture"]:
        draft.stop_deadline(deadline.name, how="cancelled")


def release_lecturer(draft: OutreachDraft, command: ReleaseLecturer) -> None:
    """Ill, or called away: the next on the list is asked about the same date, else a person looks (O5).

    The school hears of it once, when somebody else has accepted or the date is given up.
    """
    state = draft.state
    intake.give_reason(draft, command)
    if state.lecturer is None or state.date is None:
        raise Refusal("not-asked")
    draft.details["lecturer"] = state.lecturer
    state.dates = [state.date]
    free_lecturer(draft, "lecturer-ill", Answer.RELEASED)
    state.lecturer = None
    draft.goto(Stage.OFFERING)


def enter_offering(draft: OutreachDraft) -> None:
    """The first in order is asked."""
    draft.close_task(intake.FIND_LECTURER)
    if intake.DATES not in draft.state.deadlines and ahead(draft):
        intake.watch_dates(draft)
    ask_next(draft)
