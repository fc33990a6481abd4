"""States are stored without what is not set, and are read again."""

from collections.abc import Iterator
from types import UnionType
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from cases.registry import PROCESSES


def may_be_none(kind: Any) -> bool:
    return get_origin(kind) in (Union, UnionType) and type(None) in get_args(kind)


def lost(kind: Any, seen: set[type], place: str) -> Iterator[str]:
    """Where None would be left out of what is stored, and could not be read back as None."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if kind not in seen:
            seen.add(kind)
            for name, field in kind.model_fields.items():
                if may_be_none(field.annotation) and (field.is_required() or field.default is not None):
                    yield f"{kind.__name__}.{name}"
                yield from lost(field.annotation, seen, f"{kind.__name__}.{name}")
        return
    if get_origin(kind) is dict and may_be_none(get_args(kind)[1]):
        yield f"{place} of None"
    for part in get_args(kind):
        yield from lost(part, seen, place)


@pytest.mark.parametrize("process", PROCESSES.values(), ids=list(PROCESSES))
def test_none_is_what_is_read_where_nothing_is_stored(process) -> None:
    """A cover of a case that had no owner yet could not be read again, and the case stood still."""
    assert list(lost(process.state, set(), process.name)) == []
