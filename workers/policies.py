"""Policies: read from TOML, checked whole, completed with holidays, stored once by version."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import asyncpg
import holidays
from pydantic import BaseModel, ValidationError

from activities.kernel.policy_tables import PolicyTables
from cases.registry import CASE_ROOMS, PROCESSES, ROOMS
from schemas.kernel.case import Acknowledge
from schemas.kernel.deadlines import DeadlinePolicy
from schemas.kernel.policies import ALWAYS, PolicyDocument

YEARS_AHEAD = 6
"""How many years of holidays a policy carries, from the year before it is valid."""


class PolicyError(Exception):
    """A policy file is not usable; the text names each fault by its place in the file."""


@dataclass(frozen=True)
class PolicyFile:
    """What a policy file says: the rules, and the tables of its process beside them."""

    document: PolicyDocument[Any]
    tables: PolicyTables


def defaults_of(room: str) -> Traversable:
    """The policy file that comes with a room."""
    return files("activities") / room / "defaults.toml"


def read_policy(file: Traversable) -> PolicyFile:
    """Read a policy file and check it whole.

    Raises:
        PolicyError: the file is not TOML, or something in it is missing, unknown or out of bounds.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}") from None
    try:
        read = _read(raw)
    except KeyError as error:
        raise PolicyError(f"{error.args[0]} is missing") from None
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise PolicyError("\n".join(wrong)) from None
    dangling = (*_dangling(read.document), *read.tables.dangling(read.document))
    if faults := [*_unknown_fields(raw, read), *dangling]:
        raise PolicyError("\n".join(faults))
    return read


def _read(raw: dict[str, Any]) -> PolicyFile:
    valid_from = raw["valid_from"]
    if type(valid_from) is not date:
        raise PolicyError("valid_from: a date without quotes is needed, such as 2027-04-01")
    if raw["process"] not in PROCESSES:
        raise PolicyError(f"process: no process is called {raw['process']}")
    common = raw["default"]
    closed = japanese_holidays(valid_from)
    routes = {
        name: _route(common | route, name, raw["version"], closed) for name, route in raw["routes"].items()
    }
    document = PolicyDocument[PROCESSES[raw["process"]].policy].model_validate(  # type: ignore[misc]
        {
            "process": raw["process"],
            "version": raw["version"],
            "valid_from": valid_from,
            "events": raw.get("events", {}),
            "retention": raw.get("retention", {}),
            "digest": raw.get("digest", False),
            "routes": routes,
        }
    )
    tables = ROOMS[document.process].policy_tables
    return PolicyFile(
        document, tables.model_validate({name: raw[name] for name in tables.model_fields if name in raw})
    )


def _route(said: dict[str, Any], name: str, version: str, closed: list[date]) -> dict[str, Any]:
    own = _with_holidays(said.get("calendar", {}), closed)
    others = {each: _with_holidays(calendar, closed) for each, calendar in said.get("calendars", {}).items()}
    return {**said, "version": version, "route": name, "calendar": own, "calendars": others}


def _with_holidays(calendar: dict[str, Any], closed: list[date]) -> dict[str, Any]:
    return calendar if calendar.get("public_holidays") is False else {**calendar, "holidays": closed}


def _unknown_fields(raw: dict[str, Any], read: PolicyFile) -> Iterator[str]:
    # payload models tolerate fields that they do not know; in a file that a person wrote they are mistakes
    document = read.document
    known_here = {"default", *type(document).model_fields, *type(read.tables).model_fields}
    yield from (f"{name}: unknown" for name in raw if name not in known_here)
    for table in ("events", "retention"):
        yield from _unknown(raw.get(table, {}), getattr(document, table).model_dump(), table)
    for name, route in document.routes.items():
        known = route.model_dump()
        yield from _unknown(raw["default"] | raw["routes"][name], known, f"routes.{name}")


def _unknown(raw: Any, known: Any, where: str) -> Iterator[str]:
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            if key not in known:
                yield f"{where}.{key}: unknown"
            else:
                yield from _unknown(value, known[key], f"{where}.{key}")
    elif isinstance(raw, list) and isinstance(known, tuple):
        # each by its own: what is named in one of them, such as a weight, is no field of the others
        for number, (value, read) in enumerate(zip(raw, known, strict=False)):
            yield from _unknown(value, read, f"{where}.{number}")


def _dangling(document: PolicyDocument[Any]) -> Iterator[str]:
    """What a policy refers to and nobody has: messages, roles, processes, routes."""
    room = ROOMS[document.process]
    audiences = {"assignee", *room.process.audiences, *(f"role:{role}" for role in room.process.roles)}
    audiences |= {message.to for message in room.messages.values()}
    for name, route in document.routes.items():
        for where, deadline in _deadlines(route):
            if deadline.calendar not in {None, ALWAYS, *route.calendars}:
                yield f"routes.{name}.{where}.calendar: no calendar is called {deadline.calendar}"
            for rung in deadline.ladder:
                if rung.asks and Acknowledge not in room.process.decisions:
                    yield f"routes.{name}.{where}.ladder.{rung.key}: nobody can acknowledge here"
                if rung.message not in room.messages:
                    yield f"routes.{name}.{where}.ladder.{rung.key}: no message is called {rung.message}"
                for who in sorted(set(rung.to) - audiences):
                    yield f"routes.{name}.{where}.ladder.{rung.key}: nobody is called {who}"


def _deadlines(part: Any, where: str = "") -> Iterator[tuple[str, DeadlinePolicy]]:
    if isinstance(part, DeadlinePolicy):
        yield where, part
        return
    inside: Iterable[tuple[Any, Any]] = ()
    if isinstance(part, BaseModel):
        inside = part
    elif isinstance(part, Mapping):
        inside = part.items()
    elif isinstance(part, tuple):
        inside = enumerate(part)
    for name, value in inside:
        yield from _deadlines(value, f"{where}.{name}" if where else str(name))


def japanese_holidays(valid_from: date) -> list[date]:
    """National holidays of Japan and the new-year days on which offices are closed."""
    years = range(valid_from.year - 1, valid_from.year + YEARS_AHEAD)
    days = set(holidays.country_holidays("JP", years=years))
    for year in years:
        days |= {date(year, 12, day) for day in (29, 30, 31)} | {date(year, 1, day) for day in (2, 3)}
    return sorted(days)


async def store_policy(connection: asyncpg.Connection, document: PolicyDocument[Any], loaded_by: str) -> bool:
    """Add a policy version; False when the same one is there already.

    Raises:
        PolicyError: the version exists with other content; a changed rule is a new version.
    """
    body = document.model_dump_json()
    sha256 = hashlib.sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()
    added = await connection.fetchval(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by) "
        "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (process, version) DO NOTHING RETURNING version",
        document.process,
        document.version,
        document.valid_from,
        body,
        sha256,
        loaded_by,
    )
    if added is not None:
        return True
    stored = await connection.fetchval(
        "SELECT sha256 FROM iehe.policies WHERE process = $1 AND version = $2",
        document.process,
        document.version,
    )
    if stored != sha256:
        raise PolicyError(
            f"version {document.version} is already loaded with other content: give the file a new version"
        )
    return False


async def load_defaults(connection: asyncpg.Connection, *rooms: str) -> None:
    """The default policy of some rooms, or all, with its tables, where none is; what is loaded stays."""
    for room in rooms or CASE_ROOMS:
        default = read_policy(defaults_of(room))
        there = "SELECT EXISTS (SELECT FROM iehe.policies WHERE process = $1)"
        async with connection.transaction():
            if not await connection.fetchval(there, default.document.process):
                await store_policy(connection, default.document, "defaults")
                await default.tables.store(connection)
