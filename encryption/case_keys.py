"""The key of a case: made for its first words, wrapped with the key of its class, destroyed with the case.

`nonce | AES-256-GCM` both times; a wrapped key is bound to its case, words to their case and id. A copy of
the database without the ring is unreadable, and one without `iehe.case_keys` is so with the ring too.
"""

import hashlib
import hmac
import os
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from encryption.codec import NONCE_BYTES, class_of_workflow
from encryption.ring import KEY_BYTES, KeyRing

_PURPOSE: Final = "iehe-case-key"


@dataclass(frozen=True, slots=True)
class OpenKey:
    """The key of one case, in memory."""

    case_id: str
    secret: bytes = field(repr=False)

    def seal(self, text_id: UUID, words: str) -> bytes:
        """Words for the database."""
        return _seal(self.secret, words.encode(), f"{self.case_id}|{text_id}")

    def unseal(self, text_id: UUID, sealed: bytes) -> str | None:
        """The words again; None when they are not what was sealed for this place."""
        words = _unseal(self.secret, sealed, f"{self.case_id}|{text_id}")
        return None if words is None else words.decode()

    def seal_document(self, place: str, content: bytes) -> bytes:
        """A document for the store, bound to the place where it is kept."""
        return _seal(self.secret, content, f"{self.case_id}|document|{place}")

    def unseal_document(self, place: str, sealed: bytes) -> bytes | None:
        """The document again, whole; None when it is not what was sealed for this place."""
        return _unseal(self.secret, sealed, f"{self.case_id}|document|{place}")


class CaseKeys:
    """The keys of cases, by the ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def new(self, case_id: str) -> tuple[str, bytes]:
        """A new key, wrapped with the key in use of the case's class, and the id of that.

        Raises:
            KeyRingError: the ring has no key for the class, or cannot be read.
        """
        key = self._ring.current(class_of_workflow(case_id))
        return key.key_id, _seal(key.secret, os.urandom(KEY_BYTES), f"{_PURPOSE}|{key.key_id}|{case_id}")

    def mark(self, room: str, text: str) -> bytes:
        """32 bytes that stand for a text and say nothing of it: HMAC-SHA256 with the class's first key."""
        return hmac.digest(self._ring.first(room).secret, f"iehe-mark|{text}".encode(), hashlib.sha256)

    def open(self, case_id: str, class_key: str, wrapped: bytes) -> OpenKey | None:
        """A wrapped key; None when the ring does not have its key, or it is another case's."""
        key = self._ring.key(class_key)
        secret = key and _unseal(key.secret, wrapped, f"{_PURPOSE}|{class_key}|{case_id}")
        return OpenKey(case_id, secret) if secret else None


SEALED: Final = "sealed:"
"""Begins what the database hands out sealed: class key, case's key as it is wrapped, id of the text, text."""


def opened(keys: CaseKeys, case_id: str, value: str | None) -> str | None:
    """A value of the database, in clear if it is sealed; None when it cannot be opened here."""
    if value is None or not value.startswith(SEALED):
        return value
    class_key, wrapped, text_id, sealed = value.removeprefix(SEALED).split(":")
    key = keys.open(case_id, class_key, b64decode(wrapped))
    return key.unseal(UUID(text_id), b64decode(sealed)) if key is not None else None


def _seal(secret: bytes, content: bytes, bound: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(secret).encrypt(nonce, content, bound.encode())


def _unseal(secret: bytes, sealed: bytes, bound: str) -> bytes | None:
    try:
        return AESGCM(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound.encode())
    except (InvalidTag, ValueError):
        return None
