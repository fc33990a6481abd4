"""The documents that other systems' developers read; `make api` writes them."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from starlette.routing import Route

from gateway import links, receipts, rooms
from gateway.cases import routes
from gateway.documents.asyncapi import asyncapi
from gateway.documents.openapi import openapi
from gateway.responses import EventFate
from tests.gateway.page_tables import with_tables

FOLDER = Path(__file__).parents[2] / "docs" / "api"
PAGE = FOLDER.parent / "api.md"
DOCUMENTS = {"openapi.json": openapi, "asyncapi.json": asyncapi}


def written(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "$ref":
                yield each
            else:
                yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_document_is_what_the_code_does(name):
    """Whoever changes a model or a route commits the document with it: `make api`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == written(DOCUMENTS[name]())


def test_the_page_states_the_types_and_limits_of_the_code():
    """Whoever changes data, a pattern or a limit commits the page with it: `make api`."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page)


def test_the_page_explains_every_answer_of_the_door():
    """Each status that the document promises for events has its row with what to do."""
    rows = PAGE.read_text(encoding="utf-8").partition("## What a 202 means")[2].partition("\n## ")[0]
    for method in ("post", "get"):
        for status in openapi()["paths"]["/events"][method]["responses"]:
            assert re.search(rf"^\| [^|]*\b{status}\b", rows, re.MULTILINE), status


def test_the_page_explains_every_state_of_an_event():
    """Each state and no other stands in the table of fates."""
    rows = PAGE.read_text(encoding="utf-8").partition("## What became of an event")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", rows, re.MULTILINE)
    assert told == ["state", *EventFate.model_json_schema()["properties"]["state"]["enum"]]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_reference_leads_somewhere(name):
    """A generated client can follow each `$ref`."""
    document = DOCUMENTS[name]()
    for each in set(references(document)):
        target: Any = document
        for part in each.removeprefix("#/").split("/"):
            target = target[part]
        assert isinstance(target, dict)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_is_a_json_schema(name):
    """What is under components is JSON Schema 2020-12."""
    for schema in DOCUMENTS[name]()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_route_is_described_and_nothing_else():
    """No route is left out of the document, none is promised that is not there."""
    routed = {
        (method, re.sub(r":\w+}", "}", each.path))
        for each in (*routes(), *links.routes(), *receipts.routes(), *rooms.routes())
        if isinstance(each, Route)
        for method in (each.methods or set()) - {"HEAD"}
    }
    described = {
        (method.upper(), re.sub(r"/decisions/.*", "/decisions/{name}", path))
        for path, methods in openapi()["paths"].items()
        for method in methods
        if not path.startswith(("/events", "/livez", "/readyz"))
    }
    assert described == routed


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, make in DOCUMENTS.items():
        (FOLDER / file).write_text(written(make()), encoding="utf-8")
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
