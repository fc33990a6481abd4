"""What people say in words: encrypted with a key of its case, which goes with the case."""

from typing import Any, Final, Protocol
from uuid import UUID

from activities.kernel.queries import queries
from schemas.kernel.refusals import Refusal
from schemas.kernel.texts import storable

SQL: Final = queries("kernel/office")


LONGEST: Final = 4000
"""Characters that a person says at once."""


def check_words(*words: str) -> None:
    """Refuse words that say nothing, too much, or what cannot be kept.

    Raises:
        Refusal: `words-unusable`.
    """
    if not all(each.strip() and len(each) <= LONGEST and storable(each) for each in words):
        raise Refusal("words-unusable", limit=LONGEST)


class CaseKey(Protocol):
    """The key of one case."""

    def seal(self, text_id: UUID, words: str) -> bytes:
        """Words for the database, bound to their place."""

    def unseal(self, text_id: UUID, sealed: bytes) -> str | None:
        """The words again; None when they were sealed for another place or with another key."""

    def seal_document(self, place: str, content: bytes) -> bytes:
        """A document for the store, bound to its place."""

    def unseal_document(self, place: str, sealed: bytes) -> bytes | None:
        """The document again; None when it was sealed for another place or with another key."""


class Vault(Protocol):
    """Makes and opens the keys of cases."""

    def new(self, case_id: str) -> tuple[str, bytes]:
        """A new key for a case as it is stored: by which key it is wrapped, and wrapped."""

    def open(self, case_id: str, class_key: str, wrapped: bytes) -> CaseKey | None:
        """A stored key; None when the ring does not have what opens it."""


async def keep_text(
    connection: Any, vault: Vault, text_id: UUID, case_id: str, author: str, words: str
) -> bool:
    """Store words under an id; False when that id has some already.

    Raises:
        LookupError: the key of the case cannot be opened with the ring that is here.
    """
    sealed = (await key_of(connection, vault, case_id)).seal(text_id, words)
    return await connection.fetchval(SQL["keep_text"], text_id, case_id, author, sealed) is not None


async def key_of(connection: Any, vault: Vault, case_id: str) -> CaseKey:
    """The key of a case, made with its first words or document.

    Raises:
        LookupError: it cannot be opened with the ring that is here.
    """
    row = await connection.fetchrow(SQL["key_of_case"], case_id)
    if row is None:
        await connection.execute(SQL["keep_key"], case_id, *vault.new(case_id))
        # somebody else may have been faster
        row = await connection.fetchrow(SQL["key_of_case"], case_id)
    key = vault.open(case_id, row["class_key"], row["wrapped"])
    if key is None:
        raise LookupError(row["class_key"])
    return key


async def texts_of(connection: Any, vault: Vault, case_id: str) -> list[dict[str, Any]]:
    """The words of a case in the order in which they were said; what cannot be opened has no `body`."""
    rows = await connection.fetch(SQL["texts_of_case"], case_id)
    row = await connection.fetchrow(SQL["key_of_case"], case_id) if rows else None
    key = vault.open(case_id, row["class_key"], row["wrapped"]) if row else None
    return [
        {
            "text_id": each["text_id"],
            "author": each["author"],
            "body": key.unseal(each["text_id"], each["sealed"]) if key else None,
            "created_at": each["created_at"],
        }
        for each in rows
    ]
