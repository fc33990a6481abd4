"""JSON Schemas of our models, as both documents hold them under `components`."""

from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.cloudevents import CloudEvent
from schemas.kernel.payload import Payload

REF: Final = "#/components/schemas/{model}"


def schemas_of(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    """Every model, and whatever they are made of, by its name. At this door no unknown field is taken."""
    wanted = sorted(set(models), key=lambda model: model.__name__)
    _, document = models_json_schema([(model, "validation") for model in wanted], ref_template=REF)
    found: dict[str, Any] = document.get("$defs", {})
    strict = {model.__name__ for model in wanted if issubclass(model, Payload)}
    for name in strict & found.keys():
        found[name]["additionalProperties"] = False
    if CloudEvent in wanted:
        # extension attributes are allowed beside its own, which the door checks by their names
        del found["CloudEvent"]["additionalProperties"]
        found["CloudEvent"]["patternProperties"] = {"^[a-z0-9]{1,20}$": {}}
    return dict(sorted(found.items()))


def reference(model: type[BaseModel]) -> dict[str, str]:
    """Where a model is described."""
    return {"$ref": REF.format(model=model.__name__)}
