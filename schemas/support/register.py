"""A row of the register of past counselling (相談台帳)."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from schemas.support.stages import Unit


class RegisterRow(BaseModel):
    """A concern about a student."""

    model_config = ConfigDict(frozen=True)

    received: date
    person: str
    kind: str
    ended: date | None = None
    name: str | None = None
    unit: Unit | None = None
    owner: str | None = None
    outcome: str | None = None
    note: str | None = None
    left: date | None = None
    concerned: tuple[str, ...] = ()
