"""Connecting to Temporal: payloads as Pydantic models, search attributes registered and verified."""

from datetime import timedelta
from typing import Any, Final

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    create_payload_validation_error,
)
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from schemas.identifiers import SearchAttribute
from workers.settings import Settings

OWN_PACKAGES: Final = ("activities", "schemas", "workflows", "asyncpg", "structlog")
CONNECT_TIMEOUT: Final = timedelta(seconds=10)

_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
_DATETIME = IndexedValueType.INDEXED_VALUE_TYPE_DATETIME
SEARCH_ATTRIBUTES: Final[dict[str, "IndexedValueType.ValueType"]] = {
    name.value: _DATETIME if name is SearchAttribute.DUE_AT else _KEYWORD for name in SearchAttribute
}


class SearchAttributeError(Exception):
    """A search attribute exists with another type; the text names it and both types."""


class _ModelConverter(PydanticJSONPlainPayloadConverter):
    """A payload that does not fit its model is a final, readable error without the values in it."""

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        try:
            return super().from_payload(payload, type_hint)
        except ValidationError as error:
            faults = [
                {"at": "/".join(map(str, fault["loc"])), "code": fault["type"]}
                for fault in error.errors(include_input=False, include_url=False)
            ]
            raise create_payload_validation_error(faults) from None


class _PayloadConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(
            *(
                _ModelConverter() if isinstance(each, JSONPlainPayloadConverter) else each
                for each in DefaultPayloadConverter.default_encoding_payload_converters
            )
        )


DATA_CONVERTER: Final = DataConverter(payload_converter_class=_PayloadConverter)


async def connect(settings: Settings, **options: Any) -> Client:
    """A client with our data converter.

    Raises:
        RuntimeError: the server does not answer.
    """
    config: dict[str, Any] = {**settings.temporal_connection(), **options}
    return await Client.connect(**config, data_converter=DATA_CONVERTER)


def sandbox() -> SandboxedWorkflowRunner:
    """The sandbox with our own packages passed through: reloading them for each run costs six times."""
    return SandboxedWorkflowRunner(
        restrictions=SandboxRestrictions.default.with_passthrough_modules(
            *OWN_PACKAGES, "asyncpg", "structlog"
        )
    )


async def register_search_attributes(client: Client) -> list[str]:
    """Add what is missing and verify all types: adding one with another type is silently ignored.

    Returns:
        The names added.

    Raises:
        SearchAttributeError: one exists with another type.
    """
    known = await _custom_attributes(client)
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
        known = await _custom_attributes(client)
    wrong = [name for name, kind in SEARCH_ATTRIBUTES.items() if known.get(name) != kind]
    if wrong:
        raise SearchAttributeError(
            "search attributes with another type than ours: "
            + ", ".join(f"{name} is {known.get(name)}, not {SEARCH_ATTRIBUTES[name]}" for name in wrong)
        )
    return sorted(missing)


async def _custom_attributes(client: Client) -> dict[str, int]:
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(answer.custom_attributes)
