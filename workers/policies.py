"""Policies and rounds: read from TOML, checked whole, completed with holidays, stored once by version."""

import hashlib
import json
import tomllib
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg
import holidays
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.identifiers import ProcessName
from schemas.policies import AdmissionPolicy, PolicyDocument

YEARS_AHEAD = 6
"""How many years of holidays a policy carries, from the year before it is valid."""


class PolicyError(Exception):
    """A policy file is not usable; the text names each fault by its place in the file."""


class Round(BaseModel):
    """A round of selection as the default file or `iehe round add` gives it."""

    model_config = ConfigDict(extra="forbid")

    round_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,31}$")
    route: str
    title_ja: str
    title_en: str
    opens_at: datetime
    closes_at: datetime
    post_cutoff_at: datetime | None = None
    enrol_by: date
    waitlist_until: date


def read_policy(path: Path | None = None) -> tuple[PolicyDocument, list[Round], dict[str, int]]:
    """A policy file with its rounds and places; None reads the defaults that come with the system.

    Raises:
        PolicyError: the file is not TOML, or something in it is missing, unknown or out of bounds.
    """
    text = (path or files("workers") / "defaults" / "admission.toml").read_text(encoding="utf-8")
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not TOML: {error}") from None
    try:
        valid_from = raw["valid_from"]
        days = japanese_holidays(valid_from)
        routes = {
            name: {
                **raw["default"],
                **route,
                "route": name,
                "version": raw["version"],
                "calendar": {**raw["default"].get("calendar", {}), "holidays": days},
            }
            for name, route in raw["routes"].items()
        }
        for route in routes.values():
            _known(AdmissionPolicy, route, "routes")
        document = PolicyDocument(
            process=raw["process"],
            version=raw["version"],
            valid_from=valid_from,
            routes={name: AdmissionPolicy.model_validate(route) for name, route in routes.items()},
        )
        rounds = [Round.model_validate(each) for each in raw.get("rounds", [])]
    except KeyError as error:
        raise PolicyError(f"{error.args[0]} is missing") from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise PolicyError("\n".join(faults)) from None
    if document.process != ProcessName.ADMISSION_REVIEW:
        raise PolicyError(f"process: no process is called {document.process}")
    return document, rounds, dict(raw.get("places", {}))


def _known(model: type[BaseModel], raw: dict[str, Any], where: str) -> None:
    # payload models tolerate unknown fields; in a file that a person wrote they are mistakes
    if unknown := sorted(raw.keys() - model.model_fields.keys()):
        raise PolicyError(f"{where}: unknown {', '.join(unknown)}")


def japanese_holidays(valid_from: date) -> list[date]:
    """National holidays of Japan and the new-year days on which offices are closed."""
    years = range(valid_from.year - 1, valid_from.year + YEARS_AHEAD)
    days = set(holidays.country_holidays("JP", years=years))
    for year in years:
        days |= {date(year, 12, day) for day in (29, 30, 31)} | {date(year, 1, day) for day in (2, 3)}
    return sorted(days)


async def store_policy(connection: asyncpg.Connection, document: PolicyDocument, loaded_by: str) -> bool:
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


async def store_round(connection: asyncpg.Connection, new: Round, places: dict[str, int]) -> bool:
    """Add a round with its places; False, and nothing changed, when it exists."""
    values = new.model_dump()
    columns = ", ".join(values)
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    async with connection.transaction():
        added = await connection.fetchval(
            f"INSERT INTO iehe.rounds ({columns}) VALUES ({marks}) "  # noqa: S608 - names of model fields
            "ON CONFLICT (round_id) DO NOTHING RETURNING round_id",
            *values.values(),
        )
        if added is None:
            return False
        await connection.executemany(
            "INSERT INTO iehe.round_places (round_id, programme, places) VALUES ($1, $2, $3)",
            [(new.round_id, programme, count) for programme, count in places.items()],
        )
    return True


async def load_defaults(connection: asyncpg.Connection) -> None:
    """The default policy and rounds, where there is none yet; what a university has loaded stays."""
    document, rounds, places = read_policy()
    if await connection.fetchval("SELECT count(*) FROM iehe.policies") == 0:
        await store_policy(connection, document, "defaults")
    if await connection.fetchval("SELECT count(*) FROM iehe.rounds") == 0:
        for each in rounds:
            await store_round(connection, each, places)
