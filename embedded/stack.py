"""The supervisor of `make run`: starts everything in order, watches it, and stops it all or leaves nothing.

It never restarts a child on its own: on one machine the honest answer to a dead server is to stop, say which
one died and where its log is; the next start recovers.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from cases.homes import homes
from embedded.concurrency import cancelled, first_of, on_signals, together
from embedded.faults import StackFault
from embedded.home import Home, postgres_account
from embedded.lock import HomeLock
from embedded.mail import MailCatcher
from embedded.ports import require_free_ports
from embedded.postgres import PostgresServer
from embedded.processes import Account, Child, rotating
from embedded.temporal import TemporalPorts, TemporalServer
from embedded.worker import start_child
from workers.settings import Settings, gateway_url, office_url

Prepare = Callable[[Settings], Awaitable[None]]
Report = Callable[[str], None]

_AFTER_A_KILL = 3.0  # seconds in which the ports of a killed predecessor become free
_HEAD_START = 0.4  # seconds that the doors have before the worker is told to stop too
_PATIENCE = 2.5
WORKER = "worker"
"""What the names of programs begin with that are stopped last."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_stack(
    settings: Settings,
    prepare: Prepare,
    commands: Mapping[str, Sequence[str]],
    *,
    report: Report = print,
    hints: Sequence[str] = (),
) -> int:
    """Run the stack until it is told to stop (SIGINT, SIGTERM, SIGHUP) or a child dies.

    Args:
        settings: what to run here, and where; servers that are set to be elsewhere are not started.
        prepare: awaited when the servers answer and before our programs start: migrations, search attributes,
            policies. It finds the database by `Embedded(settings).url("owner")`.
        commands: our programs by name, the workers first; each is started with `IEHE_READY_FD` in its
            environment, the number of a file descriptor to which it writes `ready` and a newline when it
            does its work.
        report: gets lines of progress, results and faults.
        hints: lines added to the final overview: what to try next.

    Returns:
        The exit code: 0 stopped as told, 8 port or home unusable, 9 already running, 10 a child died or a
        server did not start.

    Raises:
        Exception: whatever `prepare` raises that is no `StackFault`, after everything has been stopped.
    """

    def say(line: str) -> None:
        # A terminal that went away must not keep us from stopping the children.
        with suppress(OSError, ValueError):
            report(line)

    try:
        account = None if settings.database_url else postgres_account(settings.postgres_account)
        home = Home(settings.home)
        home.create(account)
        with HomeLock(home, f"http://127.0.0.1:{settings.ui_port}") as lock:
            await require_free_ports(_ports(settings), _AFTER_A_KILL if lock.unclean else 0.0)
            stack = _Stack(settings, home, account, say)
            return await stack.run(prepare, commands, hints)
    except StackFault as fault:
        say(str(fault))
        return fault.exit_code


class _Stack:
    def __init__(self, settings: Settings, home: Home, account: Account | None, say: Report) -> None:
        self._settings = settings
        self._home = home
        self._say = say
        self._started_at = time.monotonic()
        self._died: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._programs: dict[str, Child] = {}
        self._postgres: PostgresServer | None = None
        self._temporal: TemporalServer | None = None
        self._mail: MailCatcher | None = None
        if settings.database_url is None:
            self._postgres = PostgresServer(home, account=account, report=say)
        if settings.temporal_embedded:
            self._temporal = TemporalServer(
                TemporalPorts(
                    frontend=settings.temporal_port,
                    http=settings.temporal_http_port,
                    metrics=settings.temporal_metrics_port,
                    ui=settings.ui_port,
                ),
                folder=home.temporal,
                log=home.logs / "temporal.log",
                namespaces=_namespaces(settings),
                codec_endpoint=f"{gateway_url(settings)}/codec",
                # Lets the demonstration move time; running workflows are not touched by the switch itself.
                dynamic_config={"frontend.WorkflowTimeSkippingEnabled": "true"}
                if settings.environment == "embedded"
                else None,
            )
        if settings.smtp_embedded:
            self._mail = MailCatcher(home.mail, settings.smtp_port)

    async def run(self, prepare: Prepare, commands: Mapping[str, Sequence[str]], hints: Sequence[str]) -> int:
        told = asyncio.Event()
        with on_signals(_SIGNALS, told.set):
            interrupt = asyncio.create_task(told.wait())
            start = asyncio.create_task(self._start(prepare, commands))
            turning = asyncio.create_task(rotating(self._home.logs))
            try:
                await first_of(start, interrupt, self._died)
                if start.done():
                    await self._result(start)
                    if not self._died.done():
                        self._announce(hints)
                    await first_of(interrupt, self._died)
                if self._died.done():
                    raise self._died.result().death()
            except StackFault as fault:
                self._say(str(fault))
                return fault.exit_code
            else:
                return 0
            finally:
                self._say("stopping")
                await cancelled(start, interrupt, turning)
                await self._stop()
                self._say("stopped")

    async def _start(self, prepare: Prepare, commands: Mapping[str, Sequence[str]]) -> None:
        self._say("starting PostgreSQL and Temporal")
        if self._mail is not None:
            await self._mail.start()
        await together(*(server.start() for server in (self._postgres, self._temporal) if server is not None))
        for server in (self._postgres, self._temporal):
            if server is not None and server.child is not None:
                self._watch(server.child)
        self._say("preparing the database and Temporal")
        await prepare(self._settings)
        self._say(f"starting {', '.join(commands)}")
        await together(*(self._program(name, command) for name, command in commands.items()))

    async def _program(self, name: str, command: Sequence[str]) -> None:
        self._programs[name] = await start_child(name, command, self._home)
        self._watch(self._programs[name])

    async def _result(self, start: asyncio.Task[None]) -> None:
        if start.exception() is not None and not self._died.done():
            # A step that fails because its server died fails first; the death is the better explanation.
            await asyncio.wait({self._died}, timeout=0.2)
        if not self._died.done():
            start.result()

    def _watch(self, child: Child) -> None:
        def died(_exit: asyncio.Task[int]) -> None:
            if not self._died.done():
                self._died.set_result(child)

        child.exited.add_done_callback(died)

    async def _stop(self) -> None:
        # What takes requests in ends first, while the worker still answers what it has begun.
        working = [child for name, child in self._programs.items() if name.startswith(WORKER)]
        taking = [child for child in self._programs.values() if child not in working]
        ends = [asyncio.create_task(child.stop((signal.SIGTERM, _PATIENCE))) for child in taking]
        if ends:
            await asyncio.wait(ends, timeout=_HEAD_START)
        await asyncio.gather(*ends, *(child.stop((signal.SIGTERM, _PATIENCE)) for child in working))
        # The two know nothing of each other; the limits of both steps together stay below five seconds.
        await together(*(server.stop() for server in (self._temporal, self._postgres) if server is not None))
        if self._mail is not None:
            await self._mail.stop()

    def _announce(self, hints: Sequence[str]) -> None:
        settings, home = self._settings, self._home
        self._say(f"ready in {time.monotonic() - self._started_at:.1f} s")
        if self._temporal is not None:
            self._say(f"  Temporal UI  http://127.0.0.1:{settings.ui_port}")
            self._say(f"  to read it   {gateway_url(settings)}/codec/sign-in")
            names = ", ".join(_namespaces(settings))
            self._say(f"  Temporal     {self._temporal.address}, namespace {names}")
        self._say(f"  gateway      {gateway_url(settings)}")
        self._say(f"  office pages {office_url(settings)}")
        self._say(f"  to sign in   {sign_in_by(settings)}")
        if self._postgres is not None:
            self._say(f"  database     iehe, by the socket in {home.socket}")
        if self._mail is not None:
            self._say(f"  mail         {home.mail} (every mail is kept there, none is sent)")
        self._say(f"  logs         {home.logs}")
        for line in hints:
            self._say(f"  {line}")
        self._say("stop with Ctrl-C")


def sign_in_by(settings: Settings) -> str:
    """By what somebody signs in to the offices' pages."""
    return (
        "iehe office login (a link that holds once)" if settings.oidc_issuer is None else settings.oidc_issuer
    )


def _namespaces(settings: Settings) -> list[str]:
    """The namespaces of all homes."""
    return [str(settings.temporal_connection(home)["namespace"]) for home in homes().values()]


def _ports(settings: Settings) -> dict[str, int]:
    names = ("temporal_port", "ui_port", "temporal_http_port", "temporal_metrics_port")
    wanted = list(names) if settings.temporal_embedded else []
    if settings.smtp_embedded:
        wanted.append("smtp_port")
    wanted += ["gateway_port", "office_port"]
    return {f"IEHE_{name.upper()}": getattr(settings, name) for name in wanted}
