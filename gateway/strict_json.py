"""JSON as the doors take it: UTF-8, no name twice, no number or text that another reader takes otherwise."""

import json
from collections.abc import Iterator
from typing import Any, Final

from gateway.problems import Fault, Invalid, pointer
from schemas.kernel.texts import storable

DEPTH_LIMIT: Final = 32
_NUMBER_LIMIT: Final = 2**53
_DIGITS: Final = 17
_FLOAT_LIMIT: Final = 1e300


def parse(body: bytes) -> Any:
    """The value of a body.

    Raises:
        Invalid: not UTF-8, not JSON, a name twice in one object, NaN or Infinity, a number beyond 2^53,
            nested deeper than `DEPTH_LIMIT`, or a text that PostgreSQL does not store.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_float,
        )
    except RecursionError:
        raise Invalid([Fault("", "too_deep")]) from None
    except ValueError:
        raise Invalid([Fault("", "json_invalid")]) from None
    if faults := list(_unstorable(value, ())):
        raise Invalid(faults)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Invalid([Fault("", "duplicate_name")])
    return members


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS or abs(number := int(digits)) > _NUMBER_LIMIT:
        raise Invalid([Fault("", "number_out_of_range")])
    return number


def _float(digits: str) -> float:
    number = float(digits)
    if not abs(number) <= _FLOAT_LIMIT:  # NaN is neither more nor less
        raise Invalid([Fault("", "number_out_of_range")])
    return number


def _unstorable(value: Any, at: tuple[str | int, ...]) -> Iterator[Fault]:
    if len(at) > DEPTH_LIMIT:
        yield Fault(pointer(), "too_deep")
    elif isinstance(value, str):
        if not storable(value):
            yield Fault(pointer(*at), "unstorable_text")
    elif isinstance(value, dict):
        for name, member in value.items():
            if storable(name):
                yield from _unstorable(member, (*at, name))
            else:
                yield Fault(pointer(*at), "unstorable_text")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _unstorable(member, (*at, number))
