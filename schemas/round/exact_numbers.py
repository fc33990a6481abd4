"""Numbers of points, kept exactly: never a binary fraction, inside or on the way in or out."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

EXACT: Final = Context(prec=120, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
"""Sums and products of such numbers fit in; what would lose a digit is an error, not a rounding."""
_ROUNDING: Final = Context(prec=120, rounding=ROUND_HALF_UP)
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)


def exact(value: Any) -> Decimal:
    """A number of at most 12 digits before and 10 behind the point, from int, text or Decimal.

    Raises:
        ValueError: it is something else, above all a float, which has lost its digits already.
    """
    if isinstance(value, float):
        raise ValueError(f"{value!r} is a binary fraction: write it as text")  # noqa: TRY004 - as models want it
    if isinstance(value, Decimal):
        text = plain(value) if value.is_finite() else str(value)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        text = str(value)
    else:
        raise ValueError("a number is an int, a text or a Decimal")  # noqa: TRY004 - as models want it
    if _NUMBER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no number of at most 12 digits before and 10 behind the point")
    return value if isinstance(value, Decimal) else Decimal(text)


def plain(value: Decimal) -> str:
    """The number as text without exponent and without zeros that say nothing: 80.50 is `80.5`."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def rounded(value: Decimal, places: int) -> Decimal:
    """The number with so many places behind the point, half of the last one going up."""
    return value.quantize(Decimal(1).scaleb(-places), context=_ROUNDING)


Exact = Annotated[Decimal, BeforeValidator(exact), PlainSerializer(plain, when_used="json")]
"""A number that a TOML or JSON file gives as a whole number or as text."""
