"""A notice as the office sees it: what becomes of it, what was done to it, the letter as it will be sent."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from activities.kernel.acting import acting_for
from activities.kernel.message_templates import LANGUAGES, NotRenderedError, Office
from activities.kernel.notice_rows import letter_of
from activities.kernel.notice_times import is_held_long
from activities.kernel.queries import queries
from activities.kernel.webhooks import address_of, body_of
from cases.registry import ROOMS
from cases.sight import fields_of, note_reads, whole_processes
from cases.texts import Vault, texts_of
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import MAIL
from schemas.kernel.refusals import Refusal
from schemas.kernel.texts import storable
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")
ACTS: Final = queries("kernel/notice_acts")
Opened = Callable[[str, str | None], str | None]
"""Opens what the database hands out sealed, of a case."""


async def notice_seen(
    pool: asyncpg.Pool, notice_id: str, actor: Actor
) -> tuple[Mapping[str, Any], frozenset[Field]]:
    """A notice by its whole id, and what an actor sees of its case, or of its process when it is of no case.

    Raises:
        Refusal: none of which they see the work.
    """
    if storable(notice_id):
        with acting_for(actor.id):
            row = await pool.fetchrow(SQL["notice"], notice_id)
            if row is not None:
                seen = await _fields(pool, row, actor)
                if Field.WORK in seen:
                    return dict(row), seen
    raise Refusal("no-such-notice", notice=notice_id)


async def _fields(pool: asyncpg.Pool, row: asyncpg.Record, actor: Actor) -> frozenset[Field]:
    if row["case_id"] is not None:
        return await fields_of(pool, row["case_id"], actor)
    return frozenset(each for each in Field if row["process"] in whole_processes(actor, each))


async def read_notice(
    pool: asyncpg.Pool,
    row: Mapping[str, Any],
    actor: Actor,
    personal: tuple[Vault, Opened] | None = None,
) -> dict[str, Any]:
    """A notice with its history; the read is noted where its process is confidential.

    Args:
        pool: connections of the office role.
        row: of `notice_seen`.
        actor: who reads it.
        personal: with reasons, words and letters, opened by these.
    """
    with acting_for(actor.id):
        case_id, notice_id = row["case_id"], row["notice_id"]
        if case_id is not None:
            field, what = (Field.WORK, "notice") if personal is None else (Field.PERSONAL, "letter")
            await note_reads(pool, [case_id], what, field)
        history = [dict(each) for each in await pool.fetch(ACTS["history"], notice_id)]
        said: dict[Any, str | None] = {}
        letters: list[dict[str, Any]] | None = None
        if personal is not None:
            vault, opened = personal
            said = (
                {each["text_id"]: each["body"] for each in await texts_of(pool, vault, case_id)}
                if history
                else {}
            )
            letters = await read_letters(pool, notice_id, opened)
    told = {**row, "facts": json.loads(row["facts"]), "held_long": is_held_long(row["held_since"])}
    return {**told, "history": [_entry(each, said) for each in history], "letters": letters}


def _entry(act: Mapping[str, Any], said: Mapping[Any, str | None]) -> dict[str, Any]:
    """An act, with the words of those ids that are opened here."""
    told = {name: act[name] for name in ("revision", "act", "staff_id", "at")}
    return told | {name: said.get(act[f"{name}_id"]) for name in ("reason", *LANGUAGES)}


async def read_letters(pool: asyncpg.Pool, notice_id: str, opened: Opened) -> list[dict[str, Any]]:
    """A notice as it would be written now: in its reader's language, which is sent, then in the other.

    By the renderer of the mailer; only the link by which its reader answers is left out, for that is theirs
    alone. What a gateway is told has neither subject nor language. A dash stands for what cannot be written.
    """
    row = dict(await pool.fetchrow(SQL["letter"], notice_id, None) or {})
    if not row:
        return []
    if row["channel"] != MAIL:
        return [await _at_gateway(pool, row)]
    found = [_letter(row, opened, sent=True)]
    for language in LANGUAGES:
        if language != row["language"]:
            other = await pool.fetchrow(SQL["letter"], notice_id, language)
            found.append(_letter(dict(other or row), opened, sent=False))
    return found


def _letter(row: dict[str, Any], opened: Opened, *, sent: bool) -> dict[str, Any]:
    row |= {name: opened(row["case_id"], row[name]) for name in ("name", "address", "own_words")}
    told = {"language": row["language"], "sent": sent, "address": row["address"], "subject": "-", "text": "-"}
    try:
        letter = letter_of([row], ROOMS, Office(), datetime.now(UTC))
    except NotRenderedError:
        return told
    return told | {"subject": letter.subject, "text": letter.text}


async def _at_gateway(pool: asyncpg.Pool, row: dict[str, Any]) -> dict[str, Any]:
    """What a gateway would be told now, and where its reader is reached there."""
    to = await address_of(pool, row)
    try:
        text = body_of(row, ROOMS[row["process"]], to["address"]).decode() if to else "-"
    except NotRenderedError:
        text = "-"
    return {"language": None, "sent": True, "address": to and to["address"], "subject": "-", "text": text}
