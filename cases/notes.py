"""Notes on a case: what the office tells itself in words, beside the workflow and sealed with the case's key.

Who sees the work of a case reads them all, in the order in which they were first written. A note is its
author's: they alone correct it; they, or who leads the office, withdraw it. Every version stays readable.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg

from activities.kernel.acting import acting_for
from activities.kernel.queries import queries
from cases.administration import roles_for
from cases.sight import fields_of
from cases.texts import CaseKey, Vault, check_words, key_of
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/case_notes")
WRITE_NOTES: Final = "write-notes"
WITHDRAW_NOTES: Final = "withdraw-notes"
"""The act, of each process, of withdrawing the notes of others."""
WRITE, CORRECT, WITHDRAW = "write", "correct", "withdraw"
_NOTES: Final = UUID("b1f4c3a8-7f53-4f0c-9c38-54c0e6e8a0d2")


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says about a case.

    Args:
        key: of the request; the same one again writes nothing more.
        words: of the note, or why it is withdrawn.
        note: the one that is corrected or withdrawn; None: a new one.
        withdraws: it is withdrawn.
        seen: the version of the note that the person saw; None: whichever.
    """

    key: str
    words: str = field(repr=False)
    note: UUID | None = None
    withdraws: bool = False
    seen: int | None = None

    @property
    def act(self) -> str:
        """What becomes of the note."""
        return WRITE if self.note is None else WITHDRAW if self.withdraws else CORRECT


@dataclass(frozen=True, slots=True)
class Written:
    """A version of a note is kept; `repeated`: it had been before, under the same key."""

    case_id: str
    note_id: UUID
    version: int
    act: str
    repeated: bool


def _no_fault(point: str) -> None:
    """Where tests let the process die: locked, sealed, kept."""


async def write_note(
    pool: asyncpg.Pool,
    case: asyncpg.Record,
    actor: Actor,
    said: Said,
    vault: Vault,
    fault: Callable[[str], None] = _no_fault,
) -> Written:
    """Write, correct or withdraw a note, whole or not at all.

    Args:
        pool: connections of the office role.
        case: the row of the case.
        actor: who writes.
        said: what, under which key, of which note.
        vault: the keys of cases.
        fault: called between any two statements.

    Raises:
        Refusal: the actor does not see the case's work or has no role that writes notes, there is no such
            note, it is somebody else's, withdrawn or was changed meanwhile, or the key is another act's.
    """
    case_id = case["case_id"]
    with acting_for(actor.id):
        if Field.WORK not in await fields_of(pool, case_id, actor):
            raise Refusal("no-such-case")
        _require(actor, WRITE_NOTES, case["process"])
        check_words(said.words)
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL["lock"], case_id)
            fault("locked")
            made = await connection.fetchrow(SQL["made"], case_id, actor.id, said.key)
            if made is not None:
                return _before(case_id, said, made)
            note_id, version = await _next(connection, case, actor, said)
            key = await key_of(connection, vault, case_id)
            fault("sealed")
            sealed = key.seal(_place(note_id, version), said.words)
            kept = (note_id, version, case_id, said.act, actor.id, said.key, sealed)
            await connection.execute(SQL["keep"], *kept)
            fault("kept")
    return Written(case_id, note_id, version, said.act, repeated=False)


def _require(actor: Actor, act: str, process: str) -> None:
    allowed = roles_for(act, process)
    if allowed.isdisjoint(actor.roles):
        held = ", ".join(sorted(actor.roles)) or "-"
        raise Refusal("role-missing", step=act, roles=", ".join(sorted(allowed)) or "-", held=held)


def _before(case_id: str, said: Said, made: asyncpg.Record) -> Written:
    if made["act"] != said.act or said.note not in (None, made["note_id"]):
        raise Refusal("key-of-another-act", act=made["act"])
    return Written(case_id, made["note_id"], made["version"], made["act"], repeated=True)


async def _next(connection: Any, case: asyncpg.Record, actor: Actor, said: Said) -> tuple[UUID, int]:
    """The note and version that is written now."""
    if said.note is None:
        return uuid5(_NOTES, f"{case['case_id']}|{actor.id}|{said.key}"), 1
    last = await connection.fetchrow(SQL["last"], said.note, case["case_id"])
    if last is None:
        raise Refusal("no-such-note")
    leads = not roles_for(WITHDRAW_NOTES, case["process"]).isdisjoint(actor.roles)
    if last["author"] != actor.id and not (said.withdraws and leads):
        raise Refusal("note-of-another", author=last["author"])
    if last["act"] == WITHDRAW:
        raise Refusal("note-withdrawn")
    if said.seen not in (None, last["version"]):
        raise Refusal("stale-note", seen=said.seen, current=last["version"])
    return said.note, last["version"] + 1


def _place(note_id: UUID, version: int) -> UUID:
    """What a version's words are bound to."""
    return uuid5(note_id, str(version))


async def notes_of(connection: Any, vault: Vault, case_id: str) -> list[dict[str, Any]]:
    """The notes of a case in the order in which they were written, each with all its versions.

    `body` is what it says now: nothing once it is withdrawn, or where it cannot be opened. That whoever reads
    sees the work of the case is the caller's to check, and the read to note.
    """
    rows = await connection.fetch(SQL["of_case"], case_id)
    key = await _key(connection, vault, case_id) if rows else None
    notes: dict[UUID, dict[str, Any]] = {}
    for row in rows:
        place = _place(row["note_id"], row["version"])
        body = key.unseal(place, row["sealed"]) if key else None
        first = {
            "note_id": row["note_id"],
            "author": row["staff_id"],
            "written_at": row["at"],
            "versions": [],
        }
        told = notes.setdefault(row["note_id"], first)
        version = {
            "version": row["version"],
            "act": row["act"],
            "by": row["staff_id"],
            "at": row["at"],
            "body": body,
        }
        told["versions"].append(version)
        withdrawn = row["act"] == WITHDRAW
        told |= {"version": row["version"], "body": None if withdrawn else body, "withdrawn": withdrawn}
        told["reason"] = body if withdrawn else None
    return list(notes.values())


async def _key(connection: Any, vault: Vault, case_id: str) -> CaseKey | None:
    row = await connection.fetchrow(queries("kernel/office")["key_of_case"], case_id)
    return vault.open(case_id, row["class_key"], row["wrapped"]) if row else None
