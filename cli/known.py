"""What may be named: for filters that must not match nothing silently, and for the shell's completion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncpg

OFFERED: Final = 50
WITHIN: Final = 2.0
"""Seconds after which a shell that waits for words gets none."""
_CASES: Final = "SELECT case_id FROM iehe.cases WHERE case_id LIKE ANY ($1) ORDER BY case_id LIMIT $2"


def offered(words: Iterable[str] | Callable[[], list[str]]) -> Callable[[str], list[str]]:
    """Completion from words that are always the same; a function gives them when they are asked for."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in (words() if callable(words) else words) if word.startswith(incomplete)]

    return complete


def stages() -> list[str]:
    """Every stage that a case can be in."""
    from cases.registry import PROCESSES

    return list(dict.fromkeys(stage for each in PROCESSES.values() for stage in each.lifecycle.stages))


def roles() -> list[str]:
    """Every role that somebody can have."""
    from cases.registry import ROLES

    return list(ROLES)


async def staff_ids(pool: asyncpg.Pool) -> list[str]:
    """Everybody who is or was on the staff."""
    return await _column(pool, "SELECT staff_id FROM iehe.staff")


async def label_values(pool: asyncpg.Pool, name: str) -> list[str]:
    """Every value that a label has of some case."""
    from activities.kernel.queries import queries

    return [row["value"] for row in await pool.fetch(queries("kernel/office")["label_values"], name)]


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


def complete_label(incomplete: str) -> list[str]:
    """The names of labels, and behind `=` the values that cases have."""
    from cases.registry import LABELS

    name, equals, begun = incomplete.partition("=")
    if not equals:
        return [f"{each}=" for each in LABELS if each.startswith(name)]
    values = _asked(lambda pool: label_values(pool, name))
    return [f"{name}={value}" for value in values if value.startswith(begun)][:OFFERED]


def complete_case(incomplete: str) -> list[str]:
    """Cases by the beginning of their number, with or without what stands before it."""
    from cases.registry import CASE_ROOMS

    before, slash, number = incomplete.rpartition("/")
    like = number.upper().replace("_", r"\_").replace("%", r"\%") + "%"
    kinds = [before] if slash else list(CASE_ROOMS)

    async def cases(pool: asyncpg.Pool) -> list[str]:
        rows = await pool.fetch(_CASES, [f"{kind}/{like}" for kind in kinds], OFFERED)
        return [row[0] for row in rows]

    return [case_id if slash else case_id.partition("/")[2] for case_id in _asked(cases)]


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
