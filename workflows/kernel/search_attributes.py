"""What ops see of a case in the Temporal UI: search attributes within the store's limits."""

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from schemas.kernel.case import CaseState
    from schemas.kernel.identifiers import SearchAttribute
    from workflows.kernel.draft import Process, waiting_for_whom

Shown = dict[str, str | datetime | None]


def attributes_of(process: Process[Any], state: CaseState) -> Shown:
    """The values of all search attributes; codes and times only, never anything personal."""
    waiting_for, due_at = waiting_for_whom(process, state)
    return {
        SearchAttribute.PROCESS: process.name,
        SearchAttribute.STAGE: state.stage,
        SearchAttribute.WAITING_FOR: waiting_for,
        SearchAttribute.DUE_AT: due_at,
        SearchAttribute.OUTCOME: state.outcome,
        **process.attributes(state),
    }


def changes(before: Shown, after: Shown) -> list[SearchAttributeUpdate[Any]]:
    """What must be told to the server: each upsert is work for it, so only what is different."""
    return [_change(name, value) for name, value in after.items() if before.get(name) != value]


def _change(name: str, value: Any) -> SearchAttributeUpdate[Any]:
    due = name == SearchAttribute.DUE_AT
    key: SearchAttributeKey[Any] = (
        SearchAttributeKey.for_datetime(name) if due else SearchAttributeKey.for_keyword(name)
    )
    return key.value_unset() if value is None else key.value_set(value)
