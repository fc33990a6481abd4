"""Events as requests: read from files, structured, binary or in batches, and what shows who sends them."""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cli.session import CommandError

Event = dict[str, Any]
BATCH_BYTES: Final = 240 * 1024
"""A batch's size, somewhat below what the gateway takes."""
SECRET_VARIABLE: Final = "IEHE_SOURCE_SECRET"  # noqa: S105 - the name of the variable
_SEEN: Final = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What a header value of the CloudEvents HTTP binding holds as it is."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows who sends: a key of Standard Webhooks (`whsec_`, `whsk_`), or a bearer token."""

    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def headers(self, message_id: str, body: bytes) -> dict[str, str]:
        """For one try: a signature holds for five minutes. Raises SignatureFault: key-malformed."""
        from encryption.signatures import sign

        if self.key is None:
            return {"authorization": f"Bearer {self.token}"}
        now = int(datetime.now(UTC).timestamp())
        signature = sign(self.key, message_id, now, body)
        return {"webhook-id": message_id, "webhook-timestamp": str(now), "webhook-signature": signature}


@dataclass(frozen=True, slots=True)
class Letter:
    """One request, the same for every try."""

    message_id: str
    headers: Mapping[str, str]
    body: bytes
    ids: Sequence[str]


def structured(event: Event) -> Letter:
    """The event as one JSON document."""
    return _letter("application/cloudevents+json", _json(event), [event["id"]])


def binary(event: Event) -> Letter:
    """The attributes as headers, only the data as the body; the message id stands for the attributes."""
    from gateway.event_modes import attributes_id

    attributes = {name: str(value) for name, value in event.items() if name != "data"}
    headers = {f"ce-{name}": quote(value, safe=_SEEN) for name, value in attributes.items()}
    body = _json(event["data"])
    headers["content-type"] = "application/json"
    return Letter(attributes_id(attributes), headers, body, [event["id"]])


def batches(events: Sequence[Event]) -> Iterator[Letter]:
    """As many events to a request as the gateway takes."""
    from gateway.event_modes import BATCH_LIMIT

    written: list[bytes] = []
    ids: list[str] = []
    size = 0
    for event in events:
        text = _json(event)
        if written and (len(written) == BATCH_LIMIT or size + len(text) > BATCH_BYTES):
            yield _batch(written, ids)
            written, ids, size = [], [], 0
        written.append(text)
        ids.append(event["id"])
        size += len(text) + 1
    yield _batch(written, ids)


def _letter(media_type: str, body: bytes, ids: Sequence[str]) -> Letter:
    # made from what is said: a repeat has the same id, and an event's own id may have a full stop
    message_id = f"msg_{hashlib.sha256(body).hexdigest()}"
    return Letter(message_id, {"content-type": media_type}, body, ids)


def _batch(written: Sequence[bytes], ids: Sequence[str]) -> Letter:
    return _letter("application/cloudevents-batch+json", b"[" + b",".join(written) + b"]", ids)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def proof_of(secret: str | None, token: str | None) -> Proof:
    """What shows who sends, from a file, standard input or the environment; never from an argument."""
    if secret is not None and token is not None:
        raise CommandError("proof-unclear")
    if token is not None:
        return Proof(token=_visible(_content(token, "--token-file")))
    content = _content(secret, "--secret-file") if secret is not None else os.environ.get(SECRET_VARIABLE, "")
    if not content.strip():
        raise CommandError("proof-missing", variable=SECRET_VARIABLE)
    return Proof(key=_visible(content))


def _visible(content: str) -> str:
    if not re.fullmatch(r"[!-~]+", text := content.strip()):
        raise CommandError("key-not-in-file")
    return text


def _content(name: str, option: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(option, error) from None


def _unreadable(option: str, error: Exception) -> CommandError:
    why = getattr(error, "strerror", None) or "not UTF-8"
    return CommandError("file-unreadable", option=option, why=why)


def events_in(path: Path, source: str) -> list[Event]:
    """The events of a file, one in JSON a line. Raises CommandError: each faulty line by its number."""
    from gateway.problems import Invalid
    from gateway.strict_json import parse

    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise _unreadable("--batch", error) from None
    events, faulty = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = parse(line)
        except Invalid:
            event = None
        # an id made here would be another one when the file is sent again
        if not isinstance(event, dict) or not isinstance(event.get("id"), str):
            faulty.append(number)
            continue
        events.append({"specversion": "1.0", "source": source, **event})
    if faulty or not events:
        listed = ", ".join(map(str, faulty[:20])) or "-"
        raise CommandError("faulty-file", {"lines": faulty}, listed=listed)
    return events
