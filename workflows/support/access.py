"""A student asks to see what is held about them (P8): answered in time, by the disclosure office alone.

It has nothing to do with where the case stands: it outlives the end of the case, and may begin after it.
Articles are those of the Act on the Protection of Personal Information; rule numbers those of
docs/processes/support.md.
"""

from collections.abc import Callable
from typing import Any, Final

from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal
from schemas.support.access import (
    AccessNoted,
    AccessRequest,
    AccessRequested,
    AnswerAccess,
    Asker,
    ExtendAccess,
    HandOver,
    NoteObjection,
    Part,
    RequestAccess,
)
from schemas.support.roles import Role
from workflows.kernel import deadlines as counting
from workflows.kernel.lifecycle import By, Step, step
from workflows.kernel.process import EventKind
from workflows.support.clocks import SupportDraft, policy_of

ACCESS: Final = "access"
ANSWER: Final = "access-request"
HAND_OVER: Final = "hand-over-extract"
OUTLASTING: Final = frozenset({ACCESS, ANSWER, HAND_OVER})
"""Deadline and tasks that the end of the case does not end."""
EXISTENCE: Final = "existence"
"""The ground that neither confirms nor denies that there is anything (art. 81)."""
ALL: Final = "all"
"""The ground of an answer that keeps nothing back."""
OFFICE: Final = frozenset({Role.DISCLOSURE})


def lines(stages: tuple[str, ...], ended: tuple[str, ...], triage: frozenset[Role]) -> tuple[Step, ...]:
    """Its lines of the table: in all stages; and its reminders go on where no other clock runs."""
    return (
        step("request-access", at=stages, by=triage | OFFICE),
        step("access-requested", at=stages, by=By.EVENT),
        *(
            step(each.step, at=stages, by=OFFICE)
            for each in (ExtendAccess, NoteObjection, AnswerAccess, HandOver)
        ),
        step("remind", at=ended, by=By.CLOCK),
    )


def request(draft: SupportDraft, command: RequestAccess) -> None:
    """Brought to the office in person or by letter."""
    _open(draft, Asker.PROVEN if command.identified else Asker.UNPROVEN)


def requested(draft: SupportDraft, fact: AccessRequested) -> None:
    """Asked at the portal, where people sign in: whether it is the person is known."""
    same = draft.look_up("is-person", case_id=draft.state.case_id, person=fact.person)
    _open(draft, {True: Asker.PROVEN, False: Asker.STRANGER, None: Asker.UNPROVEN}[same])


def _open(draft: SupportDraft, asker: Asker) -> None:
    state = draft.state
    draft.require(state.access is None, "access-open")
    deadline = draft.start_deadline(ACCESS, policy_of(state).access, since=draft.happened_at, keep=True)
    state.access = AccessRequest(number=state.version + 1, asker=asker, due_on=deadline.due_at)
    draft.open_task(ANSWER, Role.DISCLOSURE, deadline=ACCESS, keep=True)
    draft.details["asker"] = asker
    _note(draft)
    draft.notify("access-requested", f"role:{Role.DISCLOSURE}")


def extend(draft: SupportDraft, command: ExtendAccess) -> None:
    """Once, by as many days again, and the student is told (art. 83)."""
    found = _unanswered(draft)
    draft.require(not found.extended, "access-extended")
    draft.require(command.reason_id is not None, "reason-missing")
    longer = policy_of(draft.state).access_extension
    draft.stop_deadline(ACCESS, how="cancelled")
    deadline = draft.start_deadline(ACCESS, longer, since=found.due_on, keep=True)
    found.extended, found.due_on = True, deadline.due_at
    task = draft.state.tasks[ANSWER]
    task.due_at = deadline.due_at
    draft.change_task(task)
    draft.details["due_at"] = deadline.due_at.isoformat()
    _note(draft, reason_id=command.reason_id)
    draft.notify("access-news", "student")


def note_objection(draft: SupportDraft, command: NoteObjection) -> None:
    """The answer may disclose all the same; what it discloses waits, so that others can go to court (86)."""
    found = _unanswered(draft)
    draft.require(not found.objected, "objection-known")
    draft.require(command.reason_id is not None, "reason-missing")
    found.objected = True
    _note(draft, reason_id=command.reason_id)


def answer(draft: SupportDraft, command: AnswerAccess) -> None:
    """Which parts, and on which ground not the others; refused when who asks is not the person."""
    found, policy = _unanswered(draft), policy_of(draft.state)
    grounds = policy.access_grounds
    draft.require(command.ground in grounds, "unknown-code", given=command.ground, known=", ".join(grounds))
    proven = found.asker is Asker.PROVEN or (command.identified and found.asker is not Asker.STRANGER)
    draft.require(proven or not command.parts, "not-the-person")
    # who names a part confirms that there is something
    draft.require(not command.parts or command.ground != EXISTENCE, "access-existence")
    draft.require(command.ground == ALL or command.reason_id is not None, "reason-missing")
    draft.require(command.ground != ALL or bool(command.parts), "access-parts-missing")
    draft.require(bool(command.texts) == (Part.TEXTS in command.parts), "access-texts-named")
    texts = tuple(str(each) for each in command.texts)
    if texts:
        found_texts = draft.look_up("disclosable", case_id=draft.state.case_id, texts=list(texts))
        draft.require(found_texts, "text-not-disclosable")
    found.answered = True
    draft.details.update(ground=command.ground, parts=", ".join(command.parts))
    draft.close_task(ANSWER)
    draft.stop_deadline(ACCESS)
    if command.parts:
        wait = counting.count(HAND_OVER, policy.objection, draft.now, draft.calendar)
        found.open_from = wait.due_at if found.objected else draft.now
        draft.open_task(HAND_OVER, Role.DISCLOSURE, due_at=found.open_from, keep=True)
    _note(
        draft,
        ground=command.ground,
        parts=tuple(str(each) for each in command.parts),
        texts=texts,
        reason_id=command.reason_id,
    )
    if not command.parts:
        draft.state.access = None
    draft.notify("access-news", "student")


def hand_over(draft: SupportDraft, _command: HandOver) -> None:
    """Not before the time that others have to object in court."""
    found = draft.state.access
    if found is None or not found.answered or found.open_from is None:
        raise Refusal("access-unanswered")
    local = found.open_from.astimezone(draft.calendar.zone)
    draft.require(found.open_from <= draft.now, "access-waits", until=f"{local:%Y-%m-%d %H:%M}")
    draft.close_task(HAND_OVER)
    _note(draft, ended=True)
    draft.state.access = None


def _unanswered(draft: SupportDraft) -> AccessRequest:
    found = draft.state.access
    if found is None or found.answered:
        raise Refusal("no-access-request")
    return found


def _note(
    draft: SupportDraft,
    *,
    ended: bool = False,
    ground: str | None = None,
    parts: tuple[str, ...] = (),
    texts: tuple[str, ...] = (),
    reason_id: str | None = None,
) -> None:
    found = draft.state.access
    if found is None:
        raise RuntimeError("there is no request to note")
    over = ended or (found.answered and found.open_from is None)
    draft.record(
        AccessNoted(
            request=found.number,
            due_at=found.due_on,
            state="ended" if over else "answered" if found.answered else "open",
            extended=found.extended,
            objected=found.objected,
            ground=ground,
            parts=parts,
            texts=texts,
            open_from=found.open_from,
            reason_id=reason_id,
        )
    )


DECISIONS: Final[dict[type[Command], Callable[[SupportDraft, Any], None]]] = {
    RequestAccess: request,
    ExtendAccess: extend,
    NoteObjection: note_objection,
    AnswerAccess: answer,
    HandOver: hand_over,
}
EVENTS: Final = {"access-requested": EventKind("access-requested", AccessRequested, requested)}
