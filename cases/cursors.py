"""Where a list goes on: the place of the last entry seen, as a text that can be handed out and taken back."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

P = TypeVar("P", bound=tuple[Any, ...])
_YEARS: Final = range(1900, 2200)


class UnknownCursorError(ValueError):
    """A text that no list has handed out."""


def cursor_of(place: Sequence[Any]) -> str:
    """The text for a place."""
    text = json.dumps(place, ensure_ascii=True, default=datetime.isoformat).encode()
    return urlsafe_b64encode(text).decode("ascii").rstrip("=")


def place_of(cursor: str, shape: type[P]) -> P:
    """The place that a text stands for.

    Raises:
        UnknownCursorError: it was made up, and may hold what PostgreSQL cannot be asked.
    """
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        place = TypeAdapter(shape).validate_json(text)
        return cast("P", tuple(map(_in_range, place)))
    except (ValidationError, binascii.Error, ValueError, OverflowError):
        raise UnknownCursorError(cursor) from None


def _in_range(value: Any) -> Any:
    """What PostgreSQL and Python agree on."""
    if isinstance(value, str) and "\0" in value:
        raise ValueError("not a text of a list")
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None or value.year not in _YEARS:
        raise ValueError("not a moment of a list")
    return value.astimezone(UTC)
