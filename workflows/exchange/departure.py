"""The end of the stay: room, debts, ward office; then the transcript, the survey, and nothing is owed."""

from schemas.exchange.commands import (
    RecordDebts,
    RecordDeparture,
    RecordGrades,
    RecordWardOffice,
    ReleaseTranscript,
)
from schemas.exchange.facts import DebtsChanged, GradesReady
from schemas.exchange.records import ArrivalSeen, TranscriptReleased
from schemas.exchange.roles import Role
from schemas.exchange.stages import Housing, Stage
from schemas.exchange.state import ExchangeState
from schemas.kernel.deadlines import Deadline
from workflows.exchange import housing, intake, money, tutors
from workflows.exchange.dates import ExchangeDraft, policy_of

TRANSCRIPT = "transcript"


def leaving_begins(draft: ExchangeDraft, _deadline: Deadline) -> None:
    """Four weeks before the end."""
    draft.goto(Stage.DEPARTING)


def enter_departing(draft: ExchangeDraft) -> None:
    """What is to be done before leaving; the ward office from fourteen days before."""
    state = draft.state
    _, last = state.stay
    draft.open_task("departure", Role.OFFICE)
    draft.notify("leaving", "student", due_on=f"{last:%Y-%m-%d}")


def departed_gate(state: ExchangeState) -> list[str]:
    """What is missing before somebody has left in order."""
    missing = []
    if housing.housing_of(state) in (Housing.CONFIRMED, Housing.CHECKED_IN):
        missing.append("room")
    if state.debts:
        missing.append("debts")
    if not state.ward_office:
        missing.append("ward-office")
    return missing


def completed_gate(state: ExchangeState) -> list[str]:
    """What is missing before all is done."""
    missing = [] if state.transcript is not None else ["transcript"]
    if not state.surveyed:
        missing.append("survey")
    return [*missing, *(owed.key for owed in state.owes)]


def debts_changed(draft: ExchangeDraft, fact: DebtsChanged) -> None:
    """From the treasury or the library."""
    _debts(draft, is_open=fact.open)


def record_debts(draft: ExchangeDraft, command: RecordDebts) -> None:
    """Entered by the office."""
    _debts(draft, is_open=command.open)


def _debts(draft: ExchangeDraft, *, is_open: bool) -> None:
    draft.state.debts = is_open
    draft.details["debts"] = is_open


def record_ward_office(draft: ExchangeDraft, _command: RecordWardOffice) -> None:
    """The student's own duty within fourteen days (X17); not where the card is returned at the airport."""
    draft.state.ward_office = True


def record_departure(draft: ExchangeDraft, command: RecordDeparture) -> None:
    """Left Japan; the day goes to the home university."""
    draft.require(command.on <= draft.calendar.day_of(draft.now), "in-future")
    draft.state.left_on = command.on
    draft.details["on"] = f"{command.on:%Y-%m-%d}"
    draft.goto(Stage.DEPARTED)


def enter_departed(draft: ExchangeDraft) -> None:
    """The transcript is owed to the home university within eight weeks; the survey goes out."""
    state = draft.state
    for name in [each.name for each in state.deadlines.values() if each.kind == "confirm-month"]:
        draft.stop_deadline(name, how="cancelled")
    draft.record(ArrivalSeen(on=state.left_on or draft.calendar.day_of(draft.now), left=True))
    for owed in (intake.QUOTA, "register", housing.BED_OWED):
        draft.settle(owed)
    money.end(draft)
    tutors.end(draft)
    draft.notify("student-left", "coordinator", date=f"{state.left_on:%Y-%m-%d}")
    draft.notify("survey", "student")
    state.surveyed = True
    draft.start_deadline(TRANSCRIPT, policy_of(state).transcript)
    draft.open_task("release-transcript", Role.REGISTRAR, deadline=TRANSCRIPT)
    if not state.grades:
        draft.open_task("chase-grades", Role.COORDINATOR, deadline=TRANSCRIPT)


def grades_ready(draft: ExchangeDraft, _fact: GradesReady) -> None:
    """From the registrar's system."""
    _grades(draft)


def record_grades(draft: ExchangeDraft, _command: RecordGrades) -> None:
    """Entered by hand."""
    _grades(draft)


def _grades(draft: ExchangeDraft) -> None:
    draft.state.grades = True
    draft.close_task("chase-grades")


def release_transcript(draft: ExchangeDraft, command: ReleaseTranscript) -> None:
    """Only with all grades, or said to be partial; never while something is owed (gate of the registrar).

    Raises:
        Refusal: debts, or open grades.
    """
    state = draft.state
    intake.check_version(draft, command.version)
    draft.require(not state.debts, "debts-open")
    draft.require(state.grades or command.partial, "grades-open")
    state.transcript = "released" if state.grades else "partial"
    draft.details["transcript"] = state.transcript
    if command.reason_id is not None:
        draft.details["reason_id"] = command.reason_id
    draft.record(TranscriptReleased(partial=not state.grades))
    draft.notify("transcript-released", "coordinator", partial=not state.grades)
    draft.close_task("release-transcript")
    draft.stop_deadline(TRANSCRIPT)


def all_done(state: ExchangeState) -> bool:
    """Whether nothing is missing and nothing is owed."""
    return state.stage == Stage.DEPARTED and not completed_gate(state)


def complete(draft: ExchangeDraft) -> None:
    """By itself."""
    draft.goto(Stage.COMPLETED)
