"""What is asked for of a round, and of the places in it."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from activities.admission.rounds import Round
from cases.admission.rounds import MOST_PLACES
from schemas.admission.applications import Programme, RoundId

Count = Annotated[int, Field(ge=0, le=MOST_PLACES)]


class PlacesForm(BaseModel):
    """How many places programmes have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    places: dict[Programme, Count] = Field(default_factory=dict, description="Places of each programme.")
    programme: Programme | None = Field(
        default=None, description="One more programme: its code, in small letters, digits and hyphens."
    )
    count: Count | None = Field(default=None, description="Its places.")

    @property
    def wanted(self) -> dict[str, int]:
        """By programme."""
        more = {self.programme: self.count} if self.programme and self.count is not None else {}
        return {**self.places, **more}


class RoundForm(PlacesForm):
    """A new round."""

    round_id: RoundId = Field(
        description="Code of the round: small letters, digits and hyphens, such as 2027-general."
    )
    route: str = Field(description="Route of the policy that its applications follow.")
    title_ja: str = Field(min_length=1, max_length=100, description="Name in Japanese.")
    title_en: str = Field(min_length=1, max_length=100, description="Name in English.")
    opens_at: AwareDatetime = Field(description="Applications from.")
    closes_at: AwareDatetime = Field(description="Applications until.")
    post_cutoff_at: AwareDatetime | None = Field(
        default=None, description="Post until: what arrives later does not count."
    )
    enrol_by: date = Field(description="Last day of enrolment.")
    waitlist_until: date = Field(description="Last day of the waitlist.")

    @property
    def round(self) -> Round:
        """The round without its places."""
        return Round(**{name: getattr(self, name) for name in Round.model_fields})
