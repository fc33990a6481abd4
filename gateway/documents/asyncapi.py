"""AsyncAPI 3.0: every event that other systems may send, made from the models that check them."""

from importlib.metadata import version
from typing import Any

from cases.registry import PROCESSES
from gateway.cloudevents import CloudEvent
from gateway.documents.models import reference, schemas_of
from schemas.kernel.identifiers import event_type
from workflows.kernel.lifecycle import By
from workflows.kernel.process import EventKind, Process, Reach

_ABOUT = {
    Reach.PERSON: "Reaches every open case about the person who is the subject, once.",
    Reach.STAFF: "Reaches every open case that concerns the member of staff who is the subject, once.",
    Reach.ALL: "Reaches every open case, once.",
    Reach.NONE: "Is of no case.",
}


def asyncapi() -> dict[str, Any]:
    """The document."""
    kinds = {
        event_type(name, fact): (fact, process, kind)
        for name, process in PROCESSES.items()
        for fact, kind in process.events.items()
        if not kind.between_cases
    }
    messages = {kind: _message(kind, *known) for kind, known in kinds.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "iehe: events for institutional processes",
            "version": version("iehe"),
            "description": "Facts that other systems report by CloudEvents 1.0 over HTTP. After a 202 the "
            "event is stored: it will be applied once, or be shown to the office. See openapi.json for the "
            "request itself, its signatures and its answers.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "embedded": {
                "host": "127.0.0.1:8090",
                "protocol": "http",
                "description": "The stack that `make run` starts.",
            }
        },
        "channels": {
            "events": {
                "address": "/events",
                "description": "The one address for every event of every process.",
                "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in messages},
                "bindings": {"http": {"bindingVersion": "0.3.0"}},
            }
        },
        "operations": {
            f"receive.{kind}": {
                "action": "receive",
                "channel": {"$ref": "#/channels/events"},
                "summary": messages[kind]["summary"],
                "messages": [{"$ref": f"#/channels/events/messages/{kind}"}],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            }
            for kind in messages
        },
        "components": {
            "messages": messages,
            "schemas": schemas_of([CloudEvent, *(kind.data for _, _, kind in kinds.values())]),
        },
    }


def stages_of(process: Process[Any], kind: EventKind) -> list[str]:
    """The stages in which an event of a kind changes a case."""
    table = process.lifecycle
    taken = {
        stage for line in table.steps if line.name == kind.step and line.by is By.EVENT for stage in line.at
    }
    return [stage for stage in table.stages if stage in taken]


def _message(name: str, fact: str, process: Process[Any], kind: EventKind) -> dict[str, Any]:
    stages = ", ".join(stages_of(process, kind))
    about = f"{_ABOUT[kind.reaches]} " if kind.reaches is not None else ""
    return {
        "name": name,
        "title": fact,
        "summary": f"{process.name}: {fact}, taken as the step '{kind.step}'.",
        "description": f"{about}Changes a case in the stages: {stages}. In another stage it is recorded, "
        "changes nothing and the office is asked to look at it.",
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [reference(CloudEvent)],
            "properties": {
                "type": {"const": name},
                "subject": {"pattern": process.subject_of(kind)},
                "data": reference(kind.data),
            },
        },
    }
