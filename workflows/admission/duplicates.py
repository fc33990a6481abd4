"""Admission rules of possible duplicates: whose application is whose, found by a person (A14)."""

from schemas.admission.commands import ReopenDuplicate, ResolveDuplicate
from schemas.admission.records import DecisionRecorded, DuplicateResolved
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from workflows.admission.intake import AdmissionDraft


def resolve_duplicate(draft: AdmissionDraft, command: ResolveDuplicate) -> None:
    """A person has decided whether it is the same applicant twice (A14)."""
    state = draft.state
    draft.require("resolve-duplicate" in state.tasks, "no-duplicate")
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    state.duplicate_of = _duplicates_named(draft, command) if command.same_person else []
    draft.close_task("resolve-duplicate")
    draft.details.update(same_person=command.same_person, kept=command.keep or not command.same_person)
    draft.details["duplicate_of"] = list(state.duplicate_of)
    _record_finding(draft, command)
    if command.same_person and not command.keep:
        draft.record(DecisionRecorded(decision=Stage.WITHDRAWN, reason_code="duplicate"))
        draft.notify("duplicate-closed", "applicant")
        draft.goto(Stage.WITHDRAWN)


def _duplicates_named(draft: AdmissionDraft, command: ResolveDuplicate) -> list[str]:
    candidates = draft.state.duplicates
    listed = ", ".join(candidates)
    draft.require(bool(command.duplicate_of) or len(candidates) == 1, "duplicate-unnamed", candidates=listed)
    for named in command.duplicate_of:
        draft.require(named in candidates, "unknown-duplicate", duplicate=named, candidates=listed)
    return [each for each in candidates if each in command.duplicate_of] or list(candidates)


def reopen_duplicate(draft: AdmissionDraft, command: ReopenDuplicate) -> None:
    """A wrong finding is taken back while nothing has followed from it, and asked again (A14)."""
    state = draft.state
    found = bool(state.duplicates) and "resolve-duplicate" not in state.tasks
    draft.require(found, "no-finding")
    draft.require(command.reason_id is not None, "reason-required", step=command.step)
    state.duplicate_of = []
    _record_finding(draft, command)
    draft.open_task("resolve-duplicate", Role.ADMISSIONS_OFFICE, keep=True)


def _record_finding(draft: AdmissionDraft, command: ResolveDuplicate | ReopenDuplicate) -> None:
    draft.record(
        DuplicateResolved(
            others=tuple(draft.state.duplicates),
            same_person=tuple(draft.state.duplicate_of),
            taken_back=isinstance(command, ReopenDuplicate),
            goes_on=isinstance(command, ReopenDuplicate) or command.keep or not command.same_person,
            reason_id=command.reason_id,
        )
    )
