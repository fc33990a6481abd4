"""The store of documents: a folder or an S3 bucket behind one small port, which sees sealed bytes alone.

Keys are `<home>/<two characters of chance>/<chance>`: whoever looks into the store learns how many there are,
how large and how old, and nothing else. A worker lists and deletes what lies under its own home.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from schemas.kernel.refusals import Refusal

_PAGE: Final = 1000
_PATIENCE: Final = timedelta(seconds=15)
"""For one thing that the store is asked, with what is tried again."""
_FAULTS: Final = (BaseError, OSError, TimeoutError)


class StoreAway(Refusal):
    """The store does not answer, or not as it should; its own words stay unsaid."""

    def __init__(self) -> None:
        super().__init__("documents-unreachable")


@dataclass(frozen=True)
class DocumentStore:
    """A folder (`local`) or a bucket."""

    store: ObjectStore
    local: Path | None = None

    async def put(self, key: str, sealed: bytes) -> None:
        """Keep an object, whole or not at all; once this returns it is on the disk.

        Raises:
            StoreAway: it is not known to be kept.
        """
        try:
            await obstore.put_async(self.store, key, sealed, mode="create" if self.local else "overwrite")
            if self.local is not None:
                await asyncio.to_thread(_settle, self.local / key)
        except _FAULTS:
            raise StoreAway from None

    async def get(self, key: str) -> bytes | None:
        """An object; None when there is none.

        Raises:
            StoreAway: nobody knows.
        """
        try:
            found = await obstore.get_async(self.store, key)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except _FAULTS:
            raise StoreAway from None

    async def delete(self, keys: Sequence[str]) -> None:
        """Take objects away; what is not there is no fault.

        Raises:
            StoreAway: some may be there still.
        """
        for key in keys:
            try:
                await obstore.delete_async(self.store, key)
            except FileNotFoundError:
                continue
            except _FAULTS:
                raise StoreAway from None

    async def lying(self, home: str) -> AsyncIterator[dict[str, datetime]]:
        """What lies under a home, page by page: keys, and since when each is there.

        Raises:
            StoreAway: it cannot be listed to the end.
        """
        try:
            async for page in obstore.list(self.store, prefix=home, chunk_size=_PAGE):
                yield {each["path"]: each["last_modified"] for each in page}
        except _FAULTS:
            raise StoreAway from None


def new_key(home: str) -> str:
    """A key that no object has, and that says nothing of what is kept under it."""
    chance = secrets.token_hex(20)
    return f"{home}/{chance[:2]}/{chance}"


def open_store(url: str, options: Mapping[str, Any]) -> DocumentStore:
    """The store that a setting names: `file:///folder`, or `s3://bucket/prefix` with what S3 needs besides.

    Nothing is asked of it yet. Raises ValueError: it is neither.
    """
    scheme, _, place = url.partition("://")
    if scheme == "file":
        folder = Path(unquote(place))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DocumentStore(LocalStore(folder), folder)
    if scheme != "s3":
        raise ValueError(url)
    given = {name: value for name, value in options.items() if value is not None}
    plain = str(given.get("endpoint", "")).startswith("http://")
    made = S3Store.from_url(
        url,
        client_options={"timeout": "10s", "connect_timeout": "3s", "allow_http": plain},
        retry_config={"max_retries": 2, "retry_timeout": _PATIENCE},
        **given,
    )
    return DocumentStore(made)


def _settle(file: Path) -> None:
    """The file and its name on the disk: the row that names it is."""
    for each in (file, file.parent, file.parent.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
