"""What may be named: for filters that must not match nothing silently, and for the shell's completion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

import typer

if TYPE_CHECKING:
    import asyncpg

OFFERED: Final = 50
WITHIN: Final = 2.0
"""Seconds after which a shell that waits for words gets none."""
_CASES: Final = "SELECT case_id FROM iehe.cases WHERE case_id LIKE $1 ORDER BY case_id LIMIT $2"
_CASE_PREFIX: Final = "admission/"


def choice(words: str) -> Any:
    """An argument that is one of the words, given as they are shown: `admit|reject|abstain`."""
    return typer.Argument(metavar=words, autocompletion=offered(words.split("|")))


def offered(words: Iterable[str] | Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """Completion from words that are always the same; a function gives them when they are asked for."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in (words() if callable(words) else words) if word.startswith(incomplete)]

    return complete


def stages() -> list[str]:
    """Every stage that a case can be in."""
    from workflows.admission.process import LIFECYCLE

    return list(LIFECYCLE.stages)


def roles() -> list[str]:
    """Every role that somebody can have."""
    from schemas.admission.roles import Role

    return [role.value for role in Role]


def facts() -> list[str]:
    """Every fact that can be entered by hand."""
    from workflows.admission.process import ADMISSION_REVIEW

    return sorted(ADMISSION_REVIEW.events)


async def staff_ids(pool: asyncpg.Pool) -> list[str]:
    """Everybody who is or was on the staff."""
    return await _column(pool, "SELECT staff_id FROM iehe.staff")


async def rounds(pool: asyncpg.Pool) -> list[str]:
    """Every round."""
    return await _column(pool, "SELECT round_id FROM iehe.rounds")


async def sources(pool: asyncpg.Pool) -> list[str]:
    """The URIs of all systems that may send or could once."""
    return await _column(pool, "SELECT uri FROM iehe.sources")


async def _column(pool: asyncpg.Pool, query: str) -> list[str]:
    return [row[0] for row in await pool.fetch(query) if row[0] is not None]


def completed(names: Callable[[asyncpg.Pool], Awaitable[list[str]]]) -> Callable[[str], list[str]]:
    """Completion from the database; none while it is away."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in _asked(names) if name.startswith(incomplete)][:OFFERED]

    return complete


def complete_case(incomplete: str) -> list[str]:
    """Cases by the beginning of their application number, with or without what stands before it."""
    bare = incomplete.removeprefix(_CASE_PREFIX)
    before = incomplete[: len(incomplete) - len(bare)]

    async def cases(pool: asyncpg.Pool) -> list[str]:
        like = _CASE_PREFIX + bare.upper().replace("_", r"\_").replace("%", r"\%") + "%"
        return [row[0] for row in await pool.fetch(_CASES, like, OFFERED)]

    return [before + case_id.removeprefix(_CASE_PREFIX) for case_id in _asked(cases)]


def _asked(names: Callable[[asyncpg.Pool], Awaitable[list[str]]]) -> list[str]:
    import asyncio

    async def ask() -> list[str]:
        from contextlib import AsyncExitStack

        from cli.session import Session
        from workers.settings import load_settings

        async with asyncio.timeout(WITHIN), AsyncExitStack() as stack:
            return await names(await Session(load_settings(), stack, as_json=False).pool())

    try:
        return asyncio.run(ask())
    except Exception:  # noqa: BLE001 - a shell that completes words has no place for an error
        return []
