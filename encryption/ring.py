"""Key rings: for each class of data, and for secrets of the system, one key in use and the earlier ones.

Each home of cases has a ring of its own, so that whoever works for one of them holds no key of another.

A file that only its owner can read, kept apart from the database and from Temporal: neither of them alone
reveals anything. Keys are never deleted here, because histories that they encrypted are replayed.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from activities.kernel.private_files import write_private
from cases.homes import home_of, rooms_in
from cases.registry import CASE_ROOMS
from schemas.kernel.homes import COMMON, CaseHome

KEY_BYTES: Final = 32
SOURCES: Final = "sources"
"""Ring entry for secrets that are shared with other systems, and for what is sealed into links."""
OTHER: Final = "other"
"""Ring entry for payloads of workflows that are no cases."""
CLASSES: Final = (*CASE_ROOMS, SOURCES, OTHER)
"""The rooms of the processes have one each, in the ring of their home; every ring has the last two."""
COMMON_HOME: Final = CaseHome(COMMON)
_KEY_ID: Final = re.compile(r"^([a-z]+)-([0-9]+)(?:\.[0-9a-f]{8})?$")


class KeyRingError(Exception):
    """The key ring cannot be used; the text says what to do and holds no key."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key; its id is the class, a running number and chance: `other-2.9f3c1a7e`."""

    key_id: str
    secret: bytes

    def __repr__(self) -> str:
        """Only the id: a key in a log or a traceback would undo the encryption."""
        return f"Key({self.key_id})"

    @property
    def data_class(self) -> str:
        """The class of data it is for."""
        return self.key_id.rpartition("-")[0]

    @property
    def fingerprint(self) -> str:
        """Tells keys apart and says nothing of the secret: an HMAC-SHA256 of the id, 16 bytes as hex."""
        digest = hmac.digest(self.secret, b"iehe key fingerprint|" + self.key_id.encode(), hashlib.sha256)
        return digest[:16].hex()


def is_key_id(text: str) -> bool:
    """Whether a key of some ring could have this id."""
    found = _KEY_ID.match(text)
    return found is not None and found[1] in CLASSES


def classes_of(home: CaseHome) -> tuple[str, ...]:
    """The classes of data that the ring of a home has keys for."""
    return (*(room.process.room for room in rooms_in(home).values()), SOURCES, OTHER)


class KeyRing:
    """Keys of a home from the file `path`, read again when it has changed: a rotation needs no restart."""

    def __init__(self, path: Path, home: CaseHome = COMMON_HOME) -> None:
        self.path = path
        self.home = home
        self._seen: tuple[int, int] | None = None
        self._current: Mapping[str, Key] = {}
        self._keys: Mapping[str, Key] = {}
        self._read()

    @property
    def rings(self) -> Mapping[str, "KeyRing"]:
        """The rings of which it is made, by their homes: itself, but for joined ones."""
        return {self.home.name: self}

    def current(self, data_class: str) -> Key:
        """The key that new payloads of a class are encrypted with.

        Raises:
            KeyRingError: the ring has none for the class.
        """
        self._read()
        key = self._current.get(data_class)
        if key is None:
            raise KeyRingError(f"{self.path} has no key for '{data_class}': iehe keys rotate {data_class}")
        return key

    def key(self, key_id: str) -> Key | None:
        """A key by its id, whether in use or not; None when the ring does not have it."""
        if key_id not in self._keys:
            self._read()
        return self._keys.get(key_id)

    def first(self, data_class: str) -> Key:
        """The oldest key of a class: what was marked with it is found again whatever is in use.

        Raises:
            KeyRingError: the ring has none for the class.
        """
        self._read()
        own = [key for key in self._keys.values() if key.data_class == data_class]
        if not own:
            raise KeyRingError(f"{self.path} has no key for '{data_class}': iehe keys rotate {data_class}")
        return min(own, key=lambda key: _order(key.key_id))

    def listing(self) -> list[tuple[str, bool]]:
        """Every key id with whether it is in use."""
        self._read()
        in_use = {key.key_id for key in self._current.values()}
        return [(key_id, key_id in in_use) for key_id in sorted(self._keys, key=_order)]

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of every key, by its id."""
        self._read()
        return {key_id: key.fingerprint for key_id, key in self._keys.items()}

    def _read(self) -> None:
        try:
            status = self.path.stat()
            seen = (status.st_mtime_ns, status.st_ino)
            if seen == self._seen:
                return
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KeyRingError(f"{self.path} can be read by others: chmod 600")
            current, keys = _parse(json.loads(self.path.read_text(encoding="ascii")))
            if any(keys.get(key_id, key) != key for key_id, key in self._keys.items()):
                raise KeyRingError(f"{self.path} was exchanged for another ring: put the former one back")
        except FileNotFoundError:
            which = "" if self.home.common else f" --home {self.home.name}"
            raise KeyRingError(
                f"there is no key ring at {self.path}: copy it here from where it was made, or make it: "
                f"iehe keys init{which}"
            ) from None
        except OSError as error:
            raise KeyRingError(f"{self.path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyRingError(f"{self.path} is not a key ring") from None
        self._current, self._keys, self._seen = current, keys, seen


class JoinedRing(KeyRing):
    """The rings of several homes as one, for who serves them all: new payloads get the keys of their home."""

    def __init__(self, *rings: KeyRing) -> None:
        self._rings = {ring.home.name: ring for ring in rings}
        self._first = rings[0]
        super().__init__(self._first.path, self._first.home)

    @property
    def rings(self) -> Mapping[str, KeyRing]:
        """The rings of which it is made, by their homes."""
        return self._rings

    def current(self, data_class: str) -> Key:
        """The key that new payloads of a class are encrypted with, from the ring of its home."""
        return self._rings.get(home_of(data_class).name, self._first).current(data_class)

    def first(self, data_class: str) -> Key:
        """The oldest key of a class, from the ring of its home."""
        return self._rings.get(home_of(data_class).name, self._first).first(data_class)

    def key(self, key_id: str) -> Key | None:
        """A key by its id, whichever ring has it."""
        found = (ring.key(key_id) for ring in self._rings.values())
        return next((key for key in found if key is not None), None)

    def listing(self) -> list[tuple[str, bool]]:
        """Every key id of every ring with whether it is in use."""
        return [each for ring in self._rings.values() for each in ring.listing()]

    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of every key of every ring, by its id."""
        return {key: mark for ring in self._rings.values() for key, mark in ring.fingerprints().items()}

    def _read(self) -> None:
        self._first._read()  # noqa: SLF001 - the others are read when they are asked


def ensure_ring(path: Path, home: CaseHome = COMMON_HOME) -> KeyRing:
    """Make the ring of a home where there is none, and a first key for every class that has none.

    Raises:
        KeyRingError: its folder is missing or not ours to write, or the file is no key ring.
    """
    with _alone(path):
        content = _load(path) if path.exists() else {}
        missing = [name for name in classes_of(home) if name not in content]
        if missing:
            for name in missing:
                _add_key(content, name)
            _write(path, content)
    return KeyRing(path, home)


def rotate(path: Path, data_class: str) -> Key:
    """Put a new key into use for a class; the earlier ones stay for what they have encrypted.

    Raises:
        KeyRingError: there is no such class, or no ring.
    """
    if data_class not in CLASSES:
        raise KeyRingError(f"no class of data is called '{data_class}'; there are: {', '.join(CLASSES)}")
    with _alone(path):
        content = _load(path)
        key_id = _add_key(content, data_class)
        _write(path, content)
    return Key(key_id, base64.b64decode(content[data_class]["keys"][key_id]))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    # Two processes that start at once would each make a ring, and what the first encrypted would be lost.
    lock = path.with_name(f".{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if (owner := _owner(path)) is not None:
                os.fchown(descriptor, *owner)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
    except OSError as error:
        raise KeyRingError(f"{path.parent}: {error.strerror}") from None


def _parse(content: dict[str, Any]) -> tuple[dict[str, Key], dict[str, Key]]:
    current, keys = {}, {}
    for name, entry in content.items():
        for key_id, encoded in entry["keys"].items():
            secret = base64.b64decode(encoded, validate=True)
            match = _KEY_ID.match(key_id)
            if match is None or match[1] != name or len(secret) != KEY_BYTES:
                raise ValueError(name)
            keys[key_id] = Key(key_id, secret)
        current[name] = keys[entry["current"]]
    return current, keys


def _add_key(content: dict[str, Any], name: str) -> str:
    entry = content.setdefault(name, {"keys": {}})
    number = max((_order(key_id)[1] for key_id in entry["keys"]), default=0) + 1
    # two rings made apart must never have different keys under one id
    key_id = f"{name}-{number}.{secrets.token_hex(4)}"
    entry["keys"][key_id] = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
    entry["current"] = key_id
    return key_id


def _order(key_id: str) -> tuple[str, int]:
    name, _, number = key_id.rpartition("-")
    return name, int(number.partition(".")[0])


def _load(path: Path) -> dict[str, Any]:
    KeyRing(path)  # one that others can read, or that is damaged, is not written to
    content: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    write_private(path, json.dumps(content, indent=1, sort_keys=True).encode("ascii"), owner=_owner(path))
    # A key that encrypted something and did not reach the disk would lose it.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _owner(path: Path) -> tuple[int, int] | None:
    """Whose ring it is, for what root writes: that account would be shut out."""
    if os.geteuid() != 0:
        return None
    status = (path if path.exists() else path.parent).stat()
    return status.st_uid, status.st_gid
