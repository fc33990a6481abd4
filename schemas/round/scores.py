"""Who is ranked: an application's scores and choices, without anything that tells who it is (R21)."""

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer

from schemas.kernel.identifiers import Code
from schemas.kernel.payload import Payload
from schemas.round.exact_numbers import exact, plain

ABSENT: Final = "absent"
EXEMPT: Final = "exempt"


def _score(value: Any) -> Decimal | str:
    if value in (ABSENT, EXEMPT):
        return str(value)
    try:
        return exact(value)
    except ValueError:
        # without its cause, which names the value: faults are logged, and scores never are
        raise ValueError(
            "a score is a number of at most 12 digits before and 10 behind the point, as int or text, and no"
            " binary fraction; or absent or exempt"
        ) from None


def _told(value: Decimal | str) -> str:
    return value if isinstance(value, str) else plain(value)


Score = Annotated[
    Decimal | Literal["absent", "exempt"],
    BeforeValidator(_score),
    PlainSerializer(_told, return_type=str, when_used="json"),
]
"""Points, or why there are none: 0, nothing and absent are three."""


class Candidate(Payload):
    """One application as its lists need it."""

    model_config = ConfigDict(hide_input_in_errors=True)

    application: str = Field(min_length=1, max_length=64)
    person: str = Field(min_length=1, max_length=128)
    """Opaque, and the same in every application of one person."""
    choices: tuple[Code, ...] = Field(min_length=1)
    """Innermost frames, or programmes that have one only; the most wanted first."""
    scores: dict[Code, Score]
    """By part, or by subject where subjects count as one."""
    answered: tuple[Code, ...] = ()
    """Subjects in the order in which they were answered, as far as it is known."""
    not_considered: Code | None = None
    """Why nothing is decided about the application, such as `enrolled-earlier` or `withdrawn`."""
    not_considered_at: dict[Code, Code] = Field(default_factory=dict)
    """The same of one programme alone, such as `first-stage`."""
