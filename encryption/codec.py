"""Payloads of Temporal, encrypted: what its server, its database and its UI hold says nothing about a case.

One payload is sealed as `nonce | AES-256-GCM(serialised payload)`; its metadata names the encoding, the
version, the key and the compression, and all of them, with the namespace and the class of the data, are
authenticated: a payload moved to another namespace, class, key or compression does not open.
"""

import copy
import os
import threading
from collections.abc import Sequence
from typing import Final, Literal, Self

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext

from cases.registry import CASE_ROOMS
from encryption.ring import OTHER, KeyRing, is_key_id
from schemas.kernel.unreadable import UNREADABLE, UnreadablePayloadError

ENCODING: Final = "encoding"
ENCRYPTED: Final = b"binary/encrypted"
REFUSED: Final = b"binary/refused"
"""Encoding of what is put in the place of a payload that came without encryption; it has no data."""
VERSION: Final = b"1"
NONCE_BYTES: Final = 12
WORTH_COMPRESSING: Final = 128
"""Bytes under which compressing costs time and saves none."""
_NONE, _ZSTD = b"none", b"zstd"

Plaintext = Literal["refuse", "accept"]


class UnknownKeyError(UnreadablePayloadError):
    """A payload's key is not in the ring, which may be behind: it opens as soon as the key is there."""


class _Zstd(threading.local):
    # neither may be used by two threads at once, and making them costs more than using them
    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor()
        self.decompressor = zstandard.ZstdDecompressor()


_zstd: Final = _Zstd()


def class_of_workflow(workflow_id: str | None) -> str:
    """Whose secrets the payloads of a workflow hold; `other` for what is not a case."""
    room = (workflow_id or "").partition("/")[0]
    return room if room in CASE_ROOMS else OTHER


def is_sealed(payload: Payload) -> bool:
    """Whether a payload is encrypted by us."""
    return payload.metadata.get(ENCODING) == ENCRYPTED


def class_of(payload: Payload) -> str:
    """The class of data that a sealed payload says to be of: by its key's id, which is authenticated."""
    return payload.metadata.get("key-id", b"").decode("ascii", "replace").rpartition("-")[0]


def seal(ring: KeyRing, namespace: str, data_class: str, payload: Payload) -> Payload:
    """Encrypt a payload with the class's key in use.

    Raises:
        KeyRingError: the ring has no key for the class, or cannot be read.
    """
    key = ring.current(data_class)
    content, flag = payload.SerializeToString(), _NONE
    if len(content) >= WORTH_COMPRESSING:
        smaller = _zstd.compressor.compress(content)
        if len(smaller) < len(content):
            content, flag = smaller, _ZSTD
    nonce = os.urandom(NONCE_BYTES)
    key_id = key.key_id.encode("ascii")
    sealed = AESGCM(key.secret).encrypt(nonce, content, _header(VERSION, key_id, flag, namespace))
    metadata = {ENCODING: ENCRYPTED, "v": VERSION, "key-id": key_id, "compression": flag}
    return Payload(metadata=metadata, data=nonce + sealed)


def unseal(ring: KeyRing, namespace: str, payload: Payload) -> Payload:
    """Decrypt a sealed payload with whichever key it names.

    Raises:
        UnknownKeyError: the key that it names is not in the ring.
        UnreadablePayloadError: it names none, has another form, or is not what was encrypted.
    """
    version, key_id, flag = (payload.metadata.get(name, b"") for name in ("v", "key-id", "compression"))
    name = key_id.decode("ascii", "replace")
    if not is_key_id(name):
        raise UnreadablePayloadError("a payload names no key")
    key = ring.key(name)
    if key is None:
        raise UnknownKeyError(f"no key {key_id!r} in the ring")
    if version != VERSION:
        raise UnreadablePayloadError(f"a payload has another form than version {VERSION!r}")
    nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
    try:
        content = AESGCM(key.secret).decrypt(nonce, sealed, _header(version, key_id, flag, namespace))
        if flag == _ZSTD:
            content = _zstd.decompressor.decompress(content)
        return Payload.FromString(content)
    except (InvalidTag, ValueError, zstandard.ZstdError, DecodeError):
        raise UnreadablePayloadError(
            f"a payload is not what {key_id!r} encrypted for namespace {namespace!r}"
        ) from None


def _header(version: bytes, key_id: bytes, flag: bytes, namespace: str) -> bytes:
    # the namespace last: nothing else can hold the separator, so two headers are never one
    data_class = key_id.rpartition(b"-")[0]
    return b"|".join((b"iehe-payload", version, data_class, key_id, flag, namespace.encode()))


class EncryptionCodec(PayloadCodec, WithSerializationContext):
    """Encrypts for the class of the workflow at hand; decrypts with whichever key a payload names.

    Args:
        ring: the keys, read again when the file changes.
        namespace: what payloads are bound to. The client's own, because a replay names another.
        plaintext: what becomes of a payload without encryption. `refuse` puts a mark in its place, which
            the payload converter refuses: raising here would fail the workflow's task again and again for
            whatever somebody signals in plain text.

    A payload that only says to be encrypted gets a mark too. An unknown key raises: with the ring up to date
    the task succeeds, and until then it shows as failed.
    """

    def __init__(self, ring: KeyRing, namespace: str, plaintext: Plaintext = "refuse") -> None:
        self._ring, self._namespace, self._plaintext = ring, namespace, plaintext
        self._class = OTHER

    def with_context(self, context: SerializationContext) -> Self:
        """The codec for the payloads of one workflow, its activities, and whatever is sent to it."""
        data_class = class_of_workflow(getattr(context, "workflow_id", None))
        if data_class == self._class:
            return self
        codec = copy.copy(self)
        codec._class = data_class  # noqa: SLF001 - the same class
        return codec

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload."""
        return [seal(self._ring, self._namespace, self._class, payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each payload; a plain one is refused or accepted as the codec was made."""
        return [self._decoded(payload) for payload in payloads]

    def _decoded(self, payload: Payload) -> Payload:
        if is_sealed(payload):
            try:
                return unseal(self._ring, self._namespace, payload)
            except UnknownKeyError:
                raise
            except UnreadablePayloadError as error:
                return Payload(metadata={ENCODING: UNREADABLE}, data=str(error).encode())
        if self._plaintext == "accept":
            return payload
        return Payload(metadata={ENCODING: REFUSED})
