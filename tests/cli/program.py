"""`iehe` as a user runs it: a process of its own that prints and ends with a code."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from encryption.ring import ensure_ring

PROGRAM = (sys.executable, "-m", "cli.main")


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


def elsewhere(database: Any, temporal: Any, home: object) -> dict[str, str]:
    """Settings by which servers that run already are used."""
    roles = {"": "worker", "OFFICE_": "office", "OWNER_": "owner", "AUDITOR_": "auditor"}
    return clean_environment(
        IEHE_HOME=home,
        IEHE_KEY_RING=ensure_ring(database.server.home.secrets / "keys.json").path,
        IEHE_TEMPORAL_EMBEDDED="false",
        TEMPORAL_ADDRESS=temporal.address,
        **{f"IEHE_{name}DATABASE_URL": database.url(role) for name, role in roles.items()},
    )


@dataclass(frozen=True, slots=True)
class Program:
    """Commands with the same settings."""

    environment: Mapping[str, str]

    async def __call__(self, *arguments: object, **changes: object) -> Ended:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM,
            *map(str, arguments),
            env={**self.environment, **{name: str(value) for name, value in changes.items()}},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        return Ended(process.returncode, out.decode(), err.decode())
