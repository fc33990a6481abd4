"""The encryption of payloads: what is sealed opens only as what it was, and nothing of a case is plain."""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHistory,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.common import RawValue
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from activities.kernel.queries import queries
from cases.starting import Start, restart_case, start_case
from embedded.binaries import temporal_program
from embedded.home import make_folder
from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer
from encryption.codec import ENCODING, ENCRYPTED, EncryptionCodec
from encryption.ring import KeyRing, KeyRingError, ensure_ring, rotate
from schemas.admission.commands import ConfirmEligibility, PermitLate, RecordDecision, RecordEnrolment
from schemas.admission.identifiers import PROCESS
from schemas.kernel.case import CompleteTask, EventEnvelope
from schemas.kernel.identifiers import CASES_QUEUE, EVENT_SIGNAL, event_type
from schemas.kernel.step import CaseStart
from schemas.kernel.unreadable import UNREADABLE, UnreadablePayloadError
from tests.office import DEFAULT_STAFF, Case, Institute, Refused, actor, person
from tests.payloads import opened, payloads_in
from tests.workflows.conftest import (  # noqa: F401 - fixtures
    institute,
    notices,
    pool,
    relax,
    vacant,
    worker_pool,
)
from workers.policies import load_defaults
from workers.temporal import DATA_CONVERTER, encrypted, register_search_attributes, sandbox
from workers.worker import WORKFLOWS, running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name

CASE = WorkflowSerializationContext(namespace="default", workflow_id="admission/T-1")
CANARY, ASCII_CANARY = "カナリア", "canary-7f3a"
LONG = EventEnvelope(
    id="e1", source="test", type=event_type("admission-review", "fee-paid"), data={"n": "a" * 500}
)


@pytest.fixture
def own_ring(tmp_path) -> KeyRing:
    return ensure_ring(tmp_path / "keys.json")


async def sealed_by(ring: KeyRing, value: Any, namespace: str = "default") -> Payload:
    (payload,) = await encrypted(ring, namespace).with_context(CASE).encode([value])
    return payload


def key_id(payload: Payload) -> str:
    """The id of its key, without the part by chance."""
    return payload.metadata["key-id"].decode().partition(".")[0]


@pytest.mark.parametrize("value", ["", "氏名", None, b"", b"\x00\xff" * 99, LONG, [1, 2], {"a": None}])
async def test_round_trip(own_ring, value) -> None:
    """Whatever a payload may hold comes back, and is not in what was sealed."""
    converter = encrypted(own_ring, "default").with_context(CASE)
    payload = await sealed_by(own_ring, value)
    assert (payload.metadata[ENCODING], key_id(payload)) == (ENCRYPTED, "admission-1")
    assert await converter.decode([payload], [type(value)] if value is not None else None) == [value]
    plain = DATA_CONVERTER.payload_converter.to_payload(value)
    assert not plain.data or len(plain.data) < 4 or plain.data not in payload.data
    assert (await sealed_by(own_ring, value)).data != payload.data


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("key-id", b"earlier"),
        ("key-id", b"other"),
        ("key-id", b"admission-9"),
        ("key-id", b"\xff|"),
        ("key-id", b""),
        ("compression", b"zstd"),
        ("compression", b"none"),
        ("compression", b""),
        ("v", b"2"),
        ("v", b""),
    ],
)
async def test_what_is_said_about_a_payload_is_bound_to_it(own_ring, field, value) -> None:
    """Another key, class, form or version than it was sealed with does not open it."""
    earlier = own_ring.current("admission").key_id
    rotate(own_ring.path, "admission")
    names = {b"earlier": earlier.encode(), b"other": own_ring.current("other").key_id.encode()}
    for content in ("short", LONG):
        payload = await sealed_by(own_ring, content)
        if payload.metadata[field] == value:
            continue
        payload.metadata[field] = names.get(value, value)
        with pytest.raises(UnreadablePayloadError):
            await encrypted(own_ring, "default").decode([payload])


async def test_a_class_is_bound_even_when_two_share_a_key(own_ring) -> None:
    """The class itself is authenticated, not only the key that it happens to have."""
    payload = await sealed_by(own_ring, "short")
    content = json.loads(own_ring.path.read_text())
    other, mine = content["other"]["current"], content["admission"]["current"]
    content["other"]["keys"][other] = content["admission"]["keys"][mine]
    own_ring.path.write_text(json.dumps(content))
    payload.metadata["key-id"] = other.encode()
    with pytest.raises(UnreadablePayloadError):
        await encrypted(KeyRing(own_ring.path), "default").decode([payload])


async def test_a_payload_of_another_namespace(own_ring) -> None:
    """It does not open, and the text says for which namespace it was tried."""
    payload = await sealed_by(own_ring, "short", "training")
    with pytest.raises(UnreadablePayloadError, match="namespace 'default'"):
        await encrypted(own_ring, "default").decode([payload])
    assert await encrypted(own_ring, "training").decode([payload]) == ["short"]


async def test_tampering(own_ring) -> None:
    """No byte can be changed, taken away or added; the error holds nothing of the payload."""
    payload = await sealed_by(own_ring, "a secret")
    codec = EncryptionCodec(own_ring, "default")
    for at in range(len(payload.data)):
        changed = bytearray(payload.data)
        changed[at] ^= 1
        (refused,) = await codec.decode([Payload(metadata=payload.metadata, data=bytes(changed))])
        assert refused.metadata[ENCODING] == UNREADABLE
        name = own_ring.current("admission").key_id.encode()
        assert refused.data == f"a payload is not what {name!r} encrypted for namespace 'default'".encode()
    for data in (b"", payload.data[:5], payload.data[:12], payload.data[:-1], payload.data + b"\x00"):
        (refused,) = await codec.decode([Payload(metadata=payload.metadata, data=data)])
        assert refused.metadata[ENCODING] == UNREADABLE


async def test_compressed_only_when_smaller(own_ring) -> None:
    """What gets no smaller is sealed as it is."""
    forms = {
        "short": b"none",
        "a" * 1000: b"zstd",
        bytes(range(256)): b"none",
    }
    for value, form in forms.items():
        payload = await sealed_by(own_ring, value)
        assert payload.metadata["compression"] == form
        assert await encrypted(own_ring, "default").decode([payload], [type(value)]) == [value]
    assert len((await sealed_by(own_ring, "a" * 1000)).data) < 200


async def test_rotation(own_ring) -> None:
    """A payload from before opens with the earlier key; new ones have the new key, without a restart."""
    converter = encrypted(own_ring, "default").with_context(CASE)
    old = await sealed_by(own_ring, "before")
    rotate(own_ring.path, "admission")
    (new,) = await converter.encode(["after"])
    assert (key_id(old), key_id(new)) == ("admission-1", "admission-2")
    assert await converter.decode([old, new]) == ["before", "after"]


async def test_a_lost_ring_stops_and_loses_nothing(own_ring) -> None:
    """Nothing is written in plain instead."""
    own_ring.path.unlink()
    with pytest.raises(KeyRingError):
        await sealed_by(own_ring, "secret")


async def test_the_class_is_that_of_the_workflow(own_ring) -> None:
    """The first part of the workflow's id decides, for its activities too; what is no case is `other`."""
    codec = EncryptionCodec(own_ring, "default")
    activity = {"activity_type": "a", "activity_task_queue": "q", "is_local": True}
    of_activity = ActivitySerializationContext(
        namespace="default", workflow_id="admission/1", workflow_type="w", activity_id="1", **activity
    )
    contexts = {CASE: "admission-1", of_activity: "admission-1"}
    for other in ("admissions/1", "", "report/admission", "sources/1"):
        contexts[WorkflowSerializationContext(namespace="default", workflow_id=other)] = "other-1"
    for context, expected in contexts.items():
        (payload,) = await codec.with_context(context).encode([Payload(data=b"1")])
        assert key_id(payload) == expected
        back = codec.with_context(context).with_context(CASE)
        assert key_id((await back.encode([Payload(data=b"1")]))[0]) == "admission-1"
    assert key_id((await codec.encode([Payload(data=b"1")]))[0]) == "other-1"


async def test_failures_say_nothing_in_plain(own_ring) -> None:
    """Message, stack and details of an error and of its cause are sealed; all come back."""
    converter = encrypted(own_ring, "default").with_context(CASE)
    failure = Failure()
    error = ApplicationError(ASCII_CANARY, {"name": CANARY}, type="Refused")
    error.__cause__ = ValueError(CANARY)
    await converter.encode_failure(error, failure)
    text = str(failure) + failure.SerializeToString().decode("utf-8", "replace")
    assert [word for word in (CANARY, ASCII_CANARY, "test_codec.py") if word in text] == []
    assert {key_id(payload) for _, payload in payloads_in(failure)} == {"admission-1"}
    assert len(list(payloads_in(failure))) == 3
    back = await converter.decode_failure(failure)
    assert isinstance(back, ApplicationError)
    assert (back.message, back.details, CANARY in str(back.__cause__)) == (
        ASCII_CANARY,
        ({"name": CANARY},),
        True,
    )


# real servers


async def lived(institute: Institute, row: Any = None) -> Case:
    """A case from start to enrolment, with refusals, failures, reasons and an event nobody knows."""
    case = await institute.apply(row)
    reason = await case.text(f"{CANARY} {ASCII_CANARY}")
    await case.to_ranked()
    await case.event("coffee-spilled", note=f"{CANARY} {ASCII_CANARY}")
    await case.event("offer-answered", answer=ASCII_CANARY)
    with suppress(Refused):
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
    with pytest.raises(Refused):
        await case.decide(
            PermitLate, "office-1", item="offer-reply", until=await in_a_month(case), reason_id="not-a-text"
        )
    await case.decide(RecordDecision, "head-1", decision="offered", reason_id=reason)
    await case.event("offer-answered", answer="accepted")
    await case.decide(RecordEnrolment, "office-1", result="enrolled", reason_id=reason)
    for task in [key for key in await case.tasks() if key.startswith("look-at-event")]:
        await end_task(case, task)
    assert await case.result() == "enrolled"
    return case


async def in_a_month(case: Case) -> datetime:
    return await case.now() + timedelta(days=30)


async def end_task(case: Case, key: str) -> None:
    await case.decide(CompleteTask, "office-1", task=key, reason_id=await case.text())


async def events_of(case: Case) -> list[Any]:
    return [event async for event in case.handle.fetch_history_events()]


def of_core(where: str) -> bool:
    """The one plain payload: number, type and attempt of a local activity, written by the SDK itself."""
    return where.startswith(".marker_recorded_event_attributes.details[data]")


async def test_every_payload_of_a_case_is_encrypted(institute: Institute, client: Client, ring) -> None:
    """From its start to its end, with the keys of its class; that history replays."""
    case = await lived(institute)
    events = await events_of(case)
    found = [
        (EventType.Name(event.event_type), where, payload)
        for event in events
        for where, payload in payloads_in(event)
    ]
    plain = [(kind, where) for kind, where, payload in found if payload.metadata[ENCODING] != ENCRYPTED]
    assert [each for each in plain if not of_core(each[1])] == []
    sealed = [(where, payload) for _, where, payload in found if not of_core(where)]
    assert {key_id(payload).rpartition("-")[0] for _, payload in sealed} == {"admission"}

    places = " ".join({where for where, _ in sealed})
    for place in (
        "workflow_execution_started_event_attributes.input",
        "workflow_execution_completed_event_attributes.result",
        "workflow_execution_signaled_event_attributes.input",
        "accepted_request.input.args",
        "outcome.success",
        "outcome.failure.encoded_attributes",
        "activity_task_scheduled_event_attributes.input",
        "activity_task_completed_event_attributes.result",
        "marker_recorded_event_attributes.details[result]",
        "user_metadata.summary",
    ):
        assert place in places, place
    assert {each.message for each in failures_in(events)} == {"Encoded failure"}
    assert not any(each.stack_trace for each in failures_in(events))
    described = (await case.handle.describe()).raw_description
    assert {key_id(payload).rpartition("-")[0] for _, payload in payloads_in(described)} == {"admission"}

    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=encrypted(ring, "default"), workflow_runner=sandbox()
    )
    await replayer.replay_workflow(WorkflowHistory(case.case_id, events))


def failures_in(messages: list[Any]) -> list[Failure]:
    def walk(message: Message) -> Any:
        if isinstance(message, Failure):
            yield message
        for field, value in message.ListFields():
            if field.message_type is None or field.message_type.GetOptions().map_entry:
                continue
            for each in [value] if isinstance(value, Message) else value:
                yield from walk(each)

    return [failure for message in messages for failure in walk(message)]


@pytest.fixture
async def plain(temporal) -> Client:
    """Somebody who may write to Temporal and has no keys."""
    return await Client.connect(temporal.address, data_converter=DATA_CONVERTER)


def paid(number: str) -> EventEnvelope:
    return EventEnvelope(id=number, source="plain", type=event_type("admission-review", "fee-paid"), data={})


class _Forgetful(EncryptionCodec):
    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)


@pytest.fixture
async def forgetful(temporal, ring) -> Client:
    """Somebody who sends in plain text and can read the answer."""
    converter = replace(encrypted(ring, "default"), payload_codec=_Forgetful(ring, "default"))
    return await Client.connect(temporal.address, data_converter=converter)


async def test_plaintext_to_a_running_case(institute: Institute, plain: Client, forgetful: Client) -> None:
    """A signal becomes a refused event and an office task, an update is rejected; the case goes on."""
    case = await institute.apply()
    await case.until_stage("completeness")
    stranger = plain.get_workflow_handle(case.case_id)
    await stranger.signal(EVENT_SIGNAL, paid("p1"))
    await case.until_task_kind("look-at-event")
    refused = (await case.log())[-1]
    assert (refused["step"], json.loads(refused["details"])["code"]) == ("refuse-event", "invalid-message")

    command = RecordDecision(command_id="c-plain", actor=actor("head-1"), decision="offered")
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await forgetful.get_workflow_handle(case.case_id).execute_update(command.step, command)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.details == ([{"at": "", "code": "not-encrypted"}],)
    await stranger.signal("anything-else", "words")

    await case.event("fee-paid")
    assert (await case.log())[-1]["step"] == "item-arrived"
    assert [
        e for e in await events_of(case) if e.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    ] == []


def only_says_so(_: Payload) -> Payload:
    return Payload(metadata={ENCODING: ENCRYPTED}, data=b'"zz"')


def of_no_ring(payload: Payload) -> Payload:
    payload.metadata["key-id"] = b"zz"
    return payload


def of_another_secret(payload: Payload) -> Payload:
    return Payload(metadata=payload.metadata, data=payload.data[:-1] + b"\x00\x00")


def of_another_form(payload: Payload) -> Payload:
    payload.metadata["v"] = b"9"
    return payload


UNOPENABLE = [only_says_so, of_no_ring, of_another_secret, of_another_form]


@pytest.mark.parametrize("spoil", UNOPENABLE)
async def test_a_signal_that_only_says_to_be_encrypted_is_refused_and_recorded(
    institute: Institute, plain: Client, ring, spoil
) -> None:
    """It becomes a refused event with its own code and a task of the office, and the case goes on."""
    case = await institute.apply()
    await case.until_stage("completeness")
    bogus = RawValue(spoil(await sealed_by(ring, paid("p4"))))
    await plain.get_workflow_handle(case.case_id).signal(EVENT_SIGNAL, bogus)

    await case.until_task_kind("look-at-event")
    refused = (await case.log())[-1]
    assert (refused["step"], json.loads(refused["details"])["code"]) == ("refuse-event", "unreadable-message")
    await case.event("fee-paid")
    assert await failed_tasks(case) == []


@pytest.mark.parametrize("spoil", UNOPENABLE)
async def test_a_decision_that_only_says_to_be_encrypted_is_refused_at_once(
    institute: Institute, plain: Client, client: Client, ring, spoil
) -> None:
    """Its caller is told within seconds, and no workflow task fails of it."""
    case = await institute.apply()
    await case.until_stage("completeness")
    command = PermitLate(
        command_id="c-9", actor=actor("office-1"), item="transcript", until=await in_a_month(case)
    )
    bogus = RawValue(spoil(await sealed_by(ring, command)))
    with pytest.raises(WorkflowUpdateFailedError):
        await plain.get_workflow_handle(case.case_id).execute_update(
            command.step, bogus, rpc_timeout=timedelta(seconds=10)
        )
    await case.event("fee-paid")
    assert await failed_tasks(case) == []


async def test_a_start_that_does_not_open_is_not_final(
    institute: Institute, plain: Client, ring, eventually
) -> None:
    """Unlike a message, a case's own payload says that the ring is wrong: its task fails, the case stays."""
    case = await institute.apply(start=False)
    start = await sealed_by(ring, CaseStart(case_id=case.case_id))
    await plain.start_workflow(
        PROCESS,
        RawValue(of_another_secret(start)),
        id=case.case_id,
        task_queue=CASES_QUEUE,
    )
    await eventually(lambda: failed_tasks(case))
    described = await case.handle.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING


async def failed_tasks(case: Case) -> list[Any]:
    failed = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
    return [event for event in await events_of(case) if event.event_type == failed]


async def test_a_payload_with_an_unknown_key_holds_up_its_case_until_the_way_out_is_taken(
    institute: Institute, plain: Client, ring, eventually
) -> None:
    """It shows as a failed task; restarted, the case goes on with the facts behind it."""
    case = await institute.apply()
    await case.until_stage("completeness")
    bogus = await sealed_by(ring, paid("p3"))
    bogus.metadata["key-id"] = b"admission-99"
    await plain.get_workflow_handle(case.case_id).signal(EVENT_SIGNAL, RawValue(bogus))

    failures = await eventually(lambda: failed_tasks(case))
    (failed, *_) = await opened(failures, institute.client.data_converter.payload_codec)
    assert "admission-99" in str(failed)
    behind = EventEnvelope(
        id="behind", source="portal", type=event_type("admission-review", "fee-paid"), data={}
    )
    await institute.pool.execute(
        queries("kernel/events")["enter"],
        *("portal", behind.id, behind.type, PROCESS, case.case_id),
        behind.model_dump_json(),
    )
    delivered = "SELECT state = 'delivered' FROM iehe.events WHERE id = 'behind'"
    await eventually(lambda: institute.pool.fetchval(delivered))
    await case.handle.terminate("holds a payload that does not open")
    assert await restart_case(institute.pool, institute.client, case.case_id) == await case.version()
    await case.until(lambda row: row["version"] == 2)
    assert [(entry["step"], entry["cause"]) for entry in await case.log()][1:] == [
        ("item-arrived", "portal#behind")
    ]


async def test_a_case_started_in_plain_text(institute: Institute, plain: Client) -> None:
    """It fails at once, readably, without a word of what was sent; the case can then be started rightly."""
    case = await institute.apply(start=False)
    started = await plain.start_workflow(
        PROCESS,
        CaseStart(case_id=case.case_id),
        id=case.case_id,
        task_queue=CASES_QUEUE,
    )
    assert started.id == case.case_id
    with pytest.raises(WorkflowFailureError) as failed:
        await asyncio.wait_for(case.result(), 10)
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.details == ([{"at": "", "code": "not-encrypted"}],)
    assert await case.version() == 0
    assert await start_case(institute.client, case.case_id) is Start.NEW
    await case.until_stage("completeness")
    await case.event("fee-paid")


async def test_plaintext_is_read_while_a_namespace_is_being_emptied(
    vacant: Institute, temporal, ring, plain: Client, worker_pool, notices
) -> None:
    """`accept`: start, signal and update without encryption are taken; what the case answers is encrypted."""
    client = await Client.connect(temporal.address, data_converter=encrypted(ring, "default", "accept"))
    case = await vacant.apply(start=False)
    async with running_worker(client, worker_pool, notices):
        stranger = await plain.start_workflow(
            PROCESS,
            CaseStart(case_id=case.case_id),
            id=case.case_id,
            task_queue=CASES_QUEUE,
        )
        await case.until_stage("completeness")
        await stranger.signal(EVENT_SIGNAL, paid("p2"))
        await case.until(lambda row: row["version"] >= 2)
        assert (await case.log())[-1]["cause"] == "plain#p2"
        command = PermitLate(
            command_id="c-plain",
            actor=actor("office-1"),
            item="transcript",
            until=await in_a_month(case),
            reason_id=await case.text(),
        )
        await stranger.start_update(
            command.step, command, id="plain-update", wait_for_stage=WorkflowUpdateStage.ACCEPTED
        )
        await case.until(lambda row: row["version"] >= 3, limit=5)
    answers = [
        payload.metadata[ENCODING]
        for event in await events_of(case)
        for where, payload in payloads_in(event)
        if "outcome" in where
    ]
    assert answers == [ENCRYPTED]


async def test_nothing_of_a_case_is_in_temporals_files(
    database, ring, pool, worker_pool, notices, tmp_path
) -> None:
    """Database, write-ahead log, log and what its own tool shows: neither personal data nor any payload."""
    folder, log = tmp_path / "temporal", tmp_path / "temporal.log"
    make_folder(folder, 0o700)
    ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port())
    dynamic = {"frontend.WorkflowTimeSkippingEnabled": "true"}
    server = TemporalServer(ports, folder=folder, log=log, dynamic_config=dynamic)
    await server.start()
    try:
        client = await Client.connect(server.address, data_converter=encrypted(ring, "default"))
        await register_search_attributes(client)
        async with pool.acquire() as connection:
            await load_defaults(connection, "admission")
            await relax(connection, {"notices": {"quiet_from": "00:00", "quiet_until": "00:00"}})
        institute = Institute(client, pool)
        await institute.employ(*DEFAULT_STAFF)
        async with running_worker(client, worker_pool, notices):
            case = await lived(institute, canary_person())
        while_running = everything_in(folder)
        shown = await temporal_shows(server.address, case.case_id, tmp_path)
    finally:
        await server.stop()

    needles = [CANARY, json.dumps(CANARY)[1:-1], ASCII_CANARY, "application_no", '"stage"', "occurred_at"]
    places = {
        "running": while_running,
        "stopped": everything_in(folder),
        "log": log.read_bytes(),
        "shown": shown,
    }
    found = [
        (place, each)
        for place, content in places.items()
        for each in needles
        for form in (each.encode(), each.encode("utf-16-le"))
        if form in content
    ]
    assert found == []
    for place in ("running", "stopped", "shown"):
        for there in (case.case_id, "binary/encrypted", "admission-1"):
            assert there.encode() in places[place], (place, there)


def canary_person() -> Any:
    return person(
        family_name=CANARY,
        given_name=f"{CANARY}名",
        family_kana=CANARY,
        given_kana=f"{CANARY}メイ",
        email=f"{ASCII_CANARY}@example.com",
        address=f"{CANARY}県{ASCII_CANARY}",
        school_name=f"{CANARY}高校",
        school_contact_email=f"school-{ASCII_CANARY}@example.ac.jp",
        statement=f"私は{CANARY}です {ASCII_CANARY}",
    )


def everything_in(folder: Path) -> bytes:
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert folder / "temporal.db" in files
    return b"".join(each.read_bytes() for each in files)


async def temporal_shows(address: str, workflow_id: str, home: Path) -> bytes:
    """What `temporal workflow show` prints, with every base64 text in it decoded too."""
    process = await asyncio.create_subprocess_exec(
        str(temporal_program()),
        *("workflow", "show", "--output", "json", "--address", address, "--workflow-id", workflow_id),
        *("--disable-config-file", "--disable-config-env"),
        env={"PATH": "/usr/bin:/bin", "HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err

    def texts(value: Any) -> Any:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for each in value:
                yield from texts(each)
        elif isinstance(value, str):
            with suppress(binascii.Error, ValueError):
                yield base64.b64decode(value, validate=True)

    return b"\n".join((out, workflow_id.encode(), *texts(json.loads(out))))
