"""What people say in words, kept and read as every door does: by the keys of a test's client."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from temporalio.client import Client

from cases.homes import homes
from cases.texts import keep_text, texts_of
from encryption.case_keys import CaseKeys
from encryption.ring import JoinedRing, KeyRing, ensure_ring

UNREADABLE = """
WITH key AS (
    INSERT INTO iehe.case_keys (case_id, class_key, wrapped) VALUES ($2, 'none', '') ON CONFLICT DO NOTHING
)
INSERT INTO iehe.texts (text_id, case_id, author, sealed) VALUES ($1, $2, $3, 'x')
"""
"""Words that nobody reads, where only it matters that they are there."""


def vault_of(client: Client) -> CaseKeys:
    """The keys of cases, by the ring of a client, or by one of its own where nothing is encrypted."""
    codec = client.data_converter.payload_codec
    return CaseKeys(codec._ring if codec is not None else _own_ring())


@cache
def _own_ring() -> KeyRing:
    folder = Path(mkdtemp())
    return JoinedRing(*(ensure_ring(folder / home.ring_file, home) for home in homes().values()))


async def keep(pool: Any, client: Client, case_id: str, words: str, author: str = "office-1") -> str:
    """Store words as a door does first; their id."""
    text_id = uuid4()
    assert await keep_text(pool, vault_of(client), text_id, case_id, author, words)
    return str(text_id)


async def words_of(pool: Any, client: Client, case_id: str | None = None) -> list[str | None]:
    """All that was said in a case, or in the only one."""
    case_id = case_id or await pool.fetchval("SELECT DISTINCT case_id FROM iehe.texts")
    return [each["body"] for each in await texts_of(pool, vault_of(client), case_id)]
