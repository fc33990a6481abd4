"""What every command needs: settings, connections, who acts, how answers and errors are printed.

Modules that take long to import (temporalio, asyncpg) are imported when a command runs, so that
`iehe --help` answers at once.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from enum import IntEnum
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from activities.kernel.acting import act_for
from activities.kernel.queries import queries
from cli.known import completed, staff_ids
from embedded.faults import StackFault
from schemas.kernel.japan import TOKYO
from schemas.kernel.patience import CONNECT_WITHIN

if TYPE_CHECKING:
    import asyncpg
    from temporalio.client import Client

    from embedded.credentials import Role
    from encryption.case_keys import CaseKeys
    from schemas.kernel.case import Actor, Command, Receipt
    from schemas.kernel.homes import CaseHome
    from schemas.kernel.refusals import Refusal
    from workers.settings import Settings


class Exit(IntEnum):
    """Exit codes of `iehe`; documented in docs/cli.md."""

    OK = 0
    FAULT = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    STALE = 5
    NOT_ALLOWED = 6
    UNAVAILABLE = 7
    UNUSABLE = 8
    ALREADY_RUNNING = 9
    CHILD_DIED = 10
    FAULTY_FILE = 11
    PROBLEMS = 12


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
ActorOption = Annotated[
    str | None,
    typer.Option(
        "--as",
        help="Only to be sure: refused when you act as somebody else (iehe whoami).",
        autocompletion=completed(staff_ids),
    ),
]
VersionOption = Annotated[
    int | None, typer.Option("--version", help="Version of the case that you saw; a newer one is refused.")
]
CommandIdOption = Annotated[
    str | None, typer.Option("--command-id", help="Repeat a command whose answer was lost under its id.")
]


@cache
def messages() -> dict[str, dict[str, str]]:
    """What commands say, by name: `en` and `ja`, of an error also `exit` and, where it differs, `code`.

    The program's own stand in `messages.toml` beside this file, those about a process in its folder.
    """
    files = sorted(Path(__file__).parent.rglob("messages.toml"))
    return {name: each for file in files for name, each in tomllib.loads(file.read_text("utf-8")).items()}


class CommandError(Exception):
    """An error that a person can act on, in the words of `messages.toml`.

    Args:
        name: which message; its code for programs is the same unless the message says another.
        details: more for `--json`.
        values: what the words have in braces.
    """

    def __init__(self, name: str, details: Mapping[str, Any] | None = None, /, **values: Any) -> None:
        said = messages()[name]
        self.code = said.get("code", name)
        self.english, self.japanese = (said[language].format(**values) for language in ("en", "ja"))
        self.exit_code = Exit[said["exit"]]
        self.details = dict(details or {})
        super().__init__(self.english)

    @classmethod
    def of(cls, code: str, english: str, japanese: str, exit_code: Exit, **details: Any) -> CommandError:
        """An error whose words come from elsewhere."""
        made = cls("said-elsewhere", details, english=english, japanese=japanese)
        made.code, made.exit_code = code, exit_code
        return made

    def also(self, name: str, /, **details: Any) -> CommandError:
        """The same error with the sentence of another message after it, and more for `--json`."""
        more = {language: messages()[name][language].format(**details) for language in ("en", "ja")}
        texts = f"{self.english} {more['en']}", f"{self.japanese}{more['ja']}"
        return CommandError.of(self.code, *texts, self.exit_code, **self.details | details)


class Session:
    """One run of a command: connections are opened when first asked for and closed at its end."""

    def __init__(
        self, settings: Settings, stack: AsyncExitStack, *, as_json: bool, claimed: str | None = None
    ) -> None:
        self.settings = settings
        self.as_json = as_json
        self._claimed = claimed
        self._stack = stack
        self._pools: dict[tuple[Role, bool], asyncpg.Pool] = {}
        self._clients: dict[CaseHome, Client] = {}
        self._keys_checked = False
        self._actor: Actor | None = None

    def say(self, name: str, /, **values: Any) -> None:
        """Print a message of `messages.toml` in the reader's language."""
        print(messages()[name][self.settings.language].format(**values))

    def remark(self, name: str, /, **values: Any) -> None:
        """Print one beside the answer, at once and on standard error; nothing for programs."""
        if not self.as_json:
            text = messages()[name][self.settings.language].format(**values)
            print(text, file=sys.stderr, flush=True)

    def answer(self, told: Mapping[str, Any], name: str, /, **values: Any) -> None:
        """Print what a command has done: whole as JSON, else as a message with its values and these."""
        if self.as_json:
            print_json(told)
        else:
            self.say(name, **{**told, **values})

    async def pool(self, role: Role = "office", *, of_host: bool = False) -> asyncpg.Pool:
        """Connections with a role's rights; those of the office act for the person, or for the host itself.

        Args:
            role: in the database.
            of_host: what is done concerns all cases, and nothing of one is shown.
        """
        key = (role, of_host)
        if key not in self._pools:
            from activities.kernel.database import FAULTS, open_pool
            from embedded.connection import Embedded

            url = Embedded(self.settings).url(role)
            try:
                async with asyncio.timeout(CONNECT_WITHIN.total_seconds()):
                    pool = await open_pool(
                        url, size=4, application="iehe-cli", for_people=role == "office" and not of_host
                    )
            except FAULTS as error:
                # the text of these may name the login; the kind of error says enough
                kind = getattr(error, "sqlstate", None) or type(error).__name__
                raise CommandError("database-unreachable", role=role, kind=kind) from None
            self._stack.callback(pool.terminate)
            self._pools[key] = pool
        return self._pools[key]

    @asynccontextmanager
    async def transaction(self, role: Role = "office") -> AsyncIterator[Any]:
        """A connection with a role's rights, in a transaction."""
        async with (await self.pool(role)).acquire() as connection, connection.transaction():
            yield connection

    async def fetch(self, query: str, *values: Any, of_host: bool = False) -> list[dict[str, Any]]:
        """The rows of a query of the office: its text, or `<room>/<file>:<name>` of a stored one."""
        file, colon, name = query.partition(":")
        text = queries(file)[name] if colon and " " not in file else query
        return [dict(row) for row in await (await self.pool(of_host=of_host)).fetch(text, *values)]

    async def check_keys(self, *, again: bool = False) -> None:
        """Refuse, before anything is stored or sent, key rings that are not the database's."""
        if self._keys_checked and not again:
            return
        from encryption.fingerprints import StrangeRingError, check_ring
        from workers.temporal import all_keys

        connection: Any
        async with (await self.pool()).acquire() as connection:
            try:
                for ring in all_keys(self.settings).rings.values():
                    await check_ring(connection, ring)
            except StrangeRingError as error:
                texts = f"{error}.", f"{error.japanese}。"
                raise CommandError.of("key-ring", *texts, Exit.UNUSABLE) from None
        self._keys_checked = True

    async def vault(self) -> CaseKeys:
        """The keys of cases, of rings that are the database's."""
        from encryption.case_keys import CaseKeys
        from workers.temporal import all_keys

        await self.check_keys()
        return CaseKeys(all_keys(self.settings))

    async def client_of(self, case_id: str) -> Client:
        """The connection to Temporal for a case: in the namespace of its home."""
        from cases.homes import home_of

        return await self.client(home_of(case_id))

    async def client(self, home: CaseHome | None = None, *, to_look: bool = False) -> Client:
        """The connection to Temporal in the namespace of a home, by default the common one's.

        Args:
            home: of cases.
            to_look: nothing is encrypted, so the keys are not looked at.
        """
        if not to_look:
            await self.check_keys()
        from encryption.ring import COMMON_HOME

        home = home or COMMON_HOME
        if home not in self._clients:
            from embedded.connection import Embedded
            from workers.logs import runtime
            from workers.temporal import connect

            if self.settings.temporal_embedded:
                Embedded(self.settings).require_running()
            try:
                async with asyncio.timeout(CONNECT_WITHIN.total_seconds()):
                    self._clients[home] = await connect(self.settings, home, runtime=runtime("error"))
            except (RuntimeError, TimeoutError) as error:
                cause = str(error) or type(error).__name__
                raise CommandError("temporal-unreachable", cause=cause) from None
        return self._clients[home]

    async def actor(self) -> Actor:
        """The person who acts, as proven, with the roles on record; whom `--as` says is only compared.

        Raises:
            CommandError: nobody is proven, or somebody else.
        """
        from cli.proof import proven

        if self._actor is None:
            try:
                self._actor = await proven(self)
            except CommandError as error:
                if self._claimed is None or error.code != "actor-missing":
                    raise
                texts = {"english": error.english, "japanese": error.japanese}
                raise CommandError("claim-without-proof", claimed=self._claimed, **texts) from None
        act_for(self._actor.id)
        if self._claimed not in (None, self._actor.id):
            raise CommandError("claim-of-another", actor=self._actor.id, claimed=self._claimed)
        return self._actor

    async def administer(self, act: str, process: str | None = None) -> Actor:
        """The person who acts, if one of their roles may do an act of the host or of a process.

        Raises:
            CommandError: nobody is proven, or the role is missing.
        """
        from cases.administration import roles_for

        actor = await self.actor()
        allowed = roles_for(act, process)
        if allowed.isdisjoint(actor.roles):
            raise role_missing(actor, allowed)
        return actor

    async def decide(
        self,
        row: asyncpg.Record,
        command: Command,
        texts: Mapping[str, str] = MappingProxyType({}),
        values: Mapping[str, str] | None = None,
    ) -> Receipt:
        """Make a decision and return the case as it stands after it, or as it stood when it was made before.

        Raises:
            NotDecided: refused, closed, or no answer in time.
        """
        from cases.decisions import NotDecided, decide, made_before
        from cases.time_limits import within

        pool = await self.pool()
        earlier = await within(CONNECT_WITHIN, made_before(pool, row, command.cause))
        if earlier is not None:
            return earlier
        try:
            client = partial(self.client_of, row["case_id"])
            return await decide(pool, client, row, command, texts, await self.vault(), values)
        except asyncio.CancelledError:
            # Ctrl-C: what was sent is not called back by it
            gone = NotDecided("outcome-unknown", command_id=command.command_id, status="Ctrl-C")
            report(refused(gone), as_json=self.as_json, language=self.settings.language)
            raise


def role_missing(actor: Actor, allowed: Iterable[str]) -> CommandError:
    """The person who acts has none of the roles that may."""
    needed, held = ", ".join(sorted(allowed)), ", ".join(actor.roles) or "-"
    return CommandError("role-missing", needed=needed, actor=actor.id, held=held)


def refused(refusal: Refusal, **details: Any) -> CommandError:
    """A refusal said at the command line, with more for `--json`."""
    from cases.refusal_words import COMMAND_LINE
    from schemas.kernel.refusals import RefusalKind

    exits = {
        RefusalKind.STALE: Exit.STALE,
        RefusalKind.NOT_ALLOWED: Exit.NOT_ALLOWED,
        RefusalKind.NOT_FOUND: Exit.NOT_FOUND,
        RefusalKind.NOT_YET: Exit.UNAVAILABLE,
        RefusalKind.UNAVAILABLE: Exit.UNAVAILABLE,
    }
    english, japanese = (COMMAND_LINE.text(refusal, language) for language in ("en", "ja"))
    exit_code = exits.get(refusal.kind, Exit.REFUSED)
    return CommandError.of(refusal.code, english, japanese, exit_code, **refusal.params | details)


async def guarded(
    work: Callable[[Session], Awaitable[Exit | None]], *, as_json: bool, claimed: str | None = None
) -> Exit:
    """Run a command's work in a session of its own; its errors are printed, and become exit codes."""
    from workers.settings import SettingsError, load_settings

    language = "en"
    try:
        settings = load_settings()
        language = settings.language
        async with AsyncExitStack() as stack:
            return await work(Session(settings, stack, as_json=as_json, claimed=claimed)) or Exit.OK
    except CommandError as error:
        shown = error
    except (StackFault, SettingsError) as fault:
        code = Exit(getattr(fault, "exit_code", Exit.USAGE))
        japanese = getattr(fault, "japanese", "設定が正しくありません")
        shown = CommandError.of(type(fault).__name__, str(fault), f"{japanese}: {fault}", code)
    except Exception as error:
        full = disk_full(error)
        if full is None:
            raise
        shown = full
    report(shown, as_json=as_json, language=language)
    return shown.exit_code


def disk_full(error: BaseException) -> CommandError | None:
    """What to say when a disk, ours or a server's, is full; None when it is something else."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CommandError("disk-full")
    # PostgreSQL has a code for it; of Temporal only the text says it
    text = str(getattr(error, "message", ""))
    if getattr(error, "sqlstate", None) == "53100" or "disk is full" in text:
        return CommandError("disk-full-of-server")
    return None


def report(error: CommandError, *, as_json: bool, language: str) -> None:
    """Print an error: JSON on standard output for programs, else a sentence on standard error."""
    if as_json:
        body = {"code": error.code, "message": {"en": error.english, "ja": error.japanese}, **error.details}
        print(json.dumps({"error": body}, ensure_ascii=False, default=plain))
    else:
        print(error.japanese if language == "ja" else error.english, file=sys.stderr)


def leave(code: int) -> NoReturn:
    """End the process now, with everything printed; 1 instead of 0 when that could not be written."""
    try:
        sys.stdout.flush()
    except OSError:
        code = code or 1
    with suppress(OSError):  # a log that cannot be written says nothing about the work
        sys.stderr.flush()
    os._exit(code)


def print_json(value: Any) -> None:
    """Print a value as JSON; dates in ISO 8601."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=plain))


def plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).isoformat()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)


def local(moment: datetime | None) -> str:
    """A moment as a person in Japan reads it: 2027-02-04 12:00."""
    return f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}" if moment else "-"
