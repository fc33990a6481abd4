"""Rounds of selection and their places, as a policy file or `iehe admission round add` gives them."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from activities.kernel.database import Connection
from activities.kernel.policy_tables import PolicyTables
from schemas.admission.applications import Programme, RoundId
from schemas.kernel.policies import PolicyDocument


class Round(BaseModel):
    """A round of selection."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    round_id: RoundId
    route: str
    title_ja: str
    title_en: str
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    post_cutoff_at: AwareDatetime | None = None
    enrol_by: date
    waitlist_until: date


class Rounds(PolicyTables):
    """The rounds that come with a policy, and the places that each programme has in each of them."""

    rounds: tuple[Round, ...] = ()
    places: dict[Programme, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)

    def dangling(self, document: PolicyDocument[Any]) -> Iterable[str]:
        """Rounds of routes that the policy does not have."""
        for each in self.rounds:
            if each.route not in document.routes:
                yield f"rounds.{each.round_id}: no route is called {each.route}"

    async def store(self, connection: Connection) -> list[str]:
        """Add the rounds that are not there yet."""
        return [each.round_id for each in self.rounds if await store_round(connection, each, self.places)]


async def store_round(connection: Connection, new: Round, places: dict[str, int]) -> bool:
    """Add a round with its places; False, and nothing changed, when it exists."""
    values = new.model_dump()
    columns = ", ".join(values)
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    async with connection.transaction():
        added = await connection.fetchval(
            f"INSERT INTO iehe.rounds ({columns}) VALUES ({marks}) "  # noqa: S608 - names of model fields
            "ON CONFLICT (round_id) DO NOTHING RETURNING round_id",
            *values.values(),
        )
        if added is None:
            return False
        await connection.executemany(
            "INSERT INTO iehe.round_places (round_id, programme, places) VALUES ($1, $2, $3)",
            [(new.round_id, programme, count) for programme, count in places.items()],
        )
    return True
