"""Standard Webhooks 1.0.0: who sent these bytes, shown by HMAC-SHA256 (v1) or ed25519 (v1a).

Signed is `{id}.{timestamp}.{body}`, the body as it came over the wire.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Kind = Literal["v1", "v1a"]
TOLERANCE: Final = 300
"""Seconds that a sender's clock may differ from ours, either way."""
SIGNATURES_LIMIT: Final = 10
"""Signatures looked at: more would be a way to make us compute."""
SECRET_BYTES: Final = (24, 64)
ED25519_BYTES: Final = 32
_ID: Final = re.compile(r"[!-\-/-~]{1,256}")  # what can be seen, without a full stop
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


class SignatureFault(Exception):  # noqa: N818 - an answer about a request, not an error of the program
    """The signature does not show that the bytes are the sender's; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, repr=False)
class VerifyingKey:
    """A shared secret (v1) or a public key (v1a)."""

    kind: Kind
    material: bytes


def decode_key(text: str, prefix: str) -> bytes:
    """The bytes of a serialised key: `whsec_` (shared), `whsk_` (private) or `whpk_` (public).

    Raises:
        SignatureFault: key-malformed.
    """
    try:
        material = base64.b64decode(text.strip().removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureFault("key-malformed") from None
    least, most = SECRET_BYTES if prefix == "whsec_" else (ED25519_BYTES, ED25519_BYTES)
    if not least <= len(material) <= most:
        raise SignatureFault("key-malformed")
    return material


def sign(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of webhook-signature, by a `whsec_` or a `whsk_` key.

    Raises:
        SignatureFault: key-malformed, or signature-malformed for an id that must not be signed.
    """
    if not _ID.fullmatch(message_id):
        raise SignatureFault("signature-malformed")
    content = _content(message_id, str(timestamp), body)
    if key.strip().startswith("whsk_"):
        private = Ed25519PrivateKey.from_private_bytes(decode_key(key, "whsk_"))
        return f"v1a,{base64.b64encode(private.sign(content)).decode('ascii')}"
    mac = hmac.digest(decode_key(key, "whsec_"), content, hashlib.sha256)
    return f"v1,{base64.b64encode(mac).decode('ascii')}"


def verify(headers: Mapping[str, str], body: bytes, keys: Iterable[VerifyingKey], now: datetime) -> None:
    """Accept when one signature is right by one key; header names are in small letters.

    Raises:
        SignatureFault: signature-missing, signature-malformed, timestamp-out-of-tolerance, signature-wrong.
    """
    values = [headers.get(f"webhook-{name}") for name in ("id", "timestamp", "signature")]
    message_id, timestamp, listed = (value or "" for value in values)
    if not (message_id and timestamp and listed):
        raise SignatureFault("signature-missing")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureFault("signature-malformed")
    if abs(int(timestamp) - now.timestamp()) > TOLERANCE:
        raise SignatureFault("timestamp-out-of-tolerance")
    content = _content(message_id, timestamp, body)
    shown = [_split(each) for each in listed.split(" ")[:SIGNATURES_LIMIT]]
    # no early end: how long it takes does not say which key or signature was right
    right = [_matches(key, content, raw) for key in keys for kind, raw in shown if kind == key.kind]
    if not any(right):
        raise SignatureFault("signature-wrong")


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return b".".join((message_id.encode("ascii"), timestamp.encode("ascii"), body))


def _split(signature: str) -> tuple[str, bytes]:
    kind, _, encoded = signature.partition(",")
    try:
        return kind, base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return kind, b""


def _matches(key: VerifyingKey, content: bytes, signature: bytes) -> bool:
    if key.kind == "v1":
        return hmac.compare_digest(hmac.digest(key.material, content, hashlib.sha256), signature)
    try:
        Ed25519PublicKey.from_public_bytes(key.material).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True
