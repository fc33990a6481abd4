"""The models that cross borders, as running cases and stored histories hold them; `make contracts` writes."""

import importlib
import json
import pkgutil
import sys
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import schemas
from schemas.kernel.payload import Payload, Record

LOCK = Path(__file__).with_name("contracts.lock.json")
TEACHING = """
A case that runs for months holds payloads of yesterday's form, and its history is replayed with today's
code. So a field is only ever added, always with a default; nothing is renamed, removed or given another
type. What is no longer wanted stays, unused, with a comment. For another meaning add another field.
Where a change only allows more than before (a longer text, one more choice), `make contracts` writes it down.
"""
UNWRITTEN = "Compatible, but not written down yet: run `make contracts` and commit the file."

Contracts = dict[str, dict[str, Any]]


def contracts() -> Contracts:
    """Every model and enumeration of `schemas`, by its full name."""
    found: Contracts = {}
    for info in pkgutil.walk_packages(schemas.__path__, "schemas."):
        module = importlib.import_module(info.name)
        for name, kind in vars(module).items():
            if not isinstance(kind, type) or kind.__module__ != module.__name__:
                continue
            if issubclass(kind, Payload | Record):
                found[f"{module.__name__}.{name}"] = described(kind)
            elif issubclass(kind, Enum):
                found[f"{module.__name__}.{name}"] = {member.value: {} for member in kind}
    return dict(sorted(found.items()))


def described(model: type[BaseModel]) -> dict[str, Any]:
    """Field → its JSON schema, without the titles that follow from names, and whether it is required."""
    schema = model.model_json_schema(ref_template="{model}")
    required = schema.get("required", [])
    fields = {
        name: {"required": name in required, **_untitled(field)}
        for name, field in schema.get("properties", {}).items()
    }
    step = getattr(model, "step", None)
    return fields if step is None else {"(step)": {"const": step}, **fields}


def _untitled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _untitled(each) for name, each in value.items() if name not in ("title", "description")}
    return [_untitled(each) for each in value] if isinstance(value, list) else value


def breaking(before: Contracts, now: Contracts) -> list[str]:
    """What a running case could not live with, one line each."""
    faults = []
    for name, old in before.items():
        new = now.get(name)
        if new is None:
            faults.append(f"{name} is gone")
            continue
        faults += [f"{name}.{field} is gone" for field in old if field not in new]
        faults += [
            f"{name}.{field} was {old[field]}, is {new[field]}"
            for field in old.keys() & new.keys()
            if new[field] != old[field]
        ]
        faults += [
            f"{name}.{field} is new and has no default"
            for field in new.keys() - old.keys()
            if new[field].get("required")
        ]
    return sorted(faults)


def test_nothing_that_crosses_a_border_changed_its_form():
    """The models are what the lock file says, or have grown by fields with defaults since."""
    locked, now = json.loads(LOCK.read_text(encoding="utf-8")), contracts()
    faults = breaking(locked, now)
    assert not faults, TEACHING + "\n".join(faults)
    assert locked == now, UNWRITTEN


OLD: Contracts = {"m.A": {"x": {"required": True, "type": "string"}}, "m.E": {"a": {}}}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"m.E": {"a": {}}}, "m.A is gone"),
        ({**OLD, "m.A": {}}, "m.A.x is gone"),
        ({**OLD, "m.A": {"x": {"required": True, "type": "integer"}}}, "m.A.x was"),
        ({**OLD, "m.A": {**OLD["m.A"], "y": {"required": True}}}, "m.A.y is new and has no default"),
        ({**OLD, "m.E": {"b": {}}}, "m.E.a is gone"),
    ],
)
def test_what_breaks_running_cases_is_named(now, words):
    """A removed model, field or value, another type and a new required field are each named."""
    (fault,) = breaking(OLD, now)
    assert words in fault


def test_growing_is_allowed():
    """A new model, a new field with a default and a new value break nothing."""
    grown = {**OLD, "m.B": {}, "m.A": {**OLD["m.A"], "y": {"required": False}}, "m.E": {"a": {}, "b": {}}}
    assert breaking(OLD, grown) == []


if __name__ == "__main__":
    found = contracts()
    before = json.loads(LOCK.read_text(encoding="utf-8")) if LOCK.exists() else {}
    if faults := breaking(before, found):
        sys.stderr.write(TEACHING + "Written all the same, since you asked:\n" + "\n".join(faults) + "\n")
    LOCK.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
