"""Disclosure of scores (成績開示, R9): from one day of the year to another, to who has asked for their own.

The portal proves that it is the applicant who asks. What is shown is read by doors from rows and never stands
in a step. One doubt about one score has the whole column checked by another person, and nobody is shown it
until that is done: one question can uncover many cases.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from schemas.kernel.deadlines import Deadline
from schemas.kernel.japan import TOKYO
from schemas.kernel.refusals import Refusal
from schemas.round.commands import ConfirmColumn, DoubtScore
from schemas.round.disclosure import (
    ColumnConfirmed,
    ColumnDoubted,
    ColumnResult,
    DisclosureNoted,
    DisclosurePolicy,
    DisclosureRequested,
)
from schemas.round.roles import Role
from schemas.round.rules import RankingRules
from schemas.round.stages import Stage
from schemas.round.waitlist import moment_in
from workflows.round.ground import REJUDGE, RoundDraft, policy_of

BEGINS: Final = "disclosure"
ENDS: Final = "disclosure-end"
CLOSE: Final = "close-round"
CHECK: Final = "check-column"
APPLICATIONS: Final = "admission"
"""First part of the ids of the cases that ask."""
NOT_LISTED: Final = "not-listed"
"""Why there is nothing to be shown: no list that is out has a line of the application."""
DOUBTED_AT: Final = (Stage.ENROLLING, Stage.SUPPLEMENTING, Stage.SETTLED, Stage.DISCLOSING)
"""Before results are out a score is corrected; afterwards it is doubted."""
A_MOMENT: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Window:
    """The policy's time in the year of a round; both ends lie in it."""

    since: datetime
    until: datetime

    @classmethod
    def of(cls, policy: DisclosurePolicy, year: int) -> "Window":
        """In a year."""
        return cls(moment_in(year, policy.disclose_from), moment_in(year, policy.disclose_until))

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until + timedelta(minutes=1)

    @property
    def told(self) -> dict[str, str]:
        """For people, in Tokyo."""
        moments = {"since": self.since, "until": self.until}
        return {name: f"{each.astimezone(TOKYO):%Y-%m-%d %H:%M}" for name, each in moments.items()}


def window_of(draft: RoundDraft) -> Window:
    """The time in which scores of this round are disclosed."""
    return Window.of(policy_of(draft.state).disclosing, draft.state.year)


def columns_of(rules: RankingRules) -> tuple[str, ...]:
    """What files have a column of: subjects, and parts that do not count by subjects."""
    converted = {each.part for each in rules.conversions}
    parts = [part.key for part in rules.parts if part.key not in converted]
    return (*parts, *rules.subjects)


def wait(draft: RoundDraft) -> None:
    """Scores are disclosed from a day of the year on."""
    due = max(window_of(draft).since, draft.now + A_MOMENT)
    draft.start_deadline(BEGINS, policy_of(draft.state).disclosure, due_at=due)


def begin(draft: RoundDraft, _deadline: Deadline) -> None:
    """The day has come."""
    draft.goto(Stage.DISCLOSING)


def enter_disclosing(draft: RoundDraft) -> None:
    """Until the last day."""
    due = max(window_of(draft).until + timedelta(minutes=1), draft.now + A_MOMENT)
    draft.start_deadline(ENDS, policy_of(draft.state).disclosure, due_at=due)


def end(draft: RoundDraft, _deadline: Deadline) -> None:
    """Nobody asks any more: the head can end the round."""
    draft.open_task(CLOSE, Role.HEAD_OF_ADMISSIONS)


def disclosure_requested(draft: RoundDraft, fact: DisclosureRequested) -> None:
    """Noted in rows; whoever asks twice has asked once.

    Raises:
        Refusal: it is not the time, or no such application is one of the round.
    """
    window = window_of(draft)
    draft.require(draft.happened_at in window, "disclosure-time", **window.told)
    application = f"{APPLICATIONS}/{fact.application}"
    found = draft.look_up("applicant", case_id=draft.state.case_id, application=application)
    draft.require(found is not None, "application-unknown", number=fact.application)
    refused = None if found["listed"] else NOT_LISTED
    draft.record(DisclosureNoted(application=application, at=draft.happened_at, refused=refused))


def doubt_score(draft: RoundDraft, command: DoubtScore) -> None:
    """The whole column is checked, and meanwhile nobody is shown it.

    Raises:
        Refusal: there is no such column or number, no reason is given, or it is checked already.
    """
    known = columns_of(policy_of(draft.state).rules)
    draft.require(command.part in known, "part-unknown", part=command.part, known=", ".join(known))
    if command.reason_id is None:
        raise Refusal("reason-required", step=command.step)
    case_id = draft.state.case_id
    draft.require(command.part not in _checked(draft), "column-checked-already", part=command.part)
    examinee = draft.look_up("examinee", case_id=case_id, number=command.number)
    draft.require(bool(examinee), "application-unknown", number=command.number)
    draft.details.update(part=command.part, reason_id=command.reason_id)
    draft.record(ColumnDoubted(part=command.part, number=command.number, reason_id=command.reason_id))
    draft.open_task(CHECK, Role.CHECKER, whose=command.part, keep=True)


def confirm_column(draft: RoundDraft, command: ConfirmColumn) -> None:
    """Another person has looked at every value; where one is wrong, the head has the round judged again.

    Raises:
        Refusal: the column is not being checked, or it is the person who has doubted it.
    """
    checked = _checked(draft)
    draft.require(command.part in checked, "column-not-checked", part=command.part)
    draft.require(checked.get(command.part) != draft.actor.id, "column-second-person")
    draft.details.update(part=command.part, result=str(command.result))
    draft.record(ColumnConfirmed(part=command.part, result=command.result))
    draft.close_task(f"{CHECK}:{command.part}")
    if command.result is ColumnResult.WRONG:
        draft.open_task(REJUDGE, Role.HEAD_OF_ADMISSIONS, whose=command.part, keep=True)


def require_over(draft: RoundDraft) -> None:
    """Nobody may ask for scores any more, and no column is being checked.

    Raises:
        Refusal: somebody may, or one is.
    """
    window = window_of(draft)
    running = draft.now < window.until + timedelta(minutes=1)
    draft.require(not running, "disclosure-running", until=window.told["until"])
    checked = _checked(draft)
    draft.require(not checked, "columns-open", parts=", ".join(checked))


def _checked(draft: RoundDraft) -> dict[str, str]:
    """Columns that are being checked, with who has doubted each."""
    return dict(draft.look_up("column-checks", case_id=draft.state.case_id))
