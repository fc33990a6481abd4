"""One way to run a transaction: retried when the fault will pass, reported without a value from any row."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import asyncpg
from temporalio.exceptions import ApplicationError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from activities.kernel.acting import THE_HOST, acting
from schemas.kernel.refusals import Refusal

T = TypeVar("T")
Connection = Any  # a pool hands out proxies that asyncpg does not type as connections

REFUSED: Final = "Refused"
DATABASE_FAULT: Final = "DatabaseFault"
REFUSED_BY_FUNCTION: Final = "IE001"
"""SQLSTATE of a refusal by `iehe.refuse`: the code is the message, the parameters are the detail."""
OVERTAKEN: Final = "IE002"
"""SQLSTATE of steps that follow another version than the case has."""

FAULTS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection cut in the middle of its conversation
    OSError,
    TimeoutError,
)
"""All that the database, the way to it and its client raise; which of it passes is told by `is_transient`."""
TRANSIENT: Final = re.compile(
    "08...|53...|57...|58..."  # connection, resources (disk, memory, connections), stopped, system
    "|40001|40003|40P01|55P03"  # serialization, outcome unknown, deadlock, lock timeout
    "|25006|25P0[34]"  # a standby or a server that is read-only, a transaction that took too long
)
"""SQLSTATEs of faults that pass without a change of ours."""
_SLOW: Final = re.compile("53[0124]..|57014|58...|25...")
"""Of these, what does not pass at once: disk and memory, statement timeout, read-only."""


class _Stateless(asyncpg.Connection):
    """A pool's connection: nothing of ours outlives its transaction, so nothing is to be reset after it."""

    def get_reset_query(self) -> str:
        """Spare a round trip for each release; an open transaction is rolled back all the same."""
        return ""


async def _tell_who_acts(connection: Any) -> None:
    await connection.execute("SELECT set_config('iehe.acting', $1, false)", acting())


async def open_pool(
    url: str, *, size: int = 10, application: str = "iehe", patience: float = 20, for_people: bool = False
) -> asyncpg.Pool:
    """A pool whose connections give up rather than hang, each statement after so many seconds of patience.

    The server's own times are in milliseconds, as PostgreSQL takes them.

    Args:
        url: names the server, the database and the role.
        size: connections at most.
        application: as the server shows it.
        patience: seconds for a statement.
        for_people: each use of a connection acts for who acts then (activities/kernel/acting.py); else for
            the host.
    """
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        connection_class=_Stateless,
        command_timeout=patience,
        timeout=5,
        setup=_tell_who_acts if for_people else None,
        server_settings={
            "iehe.acting": "" if for_people else THE_HOST,
            "application_name": application,
            "search_path": "iehe",
            "statement_timeout": "15000",
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "20000",
        },
    )


@asynccontextmanager
async def one_connection(
    url: str, *, application: str, patience: float = 5
) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, made within `patience` seconds and cut at its end without a farewell."""
    settings = {"application_name": application, "iehe.acting": THE_HOST}
    connection = await asyncpg.connect(url, timeout=patience, server_settings=settings)
    try:
        yield connection
    finally:
        connection.terminate()


def refusal_of(error: BaseException) -> Refusal:
    """What `iehe.refuse` has refused with."""
    detail = getattr(error, "detail", None)
    return Refusal(str(getattr(error, "message", "")), **json.loads(detail or "{}"))


def is_transient(error: BaseException) -> bool:
    """Whether the same transaction may succeed when it is tried again."""
    if isinstance(error, asyncpg.PostgresError):
        return TRANSIENT.fullmatch(error.sqlstate or "") is not None
    return isinstance(error, FAULTS)


def passes_at_once(error: BaseException) -> bool:
    """Whether it may succeed when it is tried again within a second."""
    return is_transient(error) and _SLOW.fullmatch(getattr(error, "sqlstate", None) or "") is None


def again(
    if_: Callable[[BaseException], bool], *, attempts: int = 5, first: float = 0.04, longest: float = 1
) -> AsyncRetrying:
    """Calls something until it succeeds, with random pauses that grow; raises its last fault as it is.

    Each call is made by a `copy()`, since one object serves one call at a time.

    Args:
        if_: whether a fault is worth another try.
        attempts: so many calls at most.
        first: seconds of the first pause at most.
        longest: seconds of any pause at most.
    """
    return AsyncRetrying(
        retry=retry_if_exception(if_),
        stop=stop_after_attempt(attempts),
        wait=wait_random_exponential(multiplier=first, max=longest),
        reraise=True,
    )


_TRANSACTION: Final = again(passes_at_once)


async def copy_into(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    records: Iterable[Sequence[Any]],
    *,
    patience: float,
) -> int:
    """Store many rows in a table of the schema `iehe` and return how many, in a transaction that is open.

    By way of a temporary table: PostgreSQL copies into none whose rows are kept by home.
    """
    names = ", ".join(columns)
    await connection.execute(
        f"CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT {names} FROM iehe.{table} WITH NO DATA"  # noqa: S608
    )
    await connection.copy_records_to_table("copied", columns=columns, records=records, timeout=patience)
    status = await connection.execute(
        f"INSERT INTO iehe.{table} ({names}) SELECT {names} FROM copied",  # noqa: S608 - names of our own
        timeout=patience,
    )
    await connection.execute("DROP TABLE copied")
    return int(status.rpartition(" ")[2])


class OvertakenError(Exception):
    """The case is not where the steps to be written start from."""


async def change(pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[T]]) -> T:
    """The same as `transact` for a door: what is no refusal is raised as the database says it.

    Raises:
        Refusal: `work`, or a function of the database (`iehe.refuse`), refuses.
    """
    try:
        return await _again(pool, work)
    except asyncpg.PostgresError as error:
        if error.sqlstate == REFUSED_BY_FUNCTION:
            raise refusal_of(error) from None
        raise


async def _again(
    pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[T]], *, one_statement: bool = False
) -> T:
    async def once() -> T:
        async with pool.acquire(timeout=5) as connection:
            if one_statement:
                return await work(connection)
            async with connection.transaction():
                return await work(connection)

    return await _TRANSACTION.copy()(once)


async def transact(
    pool: asyncpg.Pool, work: Callable[[Connection], Awaitable[T]], *, one_statement: bool = False
) -> T:
    """Run `work` in one transaction, again from its beginning when a passing fault ends it.

    Args:
        pool: connections.
        work: gets one of them.
        one_statement: `work` asks once, which is a transaction of its own and spares two round trips.

    Raises:
        Refusal: `work`, or a function of the database (`iehe.refuse`), refuses.
        OvertakenError: the case has gone on meanwhile, or has taken the message before.
        ApplicationError: `DatabaseFault` with the SQLSTATE, and nothing else of the error, when the database
            does not let it through.
    """
    try:
        return await _again(pool, work, one_statement=one_statement)
    except asyncpg.ForeignKeyViolationError as error:
        if "texts" in (error.constraint_name or "") or "_reason_id_" in (error.constraint_name or ""):
            raise Refusal("unknown-text") from None
        raise ApplicationError("foreign key", type=DATABASE_FAULT) from None
    except FAULTS as error:
        state = getattr(error, "sqlstate", None) or type(error).__name__
        if state == REFUSED_BY_FUNCTION:
            raise refusal_of(error) from None
        if state == OVERTAKEN or getattr(error, "constraint_name", None) == "case_log_by_cause":
            raise OvertakenError from None
        raise ApplicationError(f"the database refused: {state}", type=DATABASE_FAULT) from None
