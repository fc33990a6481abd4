"""What ops see of a case in the Temporal UI: search attributes within the store's limits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.identifiers import SearchAttribute


def changes(
    before: Mapping[str, str | None], after: Mapping[str, str | None]
) -> list[SearchAttributeUpdate[Any]]:
    """What must be told to the server: each upsert is work for it, so only what is different."""
    return [_change(name, value) for name, value in after.items() if before.get(name) != value]


def _change(name: str, value: str | None) -> SearchAttributeUpdate[Any]:
    if name == SearchAttribute.DUE_AT:
        moment = SearchAttributeKey.for_datetime(name)
        return moment.value_unset() if value is None else moment.value_set(datetime.fromisoformat(value))
    key = SearchAttributeKey.for_keyword(name)
    return key.value_unset() if value is None else key.value_set(value)
