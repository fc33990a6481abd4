"""`iehe exchange partners` and `refresh`: home universities, and asking their systems now."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import faults
from cli.case_arguments import acting, command
from cli.session import CommandError, Session
from cli.tables import Columns, print_rows

partners = typer.Typer(no_args_is_help=True, help="Home universities: names, mail, and their systems.")


@partners.command("list")
@command
async def list_partners(session: Session) -> None:
    """List home universities, with what waits to be asked of them and told to them."""
    from cases.exchange import partners as shared

    await _administer(session, "load-partners")
    columns: Columns = (
        ("partner", "partner"),
        ("name", "name"),
        ("base", "base"),
        ("answered", "answered_at"),
        ("stale", "stale"),
        ("to ask", "to_ask"),
        ("to tell", "to_tell"),
        ("not told", "not_told"),
    )
    print_rows(session, await shared.list_partners(await session.pool()), columns)


@partners.command("add")
@command
async def add_partner(
    session: Session,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="Its code.")],
    *,
    name: Annotated[str, typer.Option(help="Its name.")],
    mail: Annotated[str, typer.Option(help="Where its coordinators are written to.")],
    language: Annotated[str, typer.Option(help="Of what they are written: ja or en.")] = "en",
    base: Annotated[str | None, typer.Option(help="Where its system is asked: https.")] = None,
    source: Annotated[str | None, typer.Option(help="By whose keys it signs (iehe source list).")] = None,
    webhook: Annotated[
        str | None, typer.Option(help="Where it takes our notices (iehe webhook list).")
    ] = None,
) -> None:
    """Register a home university, or change what is registered of it."""
    from pydantic import ValidationError

    from schemas.exchange.partners_list import Partner

    values: dict[str, Any] = {"name": name, "mail": mail, "language": language}
    values |= {"base": base, "source": source, "webhook": webhook}
    try:
        made = Partner(partner=partner, **values)
    except ValidationError as error:
        places = ", ".join(sorted({str(each["loc"][0]) for each in error.errors(include_input=False)}))
        raise CommandError("partner-malformed", places=places) from None
    counts = await _store(session, [made])
    told = {"partner": partner, "added": bool(counts["added"])}
    session.answer(told, "partner-added" if counts["added"] else "partner-changed")


@partners.command("load")
@command
async def load_partners(session: Session, file: Path) -> None:
    """Check a CSV or XLSX file of home universities and register them; nothing of a faulty file.

    Those that are not in the file stay registered.
    """
    from spreadsheets.exchange.partners import check_partners_file

    await _administer(session, "load-partners")
    checked = await asyncio.to_thread(check_partners_file, file)
    if not session.as_json:
        faults.show(checked.faults, None)
    if errors := len(checked.errors):
        found = {"faults": faults.as_json(checked.faults)}
        raise CommandError("file-faulty", found, file=file.name, errors=errors)
    session.answer(await _store(session, [row.data for row in checked.rows]), "partners-loaded")


@acting
async def refresh(
    session: Session,
    what: Annotated[
        str | None, typer.Argument(metavar="PARTNER|CASE", help="Left out: every partner.")
    ] = None,
) -> None:
    """Ask home universities now what they say of their mobilities, and tell again what they missed."""
    from cases.exchange import partners as shared

    actor = await _administer(session, shared.REFRESH)
    asked = await shared.refresh(await session.pool(), actor, what)
    session.answer({"asked": asked}, "partners-asked")


async def _store(session: Session, made: list[Any]) -> dict[str, int]:
    from activities.kernel.channels import RefusedError
    from cases.exchange import partners as shared
    from cli.webhook import webhooks

    actor = await _administer(session, shared.LOAD)
    outgoing = (await webhooks(session)).outgoing
    for each in made:
        try:
            if each.base is not None:
                outgoing.check(each.base)
        except RefusedError:
            raise CommandError("partner-base-unsafe", partner=each.partner) from None
    return await shared.store_partners(await session.pool(), actor, made)


async def _administer(session: Session, act: str) -> str:
    from workflows.exchange.process import EXCHANGE

    return (await session.administer(act, EXCHANGE.name)).id
