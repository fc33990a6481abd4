"""The page of a case: where it stands, what has to be done until when, and what its process adds.

What is personal, or written by people, is on it only when that is asked for.
"""

import json
from collections.abc import Collection
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from cases import corrections, links
from cases.clocks import read_clocks
from cases.notes import notes_of
from cases.registry import PROCESSES, ROOMS
from cases.sight import fields_of
from cases.states import read_state
from cases.texts import Vault, texts_of
from schemas.kernel.case import Actor
from workflows.kernel.process import Process
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")


def stage_text(process: str, stage: str) -> dict[str, str]:
    """A stage's name in both languages."""
    info = PROCESSES[process].lifecycle.stages[stage]
    return {"en": info.en, "ja": info.ja}


def track_text(process: str, track: str, at: str) -> dict[str, str]:
    """Where a case stands on a track: the stage, and its name in both languages."""
    info = PROCESSES[process].tracks[track].stages[at]
    return {"at": at, "en": info.en, "ja": info.ja}


async def read_page(
    pool: asyncpg.Pool,
    case: asyncpg.Record,
    actor: Actor,
    *,
    personal: Vault | None = None,
    roles: Collection[str] | None = None,
    with_own: bool = True,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The page in two parts: what every case has, and what its process adds, by names that do not repeat.

    Of what others do on the case nothing, unless the actor sees that.

    Args:
        pool: connections of the office role.
        case: the row of the case.
        actor: who reads it.
        personal: with what is personal, or was written by people, opened with these keys.
        roles: tell as possible only the decisions of one of these; all when not given.
        with_own: with what its process adds; else the second part is empty.
    """
    process = PROCESSES[case["process"]]
    state = await read_state(pool, case)
    async with pool.acquire() as connection:
        page = await _of_every_case(connection, case, state, process, roles)
        if personal is not None:
            page["texts"] = await texts_of(connection, personal, case["case_id"])
            page["notes"] = await notes_of(connection, personal, case["case_id"])
        fields = await fields_of(connection, case["case_id"], actor)
    page["corrections"] = await corrections.of_case(pool, case["case_id"], personal=personal is not None)
    room = ROOMS[case["process"]]
    own = await room.page(pool, case["case_id"], state, personal is not None) if with_own else {}
    if Field.WORK in fields:
        return page, own
    # who else works on it, and until when, is none of their business
    page.pop("notes", None)
    page["facts"] = page["facts_told"] = page["facts_taken"] = page["corrections"] = []
    page["facts_told_in_all"] = page["facts_taken_in_all"] = 0
    page["correctable"], page["take_back"] = {}, None
    page["tasks"] = [each for each in page["tasks"] if each["assignee"] == actor.id]
    page["deadlines"] = [each for each in page["deadlines"] if each["deadline"].partition(":")[2] == actor.id]
    return page, {name: value for name, value in own.items() if name in room.shared}


async def _of_every_case(
    connection: Any, case: asyncpg.Record, state: Any, process: Process[Any], roles: Collection[str] | None
) -> dict[str, Any]:
    async def rows(name: str, *more: Any) -> list[dict[str, Any]]:
        return [dict(each) for each in await connection.fetch(SQL[name], case["case_id"], *more)]

    is_open = case["closed_at"] is None
    return {name: value for name, value in case.items() if name != "state"} | {
        "stage_text": stage_text(case["process"], case["stage"]),
        "waiting_for": case["waiting_for"] if is_open else None,
        "due_at": case["due_at"] if is_open else None,
        "labels": json.loads(case["labels"]),
        "path": state.path,
        "tracks": {name: track_text(process.name, name, at) for name, at in state.tracks.items()},
        "missing": process.missing(state),
        "owes": [owed.key for owed in state.owes],
        "possible": process.possible(state, roles),
        "tasks": await rows("tasks_of_case"),
        "deadlines": await read_clocks(connection, case["case_id"], state),
        "facts": await rows("facts_of_case"),
        "correctable": {name: list(each.words) for name, each in process.corrections.items()},
        "take_back": state.take_back.model_dump(exclude={"reason_id"}) if state.take_back else None,
        **await links.of_case(connection, case["case_id"]),
    }
