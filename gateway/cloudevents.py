"""CloudEvents 1.0 as our senders write them: which case an event is for, and whether it is of a form we take.

The three modes of the HTTP binding (structured, binary, batch) end in the same `Arrival`, so the same event
is the same row whichever way it came. The data models of the processes forgive unknown fields, because a
running case must survive a rollout; a door does not, because nobody else tells the sender of a typing error.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from cases.apart import Kept, Marks, Words, is_apart, put_apart
from cases.registry import PROCESSES
from gateway.problems import Fault, Invalid, faults_of, pointer
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import MessageId, event_type
from workflows.kernel.process import EventKind, Process, Reach


@cache
def subject_of(pattern: str) -> TypeAdapter[str]:
    """The form of a process's business key, which is the `subject` of its events."""
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


EVENT_TYPES: Final[Mapping[str, tuple[str, EventKind]]] = {
    event_type(process, fact): (process, kind)
    for process, rules in PROCESSES.items()
    for fact, kind in rules.events.items()
}
"""Every type by its CloudEvents name, those that only cases may use too."""

ATTRIBUTES: Final = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"}
)
_TIME: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
YEARS: Final = range(1900, 2200)
_EXTENSION: Final = re.compile(r"[a-z0-9]{1,20}")
_EXTENSION_LIMIT: Final = 1024
_EVENT_ID: Final = TypeAdapter[str](MessageId)
_NO_TEXT: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
"""What no text of CloudEvents 1.0 (section 3.1) may hold: control characters, and what is no character."""
_SCHEMA_URI: Final = r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,400}$"


def is_text(value: str) -> bool:
    """Whether an attribute may have this value."""
    return _NO_TEXT.search(value) is None


def is_event_id(value: Any) -> bool:
    """Whether an event may have this id."""
    try:
        _EVENT_ID.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _moment(value: Any) -> Any:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("not a time of RFC 3339 with its offset")
    moment = datetime.fromisoformat(value.upper())
    if moment.year not in YEARS:
        raise ValueError("not a time that a case can have")
    return moment.astimezone(UTC)


def _json_only(value: str) -> str:
    media_type, _, parameter = (part.strip().lower() for part in value.partition(";"))
    if media_type != "application/json" or parameter not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise ValueError("not application/json")
    return "application/json"


class CloudEvent(BaseModel):
    """The attributes of an event; nothing is filled in for a sender who left it out."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", use_attribute_docstrings=True)

    specversion: Literal["1.0"]
    id: MessageId
    """Of the fact; with `source`: the same one counts once."""
    source: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._:/-]+$")
    """The URI that the sender is registered with."""
    type: str = Field(min_length=1, max_length=128)
    subject: str = Field(min_length=1, max_length=64)
    """Business key of the case."""
    time: Annotated[datetime, BeforeValidator(_moment)] | None = None
    """When it happened; a deadline is kept when it happened in time."""
    datacontenttype: Annotated[str, AfterValidator(_json_only)] | None = None
    dataschema: Annotated[str, StringConstraints(pattern=_SCHEMA_URI)] | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that is taken, and the case it is for."""

    process: str
    case_id: str
    event: CloudEvent
    data: dict[str, JsonValue]
    words: tuple[Words | Kept, ...] = ()
    """What is stored beside it."""

    @property
    def said(self) -> dict[str, Any]:
        """What the sender means, by the attribute that says it; beside `source` and `id`, which name it.

        `time` is no part of it: public libraries set it anew when an event is built again. Neither are
        extension attributes, such as those of tracing, nor in which mode and media type the event came.
        """
        return {"type": self.event.type, "subject": self.case_id, "data": self.data}

    @property
    def reaches(self) -> Reach | None:
        """By what it finds its cases, where it is about many."""
        known = known_type(self.event.type)
        return known[1].reaches if known is not None else None

    def about(self, subject: str) -> "Arrival":
        """The same for another case."""
        return replace(self, event=self.event.model_copy(update={"subject": subject}))

    def envelope(self, received_at: datetime) -> EventEnvelope:
        """As the case gets it."""
        event = self.event
        return EventEnvelope(
            id=event.id,
            source=event.source,
            type=event.type,
            occurred_at=event.time,
            received_at=received_at,
            data=self.data,
        )


def apart(marks: Marks | None, arrival: Arrival) -> Arrival:
    """An arrival without what is personal in it, and for the case that it is for."""
    process, kind, event = PROCESSES[arrival.process], known_type(arrival.event.type), arrival.event
    if kind is None or not is_apart(process, kind[1]):
        return arrival
    if marks is None:
        raise LookupError(f"{arrival.process} takes facts only where its keys are")
    put = put_apart(marks, process, kind[1], event.subject, event.source, event.id, arrival.data)
    return replace(arrival, case_id=put.case_id, data=put.data, words=put.words)


def arrival_of(value: Any, *prefix: int) -> Arrival:
    """Read one event.

    Args:
        value: the event as structured mode has it.
        prefix: where it stands in the document.

    Raises:
        Invalid: with every fault that can be told.
    """
    if not isinstance(value, dict):
        raise Invalid([Fault(pointer(*prefix), "dict_type")])
    own = {name: each for name, each in value.items() if name in ATTRIBUTES or name == "data"}
    faults = list(_attribute_faults(value, prefix))
    event = None
    try:
        event = CloudEvent.model_validate(own)
    except ValidationError as error:
        faults += faults_of(error, *prefix)
    known = known_type(own.get("type"))
    if known is None:
        if not any(fault.at == pointer(*prefix, "type") for fault in faults):
            faults.append(Fault(pointer(*prefix, "type"), "unknown_type"))
        raise Invalid(faults)
    process, kind = known
    if event is not None and not _is_subject(PROCESSES[process], kind, event):
        faults.append(Fault(pointer(*prefix, "subject"), "not_a_business_key"))
    data, data_faults = _data(kind, own.get("data", {}), prefix)
    if faults or data_faults or event is None:
        raise Invalid((*faults, *data_faults), data_only=not faults)
    return Arrival(process, PROCESSES[process].case_id(event.subject), event, data)


def _is_subject(process: Process[Any], kind: EventKind, event: CloudEvent) -> bool:
    """Whether it can be about that; what is about a member of staff is about nobody else."""
    try:
        subject_of(process.subject_of(kind)).validate_python(event.subject)
    except ValidationError:
        return False
    return kind.reaches is not Reach.STAFF or event.data.get("staff_id") in (None, event.subject)


def known_type(kind: Any) -> tuple[str, EventKind] | None:
    """The process and the kind of a type; None when it is none."""
    return EVENT_TYPES.get(kind) if isinstance(kind, str) else None


def _data(kind: EventKind, sent: Any, prefix: tuple[int, ...]) -> tuple[dict[str, JsonValue], list[Fault]]:
    if not isinstance(sent, dict):
        return {}, []  # the envelope's own fault
    try:
        # as JSON, so that a date may be a text and nothing else may be anything but itself
        data = kind.data.model_validate_json(json.dumps(sent), strict=True, extra="forbid")
    except ValidationError as error:
        return {}, faults_of(error, *prefix, "data")
    return data.model_dump(mode="json", exclude_unset=True), []


def _attribute_faults(value: Mapping[str, Any], prefix: tuple[int, ...]) -> Iterable[Fault]:
    for name, content in value.items():
        if name == "data":
            continue
        own = name in ATTRIBUTES
        if not own and (name == "data_base64" or not _EXTENSION.fullmatch(name)):
            yield Fault(pointer(*prefix, name), "not_an_attribute")
        elif not _is_value(content, own=own):
            yield Fault(pointer(*prefix, name), "not_an_attribute_value")


def _is_value(content: Any, *, own: bool) -> bool:
    if isinstance(content, str):
        return is_text(content) and (own or len(content) <= _EXTENSION_LIMIT)
    return own or isinstance(content, bool | int)
