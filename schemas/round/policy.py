"""The policy of a round: the rules of ranking, and until when whom what is asked."""

from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.kernel.batches import BatchMapping
from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.identifiers import Code
from schemas.kernel.policies import ProcessPolicy
from schemas.round.disclosure import DisclosurePolicy
from schemas.round.ending import HandOverPolicy
from schemas.round.rejudgment import RejudgmentPolicy
from schemas.round.rules import RankingRules
from schemas.round.waitlist import CallingPolicy


class RoundPolicy(ProcessPolicy):
    """What a year may change; a round keeps the version that was fixed when it opened."""

    rules: RankingRules
    waitlist: dict[str, int] = Field(default_factory=dict)
    """By programme, how many at most wait until the meeting says another number; none without."""
    mappings: dict[Code, BatchMapping] = Field(default_factory=dict)
    """By their keys, how files of the year are read; without, none is (R13)."""
    needs_elsewhere: bool = False
    """Whether lists are made only once it is known who enrolled elsewhere, as for a later schedule (R26)."""
    exam_score_days: int = Field(default=7, ge=0)
    """Calendar days after the examination within which its scores are there."""
    fix_rules: DeadlinePolicy
    applications: DeadlinePolicy
    """Ends with the round's own hour."""
    common_test: DeadlinePolicy
    exam_scores: DeadlinePolicy
    confirmation: DeadlinePolicy
    """Ends on the working day before the release."""
    release: DeadlinePolicy
    """Ends with the hour of the release."""
    telling: DeadlinePolicy
    """Ends when the next cases are told."""
    enrolment: DeadlinePolicy
    """Ends with the round's own hour."""
    promotion: DeadlinePolicy = DeadlinePolicy(days=0)
    """Ends at the next moment at which something of the waitlist changes by the clock."""
    calling: CallingPolicy = CallingPolicy()
    outputs: tuple[Literal["board", "portal", "letters"], ...] = ()
    """What goes out of the results, and is compared with them afterwards (R27)."""
    hand_over: HandOverPolicy = HandOverPolicy()
    rejudgment: RejudgmentPolicy = RejudgmentPolicy()
    disclosure: DeadlinePolicy = DeadlinePolicy(days=0)
    """Ends when scores are disclosed, and then when they are no more."""
    disclosing: DisclosurePolicy = DisclosurePolicy()

    @model_validator(mode="after")
    def _mappings_fit_the_rules(self) -> Self:
        codes = [self.hand_over.code_of(programme.key) for programme in self.rules.programmes]
        if len(set(codes)) != len(codes):
            raise ValueError("hand_over: two programmes have one code of the registrar's")
        for name, mapping in self.mappings.items():
            if mapping.key != name:
                raise ValueError(f"mapping {name}: its key is {mapping.key}")
            if mapping.counted:
                _check_parts(mapping, self.rules)
        return self


def _check_parts(mapping: BatchMapping, rules: RankingRules) -> None:
    """What a file brings is what the rules count, out of as many marks.

    Raises:
        ValueError: it is not.
    """
    converted = {each.part for each in rules.conversions}
    marks = {part.key: part.full_marks for part in rules.parts if part.key not in converted} | rules.subjects
    for part in mapping.parts:
        if part.code not in marks:
            raise ValueError(f"mapping {mapping.key}: {part.code} is no part or subject of the rules")
        if part.full != marks[part.code]:
            raise ValueError(f"mapping {mapping.key}: {part.code} has other full marks in the rules")
