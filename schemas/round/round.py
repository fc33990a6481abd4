"""How a round begins: its dates, and by which rules it is ranked."""

from datetime import date
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.round.dates import disorder


class RoundForm(Payload):
    """All applications of one route and schedule are judged together: until when what is to be done."""

    rules: Code | None = Field(
        default=None,
        description="The route of the policy that has its rules; without, that of the round's own name.",
    )
    closes_at: AwareDatetime = Field(description="Until when applications count; scores are loaded after it.")
    exam_on: date | None = Field(default=None, description="The day of the examination, if it has one.")
    common_test_due: date | None = Field(
        default=None, description="By when the scores of the common test are there, if it asks for them."
    )
    first_stage_at: AwareDatetime | None = Field(
        default=None,
        description="The hour at which it is meant to be out who goes on; without, it is said later.",
    )
    release_at: AwareDatetime = Field(description="The hour at which results are meant to be out.")
    enrol_by: AwareDatetime = Field(description="Until when who is admitted enrols.")
    promote_from: AwareDatetime | None = Field(
        default=None, description="From when who waits is called; without, as the policy says."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        fault = disorder(self.model_dump())
        if fault is not None:
            raise ValueError(f"{fault[1]} comes after {fault[0]}")
        return self
