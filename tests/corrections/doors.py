"""Decisions as every door makes them: with words and values stored first, and ended cases woken."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import Client

from cases.decisions import NotDecided, decide
from cases.finding import find_case
from cases.registry import PROCESSES
from schemas.kernel.case import Actor, Command, Receipt
from spreadsheets.corrections import read_values
from tests.words import vault_of


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[NotDecided]]:
    """What is done is refused with a code."""
    with pytest.raises(NotDecided) as told:
        yield told
    assert told.value.code == code


async def at_door(
    pool: asyncpg.Pool,
    client: Client,
    case_id: str,
    command: type[Command],
    by: Actor,
    reason: str | None = None,
    given: Mapping[str, Any] | None = None,
    key: str | None = None,
    **fields: Any,
) -> Receipt:
    """Make a decision on a case."""
    row = await find_case(pool, case_id)
    made = command(command_id=key or f"c-{uuid4().hex}", actor=by, **fields)

    async def connected() -> Client:
        return client

    new = None if given is None else read_values(PROCESSES[row["process"]], fields["record"], given)
    texts = {"reason": reason} if reason else {}
    return await decide(pool, connected, row, made, texts, vault_of(client), new)
