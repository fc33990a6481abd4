"""Connecting to Temporal: payloads are encrypted Pydantic models, search attributes are verified."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import CommandType, IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    EncodingPayloadConverter,
    JSONPlainPayloadConverter,
    SerializationContext,
    StorageDriverStoreContext,
    WorkflowSerializationContext,
    create_payload_validation_error,
)
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from activities.kernel.database import Connection
from cases.homes import homes
from cases.registry import OWN_ATTRIBUTES
from embedded.home import Home
from encryption.codec import REFUSED, EncryptionCodec, Plaintext, class_of_workflow
from encryption.fingerprints import check_ring
from encryption.ring import COMMON_HOME, JoinedRing, KeyRing, KeyRingError, ensure_ring
from schemas.kernel.homes import CaseHome
from schemas.kernel.identifiers import SearchAttribute
from schemas.kernel.unreadable import UNREADABLE, UnreadablePayloadError
from workers.page_links import PageLinks
from workers.settings import PREFIX, Settings, SettingsError, office_url

OWN_PACKAGES: Final = ("activities", "schemas", "workflows", "asyncpg", "structlog")

_TO_OTHERS: Final = (
    CommandType.COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION,
    CommandType.COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION,
)
_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
_DATETIME = IndexedValueType.INDEXED_VALUE_TYPE_DATETIME
SEARCH_ATTRIBUTES: Final[dict[str, "IndexedValueType.ValueType"]] = {
    name: _DATETIME if name == SearchAttribute.DUE_AT else _KEYWORD
    for name in (*map(str, SearchAttribute), *OWN_ATTRIBUTES)
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


class _UnopenedConverter(EncodingPayloadConverter):
    """What the codec did not open; nothing is written so.

    What came without encryption is final and readable, wherever it is read. Of what says to be encrypted and
    does not open an update is rejected at once, a signal refused by its case. Anywhere else it is a case's
    own, so the ring or the namespace is wrong: the workflow's task fails until that is mended, and nothing is
    final.
    """

    def __init__(self, encoding: bytes) -> None:
        self._encoding = encoding

    @property
    def encoding(self) -> str:
        return self._encoding.decode()

    def to_payload(self, value: Any) -> Payload | None:  # noqa: ARG002
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:  # noqa: ARG002
        if self._encoding == REFUSED:
            raise create_payload_validation_error([{"at": "", "code": "not-encrypted"}])
        raise UnreadablePayloadError(payload.data.decode())


_CONVERTERS: Final = (
    *(
        _ModelConverter() if isinstance(each, JSONPlainPayloadConverter) else each
        for each in DefaultPayloadConverter.default_encoding_payload_converters
    ),
    _UnopenedConverter(REFUSED),
    _UnopenedConverter(UNREADABLE),
)


class _PayloadConverter(CompositePayloadConverter):
    def __init__(self) -> None:
        super().__init__(*_CONVERTERS)


@dataclass(frozen=True)
class _DataConverter(DataConverter):
    """One for each class of data. The SDK asks for the one of a context twice for each payload."""

    _of_class: dict[str, Self] = field(default_factory=dict, init=False, repr=False, compare=False)

    def with_context(self, context: SerializationContext) -> Self:
        """The converter for the payloads of one workflow, its activities, and whatever is sent to it."""
        data_class = class_of_workflow(getattr(context, "workflow_id", None))
        if data_class not in self._of_class:
            self._of_class[data_class] = super().with_context(context)
        return self._of_class[data_class]


DATA_CONVERTER: Final = _DataConverter(payload_converter_class=_PayloadConverter)
"""Without encryption: for histories that were recorded so."""


def encrypted(ring: KeyRing, namespace: str, plaintext: Plaintext = "refuse") -> DataConverter:
    """Our data converter with everything encrypted, failure messages and stack traces too."""
    return replace(
        DATA_CONVERTER,
        payload_codec=EncryptionCodec(ring, namespace, plaintext),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def ring_path(settings: Settings, home: CaseHome = COMMON_HOME) -> Path:
    """Where the key ring of a home is, or will be."""
    return settings.key_ring_of(home) or Home(settings.home).secrets / home.ring_file


def key_ring(settings: Settings, home: CaseHome = COMMON_HOME) -> KeyRing:
    """The key ring of a home; the embedded stack's own is made when it is not there yet.

    Raises:
        SettingsError: it is missing or cannot be used; the text says what to do.
    """
    path = ring_path(settings, home)
    try:
        if settings.temporal_embedded and settings.key_ring_of(home) is None:
            return ensure_ring(path, home)
        return KeyRing(path, home)
    except KeyRingError as error:
        raise SettingsError(f"{_ring_setting(home)}: {error}") from None


def all_keys(settings: Settings) -> JoinedRing:
    """The rings of all homes as one, for a door that serves them all.

    Raises:
        SettingsError: one is missing or cannot be used; the text says which and what to do.
    """
    return JoinedRing(*(key_ring(settings, home) for home in homes().values()))


def _ring_setting(home: CaseHome) -> str:
    return f"{PREFIX}KEY_RING" if home.common else f"{PREFIX}KEY_RING_{home.name.upper()}"


async def check_keys(settings: Settings, connection: Connection, home: CaseHome = COMMON_HOME) -> None:
    """Refuse a key ring of a home that is not the database's, before anything is encrypted with it.

    Raises:
        SettingsError: it is another one, or cannot be used; the text says what to do.
    """
    ring = key_ring(settings, home)
    try:
        await check_ring(connection, ring)
    except KeyRingError as error:
        raise SettingsError(f"{_ring_setting(home)}: {error}") from None


async def connect(settings: Settings, home: CaseHome = COMMON_HOME, **options: Any) -> Client:
    """A client of the namespace of a home, whose payloads are encrypted with the keys of that home.

    Raises:
        SettingsError: the key ring is missing or cannot be used.
        RuntimeError: the server does not answer.
    """
    config: dict[str, Any] = {**settings.temporal_connection(home), **options}
    converter = encrypted(key_ring(settings, home), config["namespace"], settings.plaintext_payloads)
    links = PageLinks(office_url(settings))
    return await Client.connect(**config, data_converter=converter, interceptors=[links])


class _Sandbox(SandboxedWorkflowRunner):
    """Knows whose payloads it has without entering the sandbox for each: a tenth of a worker's time."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """A workflow in the sandbox, whose payloads are its own but for what it sends to other workflows."""
        instance = super().create_instance(det)
        asked = instance.get_serialization_context
        own = WorkflowSerializationContext(namespace=det.info.namespace, workflow_id=det.info.workflow_id)
        nowhere = StorageDriverStoreContext(target=None)
        vars(instance).update(
            get_serialization_context=lambda command: (
                asked(command) if command and command.command_type in _TO_OTHERS else own
            ),
            get_external_store_context=lambda _command: nowhere,
        )
        return instance


def sandbox() -> SandboxedWorkflowRunner:
    """The sandbox with our own packages passed through: reloading them for each run costs six times."""
    return _Sandbox(restrictions=SandboxRestrictions.default.with_passthrough_modules(*OWN_PACKAGES))


async def register_search_attributes(client: Client) -> list[str]:
    """Add what is missing and verify all types: adding one with another type is silently ignored.

    Returns:
        The names added.

    Raises:
        SearchAttributeError: one exists with another type.
    """
    known = await registered(client)
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
        known = await registered(client)
    wrong = [name for name, kind in SEARCH_ATTRIBUTES.items() if known.get(name) != kind]
    if wrong:
        told = ", ".join(f"{name} is {known.get(name)}, not {SEARCH_ATTRIBUTES[name]}" for name in wrong)
        raise SearchAttributeError(f"search attributes with another type than ours: {told}")
    return sorted(missing)


async def registered(client: Client) -> dict[str, int]:
    """The search attributes that the namespace has, with their types."""
    answer = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    return dict(answer.custom_attributes)
