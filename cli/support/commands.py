"""`iehe support members` and `rota`: who works in which unit, and who is on duty when."""

from datetime import datetime
from typing import Annotated

import typer

from cli.case_arguments import acting, command
from cli.japanese import word
from cli.known import completed
from cli.known import staff_ids as known_staff
from cli.session import CommandError, Session
from cli.support import closures, papers
from cli.support.boards import boards
from cli.support.files import alerts, import_rota, register
from cli.support.incidents import incidents
from cli.support.report import report
from cli.tables import Columns, print_rows
from cli.typed import known_value, moment

app = typer.Typer(no_args_is_help=True)
members = typer.Typer(no_args_is_help=True, help="Who works in which unit.")
rota = typer.Typer(no_args_is_help=True, help="Who is on duty, first and second, minute by minute.")
app.add_typer(members, name="members")
app.add_typer(rota, name="rota")
app.add_typer(closures.app, name="closures")
rota.command("import")(import_rota)
app.command("extract")(papers.extract)
app.command("letter")(papers.letter)
app.command("report")(report)
boards(app)
app.add_typer(alerts, name="alerts")
app.add_typer(register, name="register")
app.add_typer(incidents, name="incident")

StaffArgument = Annotated[str, typer.Argument(metavar="STAFF_ID", autocompletion=completed(known_staff))]
ShiftArgument = Annotated[int, typer.Argument(help="Number of the shift, as the rota lists it.")]
FromOption = Annotated[str, typer.Option("--from", help="When it begins: day and time.")]
UntilOption = Annotated[str, typer.Option("--until", help="When it ends: day and time.")]
DaysOption = Annotated[int, typer.Option(min=1, max=400, help="So many days ahead.")]
PLACES = ("first", "second")


@app.command("referrals")
@acting
async def referrals(session: Session) -> None:
    """List what you have referred: when, and whether contact was made; nothing further is told."""
    from cases.support import boards as shared

    await session.actor()
    rows = await shared.referrals(await session.pool())
    columns: Columns = (
        ("case", "case_id"),
        ("referred", "referred_at"),
        ("contact", lambda row: word(row["contact"])),
        ("when", "contact_at"),
    )
    print_rows(session, rows, columns)


@members.command("list")
@command
async def list_members(
    session: Session, *, unit: Annotated[str | None, typer.Option(help="Only this unit.")] = None
) -> None:
    """List who works in which unit, leads first."""
    from cases.support import duty

    await session.actor()
    known_value(unit, _units(), "--unit")
    columns: Columns = (
        ("unit", "unit"),
        ("id", "staff_id"),
        ("lead", lambda row: "✓" if row["lead"] else ""),
    )
    print_rows(session, await duty.members(await session.pool(), unit), columns)


@members.command("add")
@command
async def add_member(
    session: Session,
    unit: str,
    staff_id: StaffArgument,
    *,
    lead: Annotated[bool, typer.Option("--lead", help="As one of its leads.")] = False,
) -> None:
    """Let somebody work in a unit; a unit's cases that have no owner are theirs to take."""
    from cases.support import duty

    actor = await _administer(session, "change-members")
    known_value(unit, _units(), "UNIT")
    await duty.add_member(await session.pool(), actor, unit, staff_id, lead=lead)
    session.answer({"unit": unit, "staff_id": staff_id, "lead": lead}, "member-added")


@members.command("remove")
@command
async def remove_member(session: Session, unit: str, staff_id: StaffArgument) -> None:
    """Let somebody work in a unit no more; cases of theirs stay with them until they are handed over."""
    from cases.support import duty

    actor = await _administer(session, "change-members")
    known_value(unit, _units(), "UNIT")
    await duty.remove_member(await session.pool(), actor, unit, staff_id)
    session.answer({"unit": unit, "staff_id": staff_id}, "member-removed")


@rota.command("list")
@command
async def list_rota(session: Session, *, days: DaysOption = 28) -> None:
    """List the shifts of the days ahead, with what is offered to whom."""
    from cases.support import duty

    await session.actor()
    columns: Columns = (
        ("shift", "shift"),
        ("from", "begins_at"),
        ("until", "ends_at"),
        ("place", "place"),
        ("id", "staff_id"),
        ("offered to", "offered_to"),
    )
    print_rows(session, await duty.shifts(await session.pool(), days), columns)


@rota.command("gaps")
@command
async def gaps(session: Session, *, days: DaysOption = 28) -> None:
    """List the times of the days ahead in which nobody has a place."""
    from cases.support import duty

    await session.actor()
    columns: Columns = (("place", "place"), ("from", "begins_at"), ("until", "ends_at"))
    print_rows(session, await duty.gaps(await session.pool(), days), columns)


@rota.command("plan")
@command
async def plan_shift(
    session: Session, place: str, staff_id: StaffArgument, *, since: FromOption, until: UntilOption
) -> None:
    """Put somebody on duty; who is reached by two tested channels (iehe staff channel)."""
    from cases.support import duty

    actor = await _administer(session, "change-rota")
    known_value(place, PLACES, "PLACE")
    begins, ends = _moment(since, "--from"), _moment(until, "--until")
    shift = await duty.plan_shift(await session.pool(), actor, place, staff_id, begins, ends)
    told = {"shift": shift, "place": place, "staff_id": staff_id, "begins_at": begins, "ends_at": ends}
    session.answer(told, "shift-planned")


@rota.command("move")
@command
async def move_shift(
    session: Session, shift: ShiftArgument, *, since: FromOption, until: UntilOption
) -> None:
    """Give a shift another time; what was agreed about it moves with it."""
    from cases.support import duty

    actor = await _administer(session, "change-rota")
    begins, ends = _moment(since, "--from"), _moment(until, "--until")
    await duty.move_shift(await session.pool(), actor, shift, begins, ends)
    session.answer({"shift": shift, "begins_at": begins, "ends_at": ends}, "shift-moved")


@rota.command("remove")
@command
async def remove_shift(session: Session, shift: ShiftArgument) -> None:
    """Take a shift away; what it leaves is a gap."""
    from cases.support import duty

    actor = await _administer(session, "change-rota")
    was = await duty.remove_shift(await session.pool(), actor, shift)
    session.answer({"shift": shift, "staff_id": was}, "shift-removed")


@rota.command("offer")
@command
async def offer_swap(session: Session, shift: ShiftArgument, staff_id: StaffArgument) -> None:
    """Offer a shift of yours to a colleague; it stays yours until they accept."""
    from cases.support import duty

    actor = await session.actor()
    await duty.offer_shift(await session.pool(), shift, actor.id, staff_id)
    session.answer({"shift": shift, "offered_to": staff_id}, "swap-offered")


@rota.command("accept")
@command
async def accept_swap(session: Session, shift: ShiftArgument) -> None:
    """Take over a shift that was offered to you."""
    await _answer(session, shift, "accepted")


@rota.command("decline")
@command
async def decline_swap(session: Session, shift: ShiftArgument) -> None:
    """Do not take over a shift that was offered to you."""
    await _answer(session, shift, "declined")


@rota.command("withdraw")
@command
async def withdraw_swap(session: Session, shift: ShiftArgument) -> None:
    """Take back your offer of a shift."""
    await _answer(session, shift, "withdrawn")


@rota.command("give-back")
@command
async def give_back_swap(session: Session, shift: ShiftArgument) -> None:
    """Give a shift that you have taken over back to whom it was."""
    await _answer(session, shift, "given-back")


async def _answer(session: Session, shift: int, said: str) -> None:
    from cases.support import duty

    actor = await session.actor()
    other = await duty.answer_swap(await session.pool(), shift, actor.id, said)
    session.answer({"shift": shift, "state": said, "with": other}, "swap-answered", other=other)


async def _administer(session: Session, act: str) -> str:
    from workflows.support.process import SUPPORT

    return (await session.administer(act, SUPPORT.name)).id


def _units() -> list[str]:
    from schemas.support.stages import Unit

    return [unit.value for unit in Unit]


def _moment(text: str, option: str) -> datetime:
    at = moment(text, option)
    if at is None:
        raise CommandError("invalid-moment", {"option": option}, option=option)
    return at
