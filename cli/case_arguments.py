"""What commands about cases share: naming a case, reading moments and values, who may, faults as answers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NoReturn
from unicodedata import normalize

import typer

from cli.known import complete_case
from cli.session import (
    ActorOption,
    CommandError,
    Exit,
    JsonOption,
    Session,
    disk_full,
    guarded,
    leave,
    refused,
    role_missing,
)

if TYPE_CHECKING:
    import asyncpg

    from schemas.kernel.case import Actor

CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="CASE", help="The id of a case, or only its number.", autocompletion=complete_case
    ),
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many.")]
INTERRUPTED: Final = 130
FieldName = Literal["case", "work", "personal"]
"""A group of the fields of a case: `workflows.kernel.sight.Field`, which takes long to import."""
DATABASE_AWAY: Final = "database-unreachable"


def command(work: Callable[..., Awaitable[Exit | None]]) -> Callable[..., None]:
    """A command of what it does with a session; beside the parameters of its own it has `--json`."""
    return framed(work, [option("as_json", JsonOption, default=False)])


def acting(work: Callable[..., Awaitable[Exit | None]]) -> Callable[..., None]:
    """A command that a member of staff acts by: with `--as`, too."""
    return framed(
        work, [option("as_", ActorOption, default=None), option("as_json", JsonOption, default=False)]
    )


def option(name: str, annotation: Any, *, default: Any) -> Parameter:
    """A parameter of a command, by its name."""
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def framed(
    work: Callable[..., Awaitable[Exit | None]],
    options: Sequence[Parameter],
    own: Sequence[Parameter] | None = None,
) -> Callable[..., None]:
    """A function with the parameters `own`, else those of `work` after its session, and these options."""
    parameters = [*(own or list(signature(work, eval_str=True).parameters.values())[1:]), *options]

    def run(**given: Any) -> None:
        as_json, claimed = given.pop("as_json"), given.pop("as_", None)
        carry_out(lambda session: work(session, **given), as_json=as_json, claimed=claimed)

    run.__name__, run.__doc__ = work.__name__, work.__doc__
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def carry_out(
    work: Callable[[Session], Awaitable[Exit | None]], *, as_json: bool, claimed: str | None = None
) -> NoReturn:
    """Run a command and end the process with its exit code; nothing printed is lost.

    Servers that are away and Ctrl-C are answers too, without a word from any row. The process leaves by
    `os._exit`: the interpreter's own way out can abort in the SDK's native threads.
    """

    async def answered(session: Session) -> Exit | None:
        async with answering():
            return await work(session)

    try:
        leave(asyncio.run(guarded(answered, as_json=as_json, claimed=claimed)))
    except KeyboardInterrupt:
        print("interrupted / 中断しました", file=sys.stderr)
        leave(INTERRUPTED)


@asynccontextmanager
async def answering() -> AsyncIterator[None]:
    """Turn refusals, and what PostgreSQL and Temporal raise, into an answer that says what to do."""
    import asyncpg
    from temporalio.service import RPCError

    from activities.kernel.database import FAULTS, is_transient
    from schemas.kernel.refusals import Refusal

    try:
        yield
    except Refusal as refusal:
        raise refused(refusal) from None
    except (*FAULTS, RPCError) as error:
        if (full := disk_full(error)) is not None:
            raise full from None
        if isinstance(error, RPCError):
            raise CommandError("temporal-unreachable", cause=error.status.name) from None
        code = getattr(error, "sqlstate", None)
        passing = is_transient(error) or (code or "").startswith(("28", "3D", "57"))
        if isinstance(error, asyncpg.PostgresError) and not passing:
            raise
        if isinstance(error, OSError) and error.filename is not None:
            raise CommandError("file-unusable", file=error.filename, reason=error.strerror) from None
        raise CommandError("database-away", cause=code or type(error).__name__) from None


def say(session: Session, english: str, japanese: str) -> None:
    """Print a sentence that is in no catalogue, in the reader's language."""
    print(japanese if session.settings.language == "ja" else english)


def case_id_of(text: str, cases: str | None = None) -> str:
    """The case id for what a person typed: full-width letters and a bare number will do.

    Args:
        text: what was typed.
        cases: first part of the id of a bare number; of the first process that there is when not given.
    """
    from cases.registry import CASE_ROOMS

    before, _, number = normalize("NFKC", text).strip().rpartition("/")
    return f"{before or cases or CASE_ROOMS[0]}/{number.upper()}"


async def find_case(
    session: Session,
    text: str,
    cases: str | None = None,
    *,
    field: FieldName | None = None,
    reads: str | None = None,
) -> asyncpg.Record:
    """The row of a case of which the person who acts sees a group of fields; by default what stands in lists.

    A bare number is looked for in `cases`, or else among those of every process. What the command then
    `reads` of it is noted, where reads are.

    Raises:
        Refusal: no such case, or none that they see; what it is about is stored but the case is not open yet.
        CommandError: nobody is proven; they see the case but not these fields.
    """
    from cases.finding import case_seen
    from cases.registry import CASE_ROOMS
    from cases.sight import note_reads, roles_that_see_whole
    from schemas.kernel.refusals import Refusal
    from workflows.kernel.sight import Field

    actor, pool = await session.actor(), await session.pool()
    kinds = [cases] if cases or "/" in normalize("NFKC", text) else list(CASE_ROOMS)
    refusals = []
    for kind in kinds:
        try:
            row, seen = await case_seen(pool, case_id_of(text, kind), actor)
        except Refusal as refusal:
            refusals.append(refusal)
            continue
        if Field.CASE not in seen:
            refusals.append(Refusal("no-such-case"))
        elif field is None or field in seen:
            if reads is not None:
                await note_reads(pool, [row["case_id"]], reads, Field(field or "case"))
            return row
        else:
            raise role_missing(actor, roles_that_see_whole(Field(field)))
    raise max(refusals, key=lambda refusal: refusal.code != "no-such-case")


async def see_whole(session: Session, field: FieldName | None = None) -> frozenset[str]:
    """The processes of which the person who acts sees a group of fields in every case; by default the work.

    Raises:
        CommandError: nobody is proven, or there is no such process.
    """
    from cases.sight import roles_that_see_whole, whole_processes
    from workflows.kernel.sight import Field

    actor, needed = await session.actor(), Field(field or "work")
    if seen := whole_processes(actor, needed):
        return seen
    raise role_missing(actor, roles_that_see_whole(needed))


def require_role(actor: Actor, roles: Collection[str]) -> None:
    """Refuse who has none of the roles."""
    if not set(actor.roles) & set(roles):
        raise role_missing(actor, roles)


async def wait_for(question: Callable[[], Awaitable[Any]], seconds: float) -> Any | None:
    """Ask until the answer is not None; None when the time is over."""
    try:
        async with asyncio.timeout(seconds):
            while (answer := await question()) is None:  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(0.05)
            return answer
    except TimeoutError:
        return None
