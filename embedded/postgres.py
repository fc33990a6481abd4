"""The embedded PostgreSQL: our child in the foreground, reached by a socket that only we may enter."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping

import asyncpg

from cases.homes import homes
from embedded.binaries import postgres_programs
from embedded.cluster import ENVIRONMENT, check_data, make_data, wait_for_predecessor
from embedded.credentials import DATABASE, ROLES, SUPERUSER, Role, database_url, ensure_secret, read_secret
from embedded.faults import ServerStartFailed, UnusableHome
from embedded.home import Home
from embedded.processes import Account, Child
from schemas.kernel.homes import COMMON

_SOCKET_PATH_LIMIT = 100  # bytes; the kernel's own limit is 107
_READY_LIMIT = 300.0  # seconds; recovery after a crash reads all WAL since the last checkpoint
_PROGRESS_EVERY = 5.0
_POLL = 0.02


class PostgresServer:
    """One embedded server below `home.postgres`; `start` makes the data folder when there is none.

    Args:
        home: where data, socket, secrets and logs are.
        account: the account to run under, when we are root (`home.postgres_account`).
        options: further server settings, such as `{"fsync": "off"}` for tests.
        report: gets a line of progress now and then.
    """

    def __init__(
        self,
        home: Home,
        *,
        account: Account | None = None,
        options: Mapping[str, str] | None = None,
        report: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.home = home
        self.child: Child | None = None
        self._account = account
        self._options = dict(options or {})
        self._report = report
        self._log = home.logs / "postgresql.log"

    def url(self, role: Role, database: str = DATABASE, *, of: str = COMMON) -> str:
        """Return the address of a database, with the password of the role, for asyncpg."""
        return database_url(self.home, role, database, of=of)

    async def start(self) -> None:
        """Start the server and return when it answers and roles and database exist.

        Raises:
            UnusableHome: folders, account or data cannot be used.
            ChildDied: the server ended while starting.
            ServerStartFailed: it did not answer in time.
        """
        self._check()
        self.home.create(self._account)
        programs = postgres_programs(self.home, self._account, self._report)
        if not self.home.data.exists():
            await make_data(self.home, programs, self._account, self._log)
        check_data(self.home, self._account)
        environment = ENVIRONMENT | await wait_for_predecessor(self.home.data, self._report)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": '"{}"'.format(str(self.home.socket).replace('"', '""')),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._options,
        }
        arguments = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        self.child = await Child.start(
            "postgresql",
            [str(programs / "postgres"), "-D", str(self.home.data), *arguments],
            log=self._log,
            death_signal=signal.SIGINT,
            account=self._account,
            environment=environment,
        )
        await (await self._ready(self.child)).close()
        await self.ensure_roles()
        await self.create_database(DATABASE)

    async def ensure_roles(self) -> None:
        """Make the logins that are missing, among them a worker's for each home of cases."""
        connection = await self._connect()
        try:
            for login in ROLES.values():
                await _ensure_login(connection, self.home, login)
            for home in homes().values():
                if not home.common:
                    await _ensure_login(connection, self.home, home.login)
                    # what a worker may, but for the rows; never to act as the common home's own
                    await connection.execute(
                        f"GRANT {ROLES['worker']} TO {home.login} WITH INHERIT TRUE, SET FALSE"
                    )
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Stop the server: fast shutdown, then without a checkpoint, then by force; safe to call again."""
        if self.child is not None:
            await self.child.stop((signal.SIGINT, 1.5), (signal.SIGQUIT, 0.3))

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database of the owner's if there is none, which only our roles may connect to."""
        connection = await self._connect()
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                copied = f'TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
                await connection.execute(f'CREATE DATABASE "{name}" OWNER {ROLES["owner"]} {copied}')
            others = ", ".join(login for role, login in ROLES.items() if role != "owner")
            await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
            await connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO {others}')
        finally:
            await connection.close()

    def _check(self) -> None:
        socket = self.home.socket / ".s.PGSQL.5432"
        if len(os.fsencode(socket)) > _SOCKET_PATH_LIMIT:
            raise UnusableHome(
                f"{self.home.root} is too long: the path of a socket has at most {_SOCKET_PATH_LIMIT} bytes; "
                "set IEHE_HOME to a shorter folder"
            )
        if "," in str(socket):
            raise UnusableHome(f"{self.home.root} has a comma in it: set IEHE_HOME to a folder without one")

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=str(self.home.socket),
            port=5432,
            user=SUPERUSER,
            password=read_secret(self.home, SUPERUSER),
            database="postgres",
            ssl=False,
            timeout=10,
        )

    async def _ready(self, child: Child) -> asyncpg.Connection:
        loop = asyncio.get_running_loop()
        started = reported = loop.time()
        while loop.time() < started + _READY_LIMIT:
            if not child.running:
                raise child.death()
            try:
                return await self._connect()
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(_POLL)
            except asyncpg.InvalidPasswordError:
                raise UnusableHome(f"the password in {self.home.secrets} is not the database's") from None
            if loop.time() > reported + _PROGRESS_EVERY:
                reported = loop.time()
                self._report("PostgreSQL is still starting (recovery after a crash can take minutes)")
        raise ServerStartFailed(
            f"PostgreSQL did not answer within {_READY_LIMIT:.0f} s; its log: {self._log}"
        )


async def _ensure_login(connection: asyncpg.Connection, home: Home, login: str) -> None:
    known = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", login)
    secret, new = ensure_secret(home, login)
    if not known:
        await connection.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{secret}'")
    elif new:
        await connection.execute(f"ALTER ROLE {login} PASSWORD '{secret}'")
