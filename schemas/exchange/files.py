"""Rows of the files that the exchange office takes."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict


class NominationRow(BaseModel):
    """A student whom a home university nominates."""

    model_config = ConfigDict(frozen=True)

    family: str
    given: str = ""
    born: date
    nationality: str
    number: str
    mail: str
    agreement: str
    first: date
    last: date
    term: str
    partner: str
    faculty: str
    language: Literal["ja", "en"] = "en"
    months: Decimal | None = None
    needs_coe: bool = True


class AgreementRow(BaseModel):
    """What a partner may send in a term, as a whole (`all`) or to a faculty (X8)."""

    model_config = ConfigDict(frozen=True)

    term: str
    agreement: str
    partner: str
    faculty: str
    persons: int
    months: Decimal


class CoeRow(BaseModel):
    """What immigration says of one person of a batch (X13)."""

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    born: date
    result: Literal["issued", "denied", "more-documents"]
    on: date
