"""What is given out, at every door: frames, who has and who waits, and why a case got nothing."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import asyncpg

from activities.kernel.database import change
from activities.kernel.queries import queries
from cases.administration import note, roles_for
from cases.sight import note_reads, process_of, whole_processes
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import RoleName
from schemas.kernel.japan import TOKYO
from schemas.kernel.places import FrameWanted
from schemas.kernel.refusals import Refusal

SQL: Final = queries("kernel/places")
SET_PLACES: Final = "set-places"
"""The act of saying how many of a frame there are: of the host, and of processes that allow it to others."""
LIVE: Final = frozenset({"held", "offered", "taken"})
LANGUAGES: Final = ("en", "ja")
_READ: Final = "places"


def roles_that_set(frame: str) -> frozenset[RoleName]:
    """The roles that may say how many of a frame there are.

    Raises:
        Refusal: no process has frames of that name.
    """
    return roles_for(SET_PLACES) | roles_for(SET_PLACES, process_of_frame(frame))


def process_of_frame(frame: str) -> str:
    """The process whose room a frame's name begins with.

    Raises:
        Refusal: there is none.
    """
    process = process_of(frame)
    if process is None:
        raise Refusal("frame-unknown", frame=frame)
    return process


async def list_frames(
    pool: asyncpg.Pool, actor: Actor, prefix: str | None, limit: int
) -> list[dict[str, Any]]:
    """The frames of the processes whose work an actor sees, by name; those at and under a prefix."""
    return await _found(pool, "frames", sorted(whole_processes(actor)), prefix, limit)


async def show_frame(pool: asyncpg.Pool, actor: Actor, frame: str) -> dict[str, Any]:
    """A frame with who has something of it, and who waits in which order and why.

    Raises:
        Refusal: there is none that the actor sees.
    """
    found = await pool.fetchval(SQL["frame"], frame)
    told = json.loads(found) if found is not None else {}
    if told.get("process") not in whole_processes(actor):
        raise Refusal("frame-unknown", frame=frame)
    holders, waiting = await _found(pool, "holders", frame), await _found(pool, "waiting", frame)
    named = {row["holder"] for row in (*holders, *waiting) if row["holder"] is not None}
    await note_reads(pool, sorted(named), _READ)
    return {**told, "holders": holders, "queue": waiting}


async def set_frame(pool: asyncpg.Pool, actor: Actor, frame: str, wanted: FrameWanted) -> dict[str, Any]:
    """Make a frame or change it, as the administration log then says; the frame as it now is.

    Raises:
        Refusal: what is given out does not fit any more, or a frame that it names is not there.
    """
    values = wanted.model_dump(mode="json", exclude_none=True)

    async def work(connection: Any) -> dict[str, Any]:
        await connection.execute(SQL["set_frame"], frame, json.dumps(values))
        await note(connection, actor.id, SET_PLACES, frame, **values)
        return dict(json.loads(await connection.fetchval(SQL["frame"], frame)))

    return await change(pool, work)


async def explain(pool: asyncpg.Pool, case_id: str) -> dict[str, Any]:
    """What a case has, was offered and waits for, the evidence in order, and all of it in words.

    Whoever asks has been found to see the case.
    """
    places = await _found(pool, "places_of", case_id)
    waiting, log = await _found(pool, "entries_of", case_id), await _found(pool, "log_of", case_id)
    await note_reads(pool, [case_id], _READ)
    told = {each: list(_lines(places, waiting, log, each)) for each in LANGUAGES}
    return {"case_id": case_id, "places": places, "waiting": waiting, "log": log, "told": told}


async def _found(pool: asyncpg.Pool, query: str, *values: Any) -> list[dict[str, Any]]:
    return [json.loads(row["found"]) for row in await pool.fetch(SQL[query], *values)]


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("places.toml").read_text(encoding="utf-8"))


def _lines(
    places: list[dict[str, Any]], waiting: list[dict[str, Any]], log: list[dict[str, Any]], language: str
) -> Iterator[str]:
    def say(key: str, **values: Any) -> str:
        return _words()[key][language].format(**values)

    def until(ends_at: str | None) -> str:
        return say("until", moment=_moment(ends_at)) if ends_at else ""

    has = [place for place in places if place["state"] in LIVE]
    for place in has:
        state = say(f"state-{place['state']}")
        yield say("has", what=what_of(place["lines"]), state=state, until=until(place["ends_at"]))
    if not has:
        yield say("has-nothing" if log or waiting else "nothing")
    for entry in waiting:
        if entry["state"] != "waiting":
            continue
        yield say("waits", **{**entry, "moment": _moment(entry["since"])})
        if (passed := entry["passed_over"]) is not None:
            yield say(
                "waits-passed",
                frame=entry["frame"],
                moment=_moment(passed["at"]),
                reason=passed["reason"],
            )
    for entry in log:
        yield say(
            _kind(entry),
            moment=_moment(entry["at"]),
            what=what_of(entry["lines"]),
            frame=entry["frame"],
            reason=entry["reason"],
            until=until(entry["ends_at"]),
        )


def _kind(entry: Mapping[str, Any]) -> str:
    to = str(entry["to"])
    if entry["frame"] is not None:
        return "queue-offered" if to == "offered" else to
    return "changed" if to == entry["from"] else to


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(TOKYO):%Y-%m-%d %H:%M}"


def what_of(lines: list[dict[str, Any]]) -> str:
    """Lines as people read them: `2 × frame`, `frame unit 2027-04-01–2027-08-01`."""
    said = []
    for line in lines:
        parts = [line["frame"] if line["amount"] == "1" else f"{line['amount']} × {line['frame']}"]
        if line.get("unit"):
            parts.append(line["unit"])
        if line.get("first"):
            parts.append(f"{line['first']}–{line.get('until') or ''}")
        said.append(" ".join(parts))
    return ", ".join(said) or "-"
