"""OpenAPI 3.1: everything that the gateway can be asked, made from the models that check the requests."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel

from gateway.cloudevents import EVENT_TYPES, CloudEvent
from gateway.documents.models import reference, schemas_of
from gateway.event_modes import BATCH_LIMIT, Mode
from gateway.operation import BODY_PROBLEMS, FILE_TYPE, SIGNATURE, STAFF_PROBLEMS, Operation
from gateway.operations import OPERATIONS
from gateway.problems import MEDIA_TYPE
from gateway.responses import EventStored, ProblemTold

_EVENT: Final = {"$ref": "#/components/schemas/Event"}
_STORED: Final = reference(EventStored)
_TEXT: Final = {"type": "string"}
_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "subject", "time")
_HEADERS: Final = {
    "Idempotency-Key": "Repeats a request whose answer was lost: the same key, the same answer.",
    "If-Match": 'The version of the case that was seen, as its ETag: `"7"`; or `*` for whatever it is.',
    "If-None-Match": "An ETag: 304 while it is still the case's.",
}


_READER: Final = (
    {
        "name": "source",
        "in": "query",
        "required": False,
        "schema": _TEXT,
        "description": "Of a system that was allowed to read this: its URI. Without, a member of staff asks.",
    },
    *(
        {"name": name, "in": "header", "required": False, "schema": _TEXT, "description": "Of a system."}
        for name in SIGNATURE
    ),
)


def openapi() -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {
        "/events": {"post": _send()},
    }
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "iehe: events, cases and decisions",
            "version": version("iehe"),
            "summary": "The door for other systems and for an office's own.",
            "description": "Examples for each sender are in docs/api.md, every event in asyncapi.json.",
        },
        "servers": [{"url": "http://127.0.0.1:8090", "description": "The stack that `make run` starts."}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "staff": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "source-token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "source-signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "Standard Webhooks: v1 (HMAC-SHA256) or v1a (Ed25519) over "
                    "`webhook-id.webhook-timestamp.body`.",
                },
            },
        },
    }


def _schemas() -> dict[str, Any]:
    models: set[type[BaseModel]] = {ProblemTold, CloudEvent, EventStored}
    for operation in OPERATIONS:
        models |= {each for each in (operation.request, *operation.responses.values()) if each is not None}
    kinds = {name: kind for name, (_, kind) in EVENT_TYPES.items() if not kind.between_cases}
    models |= {kind.data for kind in kinds.values()}
    schemas = schemas_of(models)
    schemas["Event"] = {
        "allOf": [
            {"$ref": "#/components/schemas/CloudEvent"},
            {
                "oneOf": [
                    {"properties": {"type": {"const": name}, "data": reference(kind.data)}}
                    for name, kind in kinds.items()
                ]
            },
        ]
    }
    return dict(sorted(schemas.items()))


def _send() -> dict[str, Any]:
    one_or_batch = {"oneOf": [_STORED, {"type": "array", "items": _STORED}]}
    located = {"Location": {"schema": _TEXT, "description": "Where the event's fate can be seen."}}
    attributes = {f"ce-{name}": name in {"id", "source", "type", "subject"} for name in _ATTRIBUTES}
    return {
        "operationId": "send-events",
        "summary": "Store one event, or a batch of one source's; 202 is a receipt that can be relied on.",
        "tags": ["events"],
        "parameters": [
            *(_parameter(name, "header", required=False) for name in SIGNATURE),
            *(
                _parameter(
                    name, "header", required=False, text=f"Binary mode{', required there' if needed else ''}."
                )
                for name, needed in attributes.items()
            ),
        ],
        "requestBody": {
            "required": True,
            "content": {
                Mode.STRUCTURED.value: {"schema": _EVENT},
                Mode.BATCH.value: {
                    "schema": {"type": "array", "items": _EVENT, "minItems": 1, "maxItems": BATCH_LIMIT}
                },
                Mode.BINARY.value: {"schema": {"type": "object"}},
            },
        },
        "responses": {
            "202": {"description": "Stored.", "headers": located, "content": _json(one_or_batch)},
            "200": {
                "description": "Had been stored before.",
                "headers": located,
                "content": _json(one_or_batch),
            },
            **_problems((*STAFF_PROBLEMS, *BODY_PROBLEMS, HTTPStatus.TOO_MANY_REQUESTS)),
        },
        "security": [{"source-signature": []}, {"source-token": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": [operation.path.split("/")[1]],
        "parameters": [
            *(_parameter(name, "path", required=True) for name in re.findall(r"{(\w+)}", operation.path)),
            *(_parameter(name, "header", required=needed) for name, needed in operation.headers.items()),
            *_queries(operation.query),
            *(_READER if operation.reader else ()),
        ],
        "responses": {
            **{
                str(status.value): _file(status) if operation.gives_file else _answer(status, model)
                for status, model in operation.responses.items()
            },
            **_problems(operation.problems),
        },
        "security": [{each: []} for each in operation.security],
    }
    if operation.file:
        told["requestBody"] = {"required": True, "content": {FILE_TYPE: _BINARY}}
    if operation.request is not None:
        told["requestBody"] = {"required": True, "content": _json(reference(operation.request))}
    return told


def _file(status: HTTPStatus) -> dict[str, Any]:
    return {"description": status.phrase, "content": {"*/*": _BINARY}}


def _answer(status: HTTPStatus, model: type[BaseModel] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"description": status.phrase}
    return told if model is None else told | {"content": _json(reference(model))}


def _problems(statuses: Iterable[HTTPStatus]) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": reference(ProblemTold)}}
    return {
        str(status.value): {"description": status.phrase, "content": content}
        for status in sorted(set(statuses))
    }


def _queries(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema()
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", []),
            "schema": {key: value for key, value in field.items() if key != "title"},
        }
        for name, field in schema["properties"].items()
    ]


def _parameter(name: str, place: str, *, required: bool, text: str | None = None) -> dict[str, Any]:
    told = {"name": name, "in": place, "required": required, "schema": _TEXT}
    text = text or _HEADERS.get(name)
    return told | {"description": text} if text else told


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
