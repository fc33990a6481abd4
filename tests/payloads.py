"""Every payload in what Temporal holds, wherever in a message it is."""

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, SearchAttributes
from temporalio.converter import PayloadCodec

M = TypeVar("M", bound=Message)


def payloads_in(message: Message, path: str = "") -> Iterator[tuple[str, Payload]]:
    """Each payload with where it is; search attributes are plain by design and left out."""
    if isinstance(message, Payload):
        yield path, message
    if isinstance(message, Payload | SearchAttributes):
        return
    for field, value in message.ListFields():
        here = f"{path}.{field.name}"
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for key in value:
                    yield from payloads_in(value[key], f"{here}[{key}]")
        elif isinstance(value, Message):
            yield from payloads_in(value, here)
        else:
            for each in value:
                yield from payloads_in(each, here)


async def opened(messages: Sequence[M], codec: PayloadCodec | None) -> list[M]:
    """Copies in which every payload is decoded."""
    assert codec is not None
    copies = []
    for message in messages:
        copy = type(message)()
        copy.CopyFrom(message)
        for _, payload in payloads_in(copy):
            (plain,) = await codec.decode([payload])
            payload.CopyFrom(plain)
        copies.append(copy)
    return copies


def readable(history: str, *, sent: bool = True) -> str:
    """What Temporal holds, as JSON with each payload as it reads; `sent`: also what signals hold."""

    def decoded(value: Any) -> Any:
        if isinstance(value, dict):
            if not sent and "workflowExecutionSignaledEventAttributes" in value:
                return ""
            if set(value) >= {"metadata", "data"}:
                return base64.b64decode(value["data"]).decode("utf-8", "replace")
            return {key: decoded(item) for key, item in value.items()}
        if isinstance(value, list):
            return [decoded(item) for item in value]
        return value

    return json.dumps(decoded(json.loads(history)), ensure_ascii=False)


def without_what_was_sent(history: str) -> str:
    """The same but for signals: what a sender puts into one is there before we see it."""
    return readable(history, sent=False)
