"""Brings a database up to the numbered SQL files in `activities/<room>/sql/migrations`, each applied once.

Forward only: a wrong migration is mended by the next one. A file that was applied is never edited again; its
checksum is kept beside its number, and a database that knows other files than this release is refused.
"""

import hashlib
import importlib.resources
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources.abc import Traversable
from typing import Self

import asyncpg

from activities.kernel.database import FAULTS

_NAME = re.compile(r"(?P<number>\d{4})_[a-z0-9_]+\.sql")
# Each file is one transaction of ours; these would end it half-way.
_OWN_TRANSACTION = re.compile(
    r"^\s*(begin|commit|rollback|start\s+transaction)\s*;", re.IGNORECASE | re.MULTILINE
)
_LOCK = 7_454_512_907_144_831  # any number, the same for every migrator of a database
_LOCK_PATIENCE = "60s"  # another migrator's whole work
_TABLE_PATIENCE = "5s"  # longer waits for a table would hold up everybody who queues behind
_CREATE = """
CREATE TABLE IF NOT EXISTS public.schema_migrations (
    room text NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (room, number)
)
"""


class MigrationError(Exception):
    """The files and the database do not fit together, or a file failed; nothing of that file was applied."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file of a room; `name` is `room/NNNN_words.sql`."""

    room: str
    number: int
    name: str
    sql: str

    @classmethod
    def read(cls, room: str, file: Traversable) -> Self:
        """Read one file.

        Raises:
            MigrationError: its name has another form, or it begins or ends transactions itself.
        """
        match = _NAME.fullmatch(file.name)
        sql = file.read_text(encoding="utf-8")
        if match is None:
            raise MigrationError(f"{file.name}: the name must be like 0001_what_it_does.sql")
        if _OWN_TRANSACTION.search(sql):
            raise MigrationError(f"{file.name}: must not begin or end a transaction, the runner does")
        return cls(room, int(match["number"]), f"{room}/{file.name}", sql)

    @property
    def key(self) -> tuple[str, int]:
        """Which file of which room."""
        return self.room, self.number

    @property
    def sha256(self) -> str:
        """Checksum of the text; line endings that a checkout may change do not count."""
        return hashlib.sha256(self.sql.replace("\r\n", "\n").encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where one file stands in one database; `applied_at` is None for a pending one."""

    name: str
    applied_at: datetime | None


def read_migrations(root: Traversable | None = None) -> list[Migration]:
    """Return the files of all rooms under a folder, those of the kernel first; by default of this release.

    Raises:
        MigrationError: a name is malformed, or the numbers of a room are not 1, 2, 3, …
    """
    root = importlib.resources.files("activities") if root is None else root
    rooms = sorted((room.name for room in root.iterdir()), key=lambda name: (name != "kernel", name))
    return [migration for room in rooms for migration in _of_room(room, root / room / "sql" / "migrations")]


def _of_room(room: str, folder: Traversable) -> list[Migration]:
    if not folder.is_dir():
        return []
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    migrations = [Migration.read(room, file) for file in files]
    for expected, migration in enumerate(migrations, start=1):
        if migration.number != expected:
            raise MigrationError(f"{migration.name}: number {expected:04} is missing or there twice")
    return migrations


async def migrate(
    connection: asyncpg.Connection, files: Sequence[Migration] | None = None, *, dry_run: bool = False
) -> list[str]:
    """Apply what is pending, one transaction a file, and return the names; run it as the owner.

    Migrators that run at once wait for each other; one that dies frees the lock with its session.

    Args:
        connection: of its own to the database, not in a transaction.
        files: by default those of this release.
        dry_run: apply everything in one transaction and take it back.

    Raises:
        MigrationError: the database knows another text of a file or a file that this release does not have,
            or a file failed: then those before it stay applied.
    """
    files = read_migrations() if files is None else files
    async with _alone(connection):
        if dry_run:
            attempt = connection.transaction()
            await attempt.start()
            try:
                return await _apply(connection, files)
            finally:
                if not connection.is_closed():
                    await attempt.rollback()
        return await _apply(connection, files)


async def status(
    connection: asyncpg.Connection, files: Sequence[Migration] | None = None
) -> list[MigrationStatus]:
    """Return every file with the moment it was applied, in order; changes nothing.

    Raises:
        MigrationError: as for `migrate`.
    """
    files = read_migrations() if files is None else files
    applied = await _applied(connection)
    _check(files, applied)
    return [
        MigrationStatus(file.name, applied[file.key]["applied_at"] if file.key in applied else None)
        for file in files
    ]


@asynccontextmanager
async def _alone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    try:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_PATIENCE}'")
            await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    except asyncpg.LockNotAvailableError:
        raise MigrationError(f"another migration has been running for {_LOCK_PATIENCE}: try later") from None
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def _apply(connection: asyncpg.Connection, files: Sequence[Migration]) -> list[str]:
    applied = await _applied(connection)
    _check(files, applied)
    pending = [file for file in files if file.key not in applied]
    for file in pending:
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{_TABLE_PATIENCE}'")
                await connection.execute(_CREATE)
                await connection.execute(file.sql)
                await connection.execute(
                    "INSERT INTO public.schema_migrations (room, number, name, sha256) "
                    "VALUES ($1, $2, $3, $4)",
                    *(file.room, file.number, file.name, file.sha256),
                )
        except FAULTS as error:
            # When the connection died, rolling back fails too, and that is the error that arrives here.
            raise MigrationError(f"{file.name}: {error.__context__ or error}") from error
    return [file.name for file in pending]


async def _applied(connection: asyncpg.Connection) -> dict[tuple[str, int], asyncpg.Record]:
    if await connection.fetchval("SELECT to_regclass('public.schema_migrations')") is None:
        return {}
    rows = await connection.fetch(
        "SELECT room, number, name, sha256, applied_at FROM public.schema_migrations"
    )
    return {(row["room"], row["number"]): row for row in rows}


def _check(files: Sequence[Migration], applied: dict[tuple[str, int], asyncpg.Record]) -> None:
    known = {file.key: file for file in files}
    for key, row in sorted(applied.items()):
        if key not in known:
            raise MigrationError(
                f"the database has {row['name']}, which this release does not know: it is newer"
            )
        if known[key].sha256 != row["sha256"]:
            raise MigrationError(
                f"{known[key].name} was edited after it was applied: put it back, add a new one"
            )
    latest = {room: max(number for of, number in applied if of == room) for room, _ in applied}
    for room, number in sorted(known.keys() - applied.keys()):
        if number < latest.get(room, 0):
            raise MigrationError(f"{known[room, number].name} comes before files that were applied already")
