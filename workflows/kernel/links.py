"""Links: facts of one process on which others act, as each declares it; rules L1-L10 of docs/links.md.

Whoever tells and whoever takes never import each other: the type `jp.ac.iehe.<producer>.<fact>` and the names
of the listed fields are all that they have in common.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, JsonValue, ValidationError

from schemas.kernel.case import FactOrigin
from schemas.kernel.payload import Payload
from schemas.kernel.refusals import Refusal

if TYPE_CHECKING:
    from workflows.kernel.draft import Draft

CHAIN_LIMIT: Final = 8
"""Facts of which each came from the one before; what would be one more is not told (L9)."""
CHAIN_TOO_LONG = "chain-too-long"
"""Kind of the task for what was not told."""
_ID_LENGTH: Final = 32
_PLAIN: Final = (bool, int, float, date, datetime, AwareDatetime, NoneType)


class Absent(StrEnum):
    """What becomes of a fact that finds no case (L4)."""

    START = "start"
    """It opens one, whose id follows from the fact: once, also after that case has ended."""
    WAIT = "wait"
    """It waits for one for days of its own; then it is a task."""
    STANDING = "standing"
    """It is kept as the latest of its key: a case that opens later asks for it (`Facts.standing`)."""


class Closed(StrEnum):
    """What becomes of a fact whose case has ended (L5)."""

    NOTE = "note"
    """It stands on the case's page; there is no step."""
    TASK = "task"
    """A person decides."""
    NEXT = "next"
    """It goes to the case that `iehe.<room>_successor(case)` names; where there is none, a person decides."""


@dataclass(frozen=True, slots=True)
class ByCase:
    """The case whose id is in a field."""

    field: str


@dataclass(frozen=True, slots=True)
class ByLabels:
    """The cases that have these labels: each with the field that has its value."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ByRoom:
    """The cases that `iehe.<room>_takes(type, data, key)` names."""


@dataclass(frozen=True, slots=True)
class IntoRows:
    """No case hears of it by a step: `iehe.<room>_take_row(type, data, key, withdrawn)` keeps it, in order.

    It answers whether there is anything to keep it with: if not, it waits as for a case. For what comes by
    the thousand and is looked at all together.
    """


Find = ByCase | ByLabels | ByRoom | IntoRows


@dataclass(frozen=True)
class Tells:
    """A fact that a process tells.

    Raises:
        TypeError: its model has a field that could hold words (L8).
    """

    model: type[Payload]
    """Its listed fields: codes, ids, dates, numbers and keyed hashes, nothing else."""
    keep: timedelta
    """For how long a process that comes later still gets it, and a case finds it standing; whole days."""
    key: str = ""
    """What identifies it beside the case that tells it, in words."""
    expected: tuple[str, ...] = ()
    """Processes that are to take it and may not be there yet: what waits for them is shown."""

    def __post_init__(self) -> None:
        """See that no field could hold words."""
        for name, each in self.model.model_fields.items():
            if not is_listed(each.annotation, tuple(each.metadata)):
                raise TypeError(f"{self.model.__name__}.{name} could hold words; a fact has codes and ids")


@dataclass(frozen=True)
class Takes:
    """A fact of another process that a process takes.

    Raises:
        TypeError: it neither starts a case nor leads to a step; or what it needs for that is missing.
    """

    find: Find | None
    """None: only the case that it has started."""
    absent: Absent
    closed: Closed
    data: type[Payload]
    """What the receiver reads of its fields; a person is marked as such where the room keys persons."""
    step: str | None = None
    """Of the table, for cases that are there; none: it only starts them."""
    apply: Callable[[Draft[Any], Any], None] | None = field(default=None)
    wait_days: int = 30
    start: Callable[[Any], Payload] | None = field(default=None)
    """How the form is made with which the case starts."""

    def __post_init__(self) -> None:
        """See that it is whole."""
        if (self.step is None) != (self.apply is None):
            raise TypeError("a step needs its rule")
        if (self.absent is Absent.START) != (self.start is not None):
            raise TypeError("what starts a case needs a form, and nothing else does")
        if self.step is None and self.start is None and not isinstance(self.find, IntoRows):
            raise TypeError("it leads to nothing")


def fact_id(producer: str, kind: str, key: str) -> str:
    """The id of a fact: the same at every sending (L2), and nothing that tells which case it is.

    Args:
        producer: the case that tells it, or what stands for it where none does.
        kind: its type.
        key: what identifies it beside that.
    """
    return hashlib.sha256(f"{producer}\n{kind}\n{key}".encode()).hexdigest()[:_ID_LENGTH]


def chain_after(origin: FactOrigin) -> list[str]:
    """The facts from which that comes to which a fact has led."""
    return [*origin.chain, origin.fact_id]


def listed(tells: Tells, kind: str, data: Payload | Mapping[str, JsonValue]) -> dict[str, Any]:
    """The data of a fact as JSON values.

    Raises:
        Refusal: it has a field that is not listed, or one that is not as it is listed.
    """
    given = data.model_dump(mode="json") if isinstance(data, Payload) else dict(data)
    if unlisted := given.keys() - tells.model.model_fields.keys():
        raise Refusal("fact-unlisted", type=kind, fields=", ".join(sorted(unlisted)))
    try:
        return tells.model.model_validate(given).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        raise Refusal("fact-unlisted", type=kind, fields=", ".join(sorted(wrong))) from None


def is_listed(annotation: Any, metadata: tuple[Any, ...] = ()) -> bool:
    """Whether a field can hold codes, ids, dates and numbers alone: a text needs a pattern without spaces."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return is_listed(inner, (*metadata, *more))
    if origin in (Union, UnionType, tuple):
        return all(is_listed(each, metadata) for each in get_args(annotation) if each is not ...)
    if origin is Literal or annotation in _PLAIN:
        return True
    if annotation is str:
        said = [each for given in metadata for each in (given, *getattr(given, "metadata", ()))]
        patterns = [str(getattr(each, "pattern", None) or "") for each in said]
        return any(each.startswith("^") and each.endswith("$") and " " not in each for each in patterns)
    return isinstance(annotation, type) and issubclass(annotation, Enum)
