"""`iehe notices hold|release|cancel|change`: what the office does to a message before it goes."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import uuid4

import typer

from cli.case_arguments import FieldName, acting
from cli.session import CommandError, Session, local, role_missing
from cli.typed import checked_text

NoticeArgument = Annotated[str, typer.Argument(metavar="NOTICE", help="Its id, or the beginning of it.")]
ReasonOption = Annotated[str, typer.Option(help="Why, in words; - reads them from what is piped in.")]
KeyOption = Annotated[str | None, typer.Option(help="The same one again does nothing more.")]
RevisionOption = Annotated[int | None, typer.Option(min=0, help="Only if it is still the one that you saw.")]
_REASON: Final = "reason-missing"


@acting
async def hold(
    session: Session,
    notice: NoticeArgument,
    *,
    reason: ReasonOption,
    revision: RevisionOption = None,
    command_id: KeyOption = None,
) -> None:
    """Hold a message that is queued: it does not leave until somebody releases it."""
    await _act(session, notice, "hold", reason, revision, command_id)


@acting
async def release(
    session: Session,
    notice: NoticeArgument,
    *,
    reason: Annotated[str | None, typer.Option(help="Why, if there is something to say.")] = None,
    revision: RevisionOption = None,
    command_id: KeyOption = None,
) -> None:
    """Release a message that is held: it goes at its next time, quiet hours counted."""
    await _act(session, notice, "release", reason, revision, command_id)


@acting
async def cancel(
    session: Session,
    notice: NoticeArgument,
    *,
    reason: ReasonOption,
    revision: RevisionOption = None,
    command_id: KeyOption = None,
) -> None:
    """Cancel a message that is queued: it is never sent."""
    await _act(session, notice, "cancel", reason, revision, command_id)


@acting
async def change(
    session: Session,
    notice: NoticeArgument,
    *,
    reason: ReasonOption,
    ja: Annotated[
        str | None, typer.Option(help="Words in Japanese that stand before the letter's own.")
    ] = None,
    en: Annotated[
        str | None, typer.Option(help="Words in English that stand before the letter's own.")
    ] = None,
    original: Annotated[bool, typer.Option("--original", help="Put it back to the letter alone.")] = False,
    revision: RevisionOption = None,
    command_id: KeyOption = None,
) -> None:
    """Put words of the office before those of a letter that is queued, instead of any before."""
    said = {"ja": checked_text(ja), "en": checked_text(en)}
    words = {language: text for language, text in said.items() if text is not None}
    if original == bool(words):
        raise CommandError("words-or-original")
    await _act(session, notice, "restore" if original else "change", reason, revision, command_id, words)


async def _act(
    session: Session,
    notice: str,
    act: str,
    reason: str | None,
    revision: int | None,
    command_id: str | None,
    words: dict[str, str] | None = None,
) -> None:
    from dataclasses import asdict

    from cases.notice_acts import Act, Asked, act_on

    actor = await session.actor()
    found = await find_notice(session, notice, "work")
    why = checked_text(reason)
    if why is None and act != "release":
        raise CommandError(_REASON)
    key = command_id or f"cli-{uuid4().hex}"
    asked = Asked(Act(act), key, why, revision, words or {})
    done = await act_on(await session.pool(), found["notice_id"], actor, asked, await session.vault())
    told = {**asdict(done), "command_id": key, "held_since": done.held_since}
    shown = {"notice": done.notice_id[:12], "at": local(done.held_since)}
    name = (
        "notice-is-held" if done.held_since else "notice-is-cancelled" if act == "cancel" else "notice-goes"
    )
    session.answer(told, name, **shown)


async def find_notice(
    session: Session, notice: str, field: FieldName | None = None, *, reads: str | None = None
) -> dict[str, Any]:
    """A message by its id or the beginning of it, of a case, or a process, of which the person sees `field`.

    What the command then `reads` of it is noted, where reads are.

    Raises:
        CommandError: there is more than one; no role of theirs sees any.
        Refusal: there is none that they see.
    """
    from cases.sight import fields_of, note_reads, roles_that_see_whole, view_of, whole_processes
    from schemas.kernel.refusals import Refusal
    from workflows.kernel.sight import Field

    actor, pool, needed = await session.actor(), await session.pool(), Field(field or "work")
    view = view_of(actor, needed)
    if not (view.whole or view.processes):
        raise role_missing(actor, roles_that_see_whole(needed))
    found = await session.fetch("kernel/office:notices_beginning", notice.strip().lower())
    if len(found) > 1:
        raise CommandError("ambiguous-notice")
    for each in found:
        for row in await session.fetch("kernel/office:notice", each["notice_id"]):
            case_id = row["case_id"]
            if case_id is None and row["process"] in whole_processes(actor, needed):
                return row
            if case_id is not None and needed in await fields_of(pool, case_id, actor):
                if reads is not None:
                    await note_reads(pool, [case_id], reads, needed)
                return row
    raise Refusal("no-such-notice", notice=notice)
