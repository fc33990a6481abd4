"""Documents of a case, for every door: kept, handed out, listed, asked for.

The content is sealed and in the store before anything says that it is there; then its row and the fact for
the case are one transaction. Who dies in between leaves an object that no row names, which the sweep takes.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from activities.kernel.acting import THE_HOST, acting_for
from activities.kernel.database import change
from activities.kernel.document_store import DocumentStore, new_key
from activities.kernel.queries import queries
from cases.document_types import extension_of, type_of
from cases.facts import enter, tried
from cases.homes import home_of
from cases.registry import PROCESSES
from cases.texts import Vault, key_of
from schemas.kernel.case import EventEnvelope
from schemas.kernel.documents import DocumentReceived
from schemas.kernel.identifiers import OWN_SOURCE, event_type
from schemas.kernel.refusals import Refusal
from workflows.kernel.document_steps import RECEIVED
from workflows.kernel.documents import DocumentKind

SQL: Final = queries("kernel/documents")
Case = asyncpg.Record
Fault = Callable[[str], Awaitable[None]]


async def _no_fault(_point: str) -> None:
    """Where tests let the process die: uploaded, recorded."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A version that is in the store; `repeated`: it was there before."""

    name: str
    version: int
    sha256: str
    size: int
    media_type: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A version with its content, in clear and whole."""

    name: str
    version: int
    media_type: str
    content: bytes

    @property
    def file_name(self) -> str:
        """A name for a file that says nothing of the case and is safe everywhere."""
        return f"{self.name}-{self.version}.{extension_of(self.media_type)}"


def kind_of(case: Case, name: str) -> DocumentKind:
    """What a document of a case may be.

    Raises:
        Refusal: its process has none of that name.
    """
    kinds = PROCESSES[case["process"]].documents
    if name not in kinds:
        raise Refusal("unknown-document", document=name, known=", ".join(kinds) or "-")
    return kinds[name]


async def put(
    pool: asyncpg.Pool,
    store: DocumentStore,
    vault: Vault,
    case: Case,
    name: str,
    content: bytes,
    sender: str,
    fault: Fault = _no_fault,
) -> Kept:
    """Keep a document and tell its case; the same content again is answered with the version that it is.

    Args:
        pool: connections of the office.
        store: where it is kept.
        vault: the keys of cases.
        case: the row of the case.
        name: which of its documents.
        content: the file as it was sent.
        sender: staff id, or the kind of reader who sends it by a link.
        fault: called at named points so that tests can die there.

    Raises:
        Refusal: it is empty, too large or of another type; the case does not want it; or the store is away,
            and then nothing is kept.
    """
    kind, case_id = kind_of(case, name), case["case_id"]
    media = _checked(kind, name, content)
    hashed = hashlib.sha256(content).hexdigest()
    with acting_for(THE_HOST):  # who sends it is often none of those who see what is there
        rows = [row for row in await pool.fetch(SQL["of_case"], case_id) if row["name"] == name]
        last = rows[-1] if rows else None
        if last is not None and last["sha256"] == hashed and not (last["revoked_at"] or last["erased_at"]):
            return Kept(name, last["version"], hashed, len(content), media, repeated=True)
        following = (last["version"] if last is not None else 0) + 1
        told = Kept(name, following, hashed, len(content), media)
        refusal = await tried(pool, case, _envelope(case, told, "-"))
        if refusal is not None:
            raise refusal
        key = await key_of(pool, vault, case_id)
        place = new_key(home_of(case_id).name)
        await store.put(place, key.seal_document(place, content))
        await fault("uploaded")

        async def record(connection: Any) -> tuple[int, str]:
            given = (case_id, name, hashed, len(content), media, place, sender)
            row = await connection.fetchrow(SQL["keep"], *given)
            if row["stored_as"] == place:
                made = Kept(name, row["version"], hashed, len(content), media)
                await enter(connection, case, _envelope(case, made, place.rpartition("/")[2]))
            return row["version"], row["stored_as"]

        version, stored_as = await change(pool, record)
        await fault("recorded")
        if stored_as != place:
            await store.delete([place])  # somebody else has sent the same at the same time
    return Kept(name, version, hashed, len(content), media, repeated=stored_as != place)


def _checked(kind: DocumentKind, name: str, content: bytes) -> str:
    if not content:
        raise Refusal("document-empty", document=name)
    if len(content) > kind.limit_bytes:
        raise Refusal("document-too-large", document=name, limit=kind.limit_bytes)
    media = type_of(content, kind.media)
    if media is None:
        raise Refusal("document-of-other-type", document=name, types=", ".join(kind.media))
    return media


def _envelope(case: Case, kept: Kept, event_id: str) -> EventEnvelope:
    """The fact for the case; its id is as good as chance, like the object's key."""
    fact = DocumentReceived(
        document=kept.name,
        version=kept.version,
        sha256=kept.sha256,
        size=kept.size,
        media_type=kept.media_type,
    )
    now = datetime.now(UTC)
    return EventEnvelope(
        id=f"document/{event_id}",
        source=OWN_SOURCE,
        type=event_type(case["process"], RECEIVED),
        occurred_at=now,
        received_at=now,
        data=fact.model_dump(mode="json"),
    )


async def get(
    pool: asyncpg.Pool, store: DocumentStore, vault: Vault, case: Case, name: str, version: int | None = None
) -> HandedOut:
    """Hand a document out to who acts; that they had it is on record before they have.

    Args:
        pool: connections of the office that act for the person.
        store: where it is kept.
        vault: the keys of cases.
        case: the row of the case.
        name: which of its documents.
        version: which of its versions; None: the last.

    Raises:
        Refusal: none that they may have; it was revoked or erased; or its content is not there, or not whole.
    """
    case_id = case["case_id"]
    row = await pool.fetchrow(SQL["hand_out"], case_id, name, version)
    if row is None:
        raise Refusal("no-such-document", document=name)
    sealed = await store.get(row["stored_as"])
    try:
        key = await key_of(pool, vault, case_id)
    except LookupError:
        raise Refusal("document-lost", document=name, version=row["version"]) from None
    content = None if sealed is None else key.unseal_document(row["stored_as"], sealed)
    if content is None or hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise Refusal("document-lost", document=name, version=row["version"])
    return HandedOut(name, row["version"], row["media_type"], content)


async def listed(pool: asyncpg.Pool, case: Case) -> list[dict[str, Any]]:
    """The documents of a case as it knows them, each with its versions in the store; without any content."""
    kinds = PROCESSES[case["process"]].documents
    known = json.loads(case["state"]).get("documents", {})
    versions: dict[str, list[dict[str, Any]]] = {}
    for row in await pool.fetch(SQL["of_case"], case["case_id"]):
        versions.setdefault(row["name"], []).append({k: v for k, v in row.items() if k != "name"})
    return [
        {
            "name": name,
            "title": dict(zip(("ja", "en"), kinds[name].title, strict=True)),
            "from": kinds[name].who,
            **{each: known.get(name, {}).get(each) for each in ("state", "version", "hash", "at")},
            **{each: known.get(name, {}).get(each) for each in ("due_at", "reason")},
            "versions": versions.get(name, []),
        }
        for name in kinds
        if name in known or name in versions
    ]


async def to_chase(
    pool: asyncpg.Pool, process: str, name: str | None, after: str = "", limit: int = 200
) -> list[str]:
    """Open cases of a process that who acts sees and that miss a document, or that one, after a case."""
    return [row["case_id"] for row in await pool.fetch(SQL["to_chase"], process, name, after, limit)]
