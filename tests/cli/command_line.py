"""The command line against the fixtures' servers, in a thread of the test's process."""

import asyncio
import io
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer

from cases.registry import PROCESSES
from cli import case_arguments as casework
from cli import case_starting, session
from cli.main import app
from tests.cli.program import of_homes, token_file


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        return self.json["error"]


class _ByThread(io.TextIOBase):
    """An output in which what the thread of a command prints is kept apart from everybody else's.

    There is one for as long as the process lasts. `print` has no reference of its own to where it prints
    (python/cpython#130163): an output that ends while the worker of the test prints there is memory that is
    no more, and the process ends sooner or later with a segmentation fault.
    """

    def __init__(self) -> None:
        self.other: Any = None
        self.own: dict[int, io.StringIO] = {}

    def write(self, text: str) -> int:
        return self.own.get(threading.get_ident(), self.other).write(text)

    def flush(self) -> None:
        self.other.flush()

    @contextmanager
    def kept(self) -> Iterator[io.StringIO]:
        """What this thread prints meanwhile."""
        self.own[threading.get_ident()] = own = io.StringIO()
        try:
            yield own
        finally:
            del self.own[threading.get_ident()]


_OUT, _ERR = _ByThread(), _ByThread()


def _stand_in() -> None:
    """All that is printed goes by them, until pytest sets its own again."""
    for name, stand_in in (("stdout", _OUT), ("stderr", _ERR)):
        if (now := getattr(sys, name)) is not stand_in:
            stand_in.other = now
            setattr(sys, name, stand_in)


class CommandLine:
    """`iehe …` as a person types it."""

    async def __call__(self, *words: object, by: str | None = "office-1") -> Ended:
        """Run a command as a member of staff, proven by a token; None: by nobody who is proven."""
        args = [str(word) for word in words]
        shown = (
            ["--token-file", str(token_file(Path(os.environ["IEHE_HOME"]), by, staff_issuer=None))]
            if by
            else []
        )
        _stand_in()
        return await asyncio.to_thread(self._run, [*shown, *args])

    async def ok(self, *words: object, by: str | None = "office-1") -> Any:
        """Run with --json and expect success; the answer."""
        ended = await self(*words, "--json", by=by)
        assert ended.code == 0, ended
        return ended.json

    async def refused(self, *words: object, by: str | None = "office-1") -> tuple[int, str]:
        """Run with --json and expect an error; its exit code and error code."""
        ended = await self(*words, "--json", by=by)
        assert ended.code != 0, ended
        return ended.code, ended.error["code"]

    def _run(self, args: list[str]) -> Ended:
        code: Any = 0
        with _OUT.kept() as out, _ERR.kept() as err:
            try:
                language = os.environ.get("IEHE_LANGUAGE")
                _program(language, *map(id, PROCESSES.values()))(args, prog_name="iehe")
            except SystemExit as end:
                code = end.code or 0
        return Ended(int(code), out.getvalue(), err.getvalue())


@cache
def _program(*_made_for: object) -> Any:
    """The commands of the processes that there are, in a language: not made for each call."""
    program: Any = typer.main.get_command(app)
    for group in program.commands.values():
        getattr(group, "commands", None)  # completed now, so that two threads do not
    return program


def _leave(code: int) -> NoReturn:
    raise SystemExit(int(code))


@pytest.fixture
def environment(database: Any, temporal: Any, ring: Any, tmp_path: Any) -> dict[str, str]:
    """Settings by which a command finds the servers of the tests."""
    return {
        "IEHE_HOME": str(tmp_path),
        "IEHE_KEY_RING": str(ring.path),
        "IEHE_TEMPORAL_EMBEDDED": "false",
        "TEMPORAL_ADDRESS": temporal.address,
        "IEHE_OFFICE_DATABASE_URL": database.url("office"),
        "IEHE_LANGUAGE": "en",
        **of_homes(database),
    }


@pytest.fixture
def iehe(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Iterator[CommandLine]:
    """Commands run in a thread of this process, which may end without ending the process."""
    # a command has its process to itself, and quietens libraries for as long as that lasts
    levels = {name: logging.getLogger(name).level for name in ("asyncpg", "temporalio")}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for module in (session, casework, case_starting):
        monkeypatch.setattr(module, "leave", _leave)
    yield CommandLine()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
