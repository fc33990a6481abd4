"""`iehe` as a user runs it: a process of its own that prints and ends with a code."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from cases.homes import homes
from embedded.home import Home, make_way
from encryption.ring import ensure_ring
from tests.cli import zygote
from workers.settings import Settings
from workers.staff_tokens import issue_token

PROGRAM = (sys.executable, "-m", "cli.main")
OF_THE_START = ("PYTHON", "LC_", "LANG")
"""Variables that the interpreter looks at when it starts: with others than ours a process begins anew."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def clean_environment(**settings: object) -> dict[str, str]:
    """This process's environment with no settings but these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("IEHE_", "TEMPORAL_", "PYTEST_", "LC_", "LANG"))
    }
    return kept | {name: str(value) for name, value in settings.items()}


def of_homes(database: Any) -> dict[str, str]:
    """Settings of the homes beside the common one, with rings where the embedded stack has them."""
    settings = {}
    for home in homes().values():
        if not home.common:
            ring = ensure_ring(database.server.home.secrets / home.ring_file, home)
            settings[f"IEHE_DATABASE_URL_{home.name.upper()}"] = database.url("worker", home.name)
            settings[f"IEHE_KEY_RING_{home.name.upper()}"] = str(ring.path)
    return settings


def elsewhere(database: Any, temporal: Any, home: object) -> dict[str, str]:
    """Settings by which servers that run already are used."""
    roles = {"": "worker", "OFFICE_": "office", "OWNER_": "owner", "AUDITOR_": "auditor"}
    secrets = database.server.home.secrets
    return clean_environment(
        IEHE_HOME=home,
        IEHE_KEY_RING=ensure_ring(secrets / "keys.json").path,
        IEHE_TEMPORAL_EMBEDDED="false",
        TEMPORAL_ADDRESS=temporal.address,
        **{f"IEHE_{name}DATABASE_URL": database.url(role) for name, role in roles.items()},
        **of_homes(database),
    )


def token_file(home: Path, staff_id: str, **settings: Any) -> Path:
    """A file with a token of a member of staff, issued by the embedded stack of a home."""
    make_way(Home(home).secrets)
    path = home / f"token-{staff_id}"
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    token, _ = issue_token(Settings(home=home, **settings), staff_id, 1)
    new.write_text(token, encoding="ascii")
    return new.replace(path)  # a command that runs may be reading the one before


async def employ(database: Any, staff_id: str, *roles: str) -> None:
    """Put a member of staff on record, or change their roles, without any command."""
    connection = await asyncpg.connect(database.url("owner"))
    await connection.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $1, $1 || '@example.ac.jp', $2) "
        "ON CONFLICT (staff_id) DO UPDATE SET roles = $2",
        staff_id,
        list(roles),
    )
    await connection.close()


CHIEF = "chief-1"


async def proven(database: Any, environment: Mapping[str, str]) -> "Program":
    """Commands by somebody who administers the system and heads the admissions, shown by a token."""
    await employ(database, CHIEF, "administrator", "head_of_admissions")
    return Program(environment).by(CHIEF)


@dataclass(frozen=True, slots=True)
class Program:
    """Commands with the same settings."""

    environment: Mapping[str, str]

    def by(self, staff_id: str) -> "Program":
        """The same commands by another person, who is proven by a token."""
        token = token_file(Path(self.environment["IEHE_HOME"]), staff_id)
        return Program({**self.environment, "IEHE_TOKEN_FILE": str(token)})

    async def __call__(self, *arguments: object, **changes: object) -> Ended:
        words = list(map(str, arguments))
        environment = {**self.environment, **{name: str(value) for name, value in changes.items()}}
        if all(
            os.environ.get(name) == environment[name] for name in environment if name.startswith(OF_THE_START)
        ):
            code, *printed = await asyncio.to_thread(zygote.run, words, environment)
            return Ended(code, *(each.decode() for each in printed))
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *words,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())
