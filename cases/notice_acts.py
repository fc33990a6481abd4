"""What the office does to a notice before it goes: hold it, release it, cancel it, put words before its own.

An act is one transaction that holds the row of the notice, and the sender marks it as being sent under the
same lock: either the act is done and nothing of what was there before leaves, or it is being sent and whoever
acts is told. Each act has its place in a history that only grows (`iehe.notice_acts`) and in the
administration log.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid5

import asyncpg

from activities.kernel.acting import acting_for
from activities.kernel.queries import queries
from cases.administration import note, roles_for
from cases.sight import fields_of
from cases.texts import Vault, check_words, keep_text
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import MAIL
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/notice_acts")
CHANGE_NOTICES: Final = "change-notices"
"""The act, of each process, of holding, changing, releasing and cancelling what is queued."""
WAITING: Final = ("queued", "failed")
_TEXTS: Final = UUID("3d0a8a53-2c6c-4f0e-8f6e-6b8d0f2b9a61")


class Act(StrEnum):
    """What is done to a notice."""

    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    CHANGE = "change"
    """The office's own words stand before those of the letter, instead of any that did before."""
    RESTORE = "restore"
    """It is put back to the letter alone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One act, as a person asks for it.

    Args:
        act: what is to be done.
        key: of the request; the same one again does nothing more.
        reason: why, in words.
        seen: the revision of the notice that the person saw; None: whichever.
        words: of a change, by language.
    """

    act: Act
    key: str
    reason: str | None = field(default=None, repr=False)
    seen: int | None = None
    words: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """A notice as an act has left it; `repeated`: it had been done before, under the same key."""

    notice_id: str
    case_id: str
    act: Act
    revision: int
    state: str
    held_since: datetime | None
    repeated: bool


def _no_fault(point: str) -> None:
    """Where tests let the process die: locked, kept, changed, noted, logged."""


def may_change(process: str) -> frozenset[str]:
    """The roles that may act on the notices of a process."""
    return roles_for(CHANGE_NOTICES, process)


async def act_on(
    pool: asyncpg.Pool,
    notice_id: str,
    actor: Actor,
    asked: Asked,
    vault: Vault,
    fault: Callable[[str], None] = _no_fault,
) -> Done:
    """Do an act to a notice of a case, whole or not at all.

    Args:
        pool: connections of the office role.
        notice_id: whole; of a case of which the actor sees the work.
        actor: who acts.
        asked: what, under which key, why, and on which revision.
        vault: the keys of cases.
        fault: called between any two statements.

    Raises:
        Refusal: no such notice or one of no case, a role is missing, the key is another act's, the notice was
            changed meanwhile, is being sent or was sent, or the act changes nothing.
    """
    with acting_for(actor.id):
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(SQL["lock"], notice_id)
            fault("locked")
            if row is None:
                raise Refusal("no-such-notice", notice=notice_id)
            await _check_actor(connection, row, actor)
            made = await connection.fetchrow(SQL["made"], notice_id, actor.id, asked.key)
            if made is not None:
                return _before(row, asked, made)
            _check(row, asked)
            now, revision = datetime.now(UTC), row["revision"] + 1
            texts = await _keep(connection, row["case_id"], actor, asked, notice_id, vault)
            fault("kept")
            await _change(connection, notice_id, asked.act, revision, now, texts)
            fault("changed")
            kept = (
                asked.act,
                actor.id,
                asked.key,
                now,
                *(texts.get(each) for each in ("reason", "ja", "en")),
            )
            await connection.execute(SQL["keep"], notice_id, revision, row["case_id"], *kept)
            fault("noted")
            told = {"case": row["case_id"], "revision": revision}
            await note(connection, actor.id, f"{asked.act}-notice", notice_id, **told)
            fault("logged")
            (after,) = await connection.fetch(SQL["lock"], notice_id)
    return _done(after, asked.act, revision, repeated=False)


async def _check_actor(connection: Any, row: asyncpg.Record, actor: Actor) -> None:
    if row["case_id"] is None:
        raise Refusal("notice-of-no-case")
    if Field.WORK not in await fields_of(connection, row["case_id"], actor):
        raise Refusal("no-such-notice", notice=row["notice_id"])
    allowed = may_change(row["process"])
    if allowed.isdisjoint(actor.roles):
        held = ", ".join(sorted(actor.roles)) or "-"
        raise Refusal("role-missing", step=CHANGE_NOTICES, roles=", ".join(sorted(allowed)) or "-", held=held)


def _before(row: asyncpg.Record, asked: Asked, made: asyncpg.Record) -> Done:
    if made["act"] != asked.act:
        raise Refusal("key-of-another-act", act=made["act"])
    return _done(row, asked.act, made["revision"], repeated=True)


def _check(row: asyncpg.Record, asked: Asked) -> None:
    if row["state"] == "sending":
        raise Refusal("notice-being-sent")
    if row["state"] not in WAITING:
        raise Refusal("notice-not-waiting", state=row["state"])
    if asked.seen not in (None, row["revision"]):
        raise Refusal("stale-notice", seen=asked.seen, current=row["revision"])
    held = row["held_since"] is not None
    if asked.act is Act.HOLD and held:
        raise Refusal("notice-held")
    if asked.act is Act.RELEASE and not held:
        raise Refusal("notice-not-held")
    if asked.act is Act.RESTORE and not row["changed"]:
        raise Refusal("notice-not-changed")
    if asked.act is Act.CHANGE and row["channel"] != MAIL:
        raise Refusal("notice-without-letter", channel=row["channel"])
    if asked.act is Act.CHANGE and not asked.words:
        raise Refusal("words-missing")
    if asked.act is not Act.RELEASE and not asked.reason:
        raise Refusal("words-missing")
    check_words(*asked.words.values(), *([asked.reason] if asked.reason else []))


async def _keep(
    connection: Any, case_id: str, actor: Actor, asked: Asked, notice_id: str, vault: Vault
) -> dict[str, UUID]:
    """Seal what is said, under ids that follow from the act's; ids by `reason` and language."""
    said = {**asked.words, **({"reason": asked.reason} if asked.reason else {})}
    ids = {name: uuid5(_TEXTS, f"{notice_id}|{actor.id}|{asked.key}|{name}") for name in said}
    for name, words in said.items():
        await keep_text(connection, vault, ids[name], case_id, actor.id, words)
    return ids


async def _change(
    connection: Any, notice_id: str, act: Act, revision: int, now: datetime, texts: Mapping[str, UUID]
) -> None:
    match act:
        case Act.HOLD | Act.RELEASE:
            await connection.execute(SQL[act.value], notice_id, revision, now)
        case Act.CANCEL:
            await connection.execute(SQL["cancel"], notice_id, revision)
        case Act.CHANGE | Act.RESTORE:
            words = {name: str(text_id) for name, text_id in texts.items() if name != "reason"}
            await connection.execute(
                SQL["change"], notice_id, revision, json.dumps(words) if act is Act.CHANGE else None
            )


def _done(row: asyncpg.Record, act: Act, revision: int, *, repeated: bool) -> Done:
    held = row["held_since"] if row["state"] in WAITING else None
    return Done(row["notice_id"], row["case_id"], act, revision, row["state"], held, repeated)
