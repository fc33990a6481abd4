"""The secrets by which webhooks are signed: made once, sealed for the database, opened to sign."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from encryption.ring import KeyRing, KeyRingError
from encryption.signatures import sign
from encryption.source_secrets import Unsealable, seal, unseal

_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class NewSecret:
    """A secret of a webhook, sealed for each home; `text` is there to be shown once."""

    key_id: str
    sealed: tuple[bytes, ...]
    text: str


def new_secret(ring: KeyRing, webhook: str) -> NewSecret:
    """A new one, which the workers of every home can open with their own ring.

    Raises:
        KeyRingError: a ring has no key to seal it with.
    """
    key_id, secret = f"{webhook}-{secrets.token_hex(4)}", secrets.token_bytes(_SECRET_BYTES)
    sealed = (seal(each, key_id, _bound(webhook), secret) for each in ring.rings.values())
    return NewSecret(key_id, tuple(sealed), written(secret))


def written(secret: bytes) -> str:
    """A shared secret as it is written down."""
    return "whsec_" + base64.b64encode(secret).decode("ascii")


@dataclass(frozen=True)
class Signer:
    """Signs for webhooks with the secrets that the ring opens."""

    ring: KeyRing

    def __call__(
        self,
        webhook: str,
        keys: Sequence[tuple[str, Sequence[bytes]]],
        message_id: str,
        seconds: int,
        body: bytes,
    ) -> str:
        """The value of webhook-signature, by each key (id, sealed) in turn; empty when none can be opened."""
        opened = [secret for key_id, sealed in keys if (secret := self._open(webhook, key_id, sealed))]
        return " ".join(sign(written(secret), message_id, seconds, body) for secret in opened)

    def _open(self, webhook: str, key_id: str, sealed: Sequence[bytes]) -> bytes | None:
        for each in sealed:
            try:
                return unseal(self.ring, key_id, _bound(webhook), each)
            except (Unsealable, KeyRingError):
                continue  # sealed for another home
        return None


def _bound(webhook: str) -> str:
    """Not the name of a source that is called the same: a secret is good for one of them."""
    return f"webhook:{webhook}"
