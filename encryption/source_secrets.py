"""What only our own processes may read, sealed by a key that is not in the database (AES-256-GCM)."""

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from encryption.ring import SOURCES, KeyRing

_NONCE_BYTES: Final = 12


class Unsealable(Exception):  # noqa: N818 - says what it is
    """The secret cannot be read: its key is not in the ring, or the row was altered."""


def seal(ring: KeyRing, key_id: str, source: str, secret: bytes) -> bytes:
    """The secret for the database: `ring key id | NUL | nonce | ciphertext`, bound to its row."""
    key = ring.current(SOURCES)
    nonce = os.urandom(_NONCE_BYTES)
    name = key.key_id.encode("ascii")
    return name + b"\0" + nonce + AESGCM(key.secret).encrypt(nonce, secret, _bound(key_id, source))


def unseal(ring: KeyRing, key_id: str, source: str, sealed: bytes) -> bytes:
    """The secret again.

    Raises:
        Unsealable: it was sealed for another row or by a key that is not here.
    """
    name, _, rest = sealed.partition(b"\0")
    key = ring.key(name.decode("ascii", "replace"))
    if key is None or key.data_class != SOURCES:
        raise Unsealable
    try:
        return AESGCM(key.secret).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _bound(key_id, source))
    except (InvalidTag, ValueError):
        raise Unsealable from None


def _bound(key_id: str, source: str) -> bytes:
    return f"{key_id}|{source}".encode()
