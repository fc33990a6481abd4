"""The three ways of the CloudEvents HTTP binding in which events come, read into one form.

A signature of Standard Webhooks covers the message id, the time and the body, and no other header. So that
nobody can put another subject on a signed body, a signed message in binary mode carries the digest of its
attributes as its id (`attributes_id`), and no other message may have an id of that form.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gateway.cloudevents import Arrival, arrival_of, is_event_id, is_text
from gateway.problems import Fault, Invalid, pointer, problem
from gateway.strict_json import parse

BATCH_LIMIT: Final = 100
_PREFIX: Final = "ce-"
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ATTRIBUTES_ID: Final = re.compile(r"ce_[0-9a-f]{64}")


class Mode(StrEnum):
    """How an event is written, by its media type."""

    STRUCTURED = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"
    BINARY = "application/json"


@dataclass(frozen=True, slots=True)
class Message:
    """What came, read and not judged yet; `values` are events in the form of structured mode."""

    mode: Mode
    source: str
    values: Sequence[Any]
    signed_id: str | None = None
    """What a signed message must have as its id, where that stands for what the body does not hold."""

    def may_be_signed_as(self, message_id: str) -> bool:
        """Whether a signature with this id covers all of the message, and was made for one of its mode."""
        if self.signed_id is not None:
            return message_id == self.signed_id
        return _ATTRIBUTES_ID.fullmatch(message_id) is None

    def arrivals(self) -> list[Arrival]:
        """Every event, judged.

        Raises:
            Invalid: with the faults of all of them, in the places of the document that came.
        """
        taken: list[Arrival] = []
        faults: list[Fault] = []
        places = []
        data_only = True
        for number, value in enumerate(self.values):
            try:
                taken.append(arrival_of(value, *([number] if self.mode is Mode.BATCH else [])))
            except Invalid as invalid:
                faults += invalid.faults
                places.append(number)
                data_only = data_only and invalid.data_only
        if faults:
            raise Invalid(map(self._placed, faults), data_only=data_only, places=places)
        return taken

    def placed(self, attribute: str, number: int) -> str:
        """Where an attribute of an event stands in what came."""
        at = pointer(*([number] if self.mode is Mode.BATCH else []), attribute)
        return self._placed(Fault(at, "")).at

    def named(self, places: Iterable[int]) -> list[dict[str, Any]]:
        """Which events of a batch these are, by index and id; the id only where it is one."""
        if self.mode is not Mode.BATCH:
            return []
        ids = {place: self.values[place].get("id") for place in sorted(set(places))}
        return [{"index": place} | ({"id": own} if is_event_id(own) else {}) for place, own in ids.items()]

    def _placed(self, fault: Fault) -> Fault:
        if self.mode is not Mode.BINARY:
            return fault
        first, _, rest = fault.at.removeprefix("/").partition("/")
        if first == "data":
            return Fault(f"/{rest}" if rest else "", fault.code)
        name = "content-type" if first == "datacontenttype" else f"{_PREFIX}{first}"
        return Fault(f"header:{name}", fault.code)


def mode_of(content_type: str, content_encoding: str) -> Mode:
    """The mode of a request.

    Raises:
        Problem: 415.
    """
    media_type, _, parameter = (part.strip().lower() for part in content_type.partition(";"))
    plain = content_encoding.strip().lower() in {"", "identity"}
    if plain and parameter in {"", "charset=utf-8", 'charset="utf-8"'} and media_type in set(Mode):
        return Mode(media_type)
    types = ", ".join(Mode)
    raise problem("unsupported-media-type", types=types, headers={"Accept": types})


def read_message(mode: Mode, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Message:
    """Read a request's events, and from which source they say to come.

    Raises:
        Invalid: it cannot be read, or names no source.
    """
    if mode is Mode.BINARY:
        return _binary(headers, body)
    document = parse(body)
    values = document if mode is Mode.BATCH else [document]
    if not isinstance(values, list):
        raise Invalid([Fault("", "list_type")])
    if not values:
        raise Invalid([Fault("", "too_short")])
    if len(values) > BATCH_LIMIT:
        raise Invalid([Fault("", "too_long")])
    named = [value.get("source") if isinstance(value, dict) else None for value in values]
    first = named[0]
    for number, source in enumerate(named):
        at = pointer(*([number] if mode is Mode.BATCH else []), "source")
        if not isinstance(source, str):
            raise Invalid([Fault(at, "missing" if source is None else "string_type")])
        if source != first:
            raise Invalid([Fault(at, "another_source")])
    return Message(mode, str(first), values)


def attributes_id(attributes: Mapping[str, str]) -> str:
    """The id of a signed message in binary mode."""
    return digest_id("ce", attributes)


def digest_id(kind: str, said: Mapping[str, str]) -> str:
    """A message id over what a signed body does not hold: SHA-256 of a JSON object of texts by RFC 8785.

    Its names are ASCII and its values have no control characters, so that JSON with sorted names, without
    spaces and without escapes that are not needed is that form.
    """
    text = json.dumps(dict(said), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{kind}_{hashlib.sha256(text.encode()).hexdigest()}"


def _binary(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Message:
    attributes: dict[str, str] = {}
    faults = []
    for raw_name, content in headers:
        name = raw_name.decode("latin-1").lower()
        if not name.startswith(_PREFIX):
            continue
        name = name.removeprefix(_PREFIX)
        at = f"header:{_PREFIX}{pointer(name).removeprefix('/')}"
        value = _decoded(content)
        if name in attributes:
            faults.append(Fault(at, "duplicate_name"))
        elif name in {"data", "datacontenttype"}:
            faults.append(Fault(at, "not_an_attribute"))
        elif value is None:
            faults.append(Fault(at, "not_a_header_value"))
        else:
            attributes[name] = value
    if faults:
        raise Invalid(faults)
    if "source" not in attributes:
        raise Invalid([Fault(f"header:{_PREFIX}source", "missing")])
    data = parse(body) if body.strip() else {}
    return Message(
        Mode.BINARY, attributes["source"], [{**attributes, "data": data}], attributes_id(attributes)
    )


def _decoded(content: bytes) -> str | None:
    """A header value as the HTTP binding writes it: perhaps quoted, then percent-encoded UTF-8."""
    if not content.isascii():
        return None
    text = content.decode("ascii").strip()
    if quoted := _QUOTED.fullmatch(text):
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        value = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return value if is_text(value) else None
