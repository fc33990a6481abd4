"""`iehe exchange`: files, partners, the pipeline, boards, matches, and a lost link."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.case_arguments import CaseArgument, case_id_of, command, find_case, see_whole
from cli.exchange.partners import partners, refresh
from cli.file_intake import CheckOption, take_file
from cli.progress import progress
from cli.session import CommandError, Session, role_missing
from cli.tables import Columns, print_rows

if TYPE_CHECKING:
    from schemas.kernel.case import Actor

app = typer.Typer(no_args_is_help=True)
agreements = typer.Typer(no_args_is_help=True, help="How many students each agreement may send.")
app.add_typer(agreements, name="agreements")
app.add_typer(partners, name="partners")
app.command("refresh")(refresh)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX: docs/import-format.md.")]
TermArgument = Annotated[str | None, typer.Argument(metavar="[TERM]", help="Only this term, such as 27S.")]
TermOption = Annotated[str | None, typer.Option("--term", help="The term of rows that name none.")]
PartnerOption = Annotated[str | None, typer.Option("--partner", help="Their home university.")]
FacultyOption = Annotated[str | None, typer.Option("--faculty", help="Their faculty.")]
DatesOption = Annotated[
    Literal["dmy", "mdy"] | None,
    typer.Option("--dates", help="Which of two numbers is the day, where the file does not show it."),
]
AsOfOption = Annotated[str, typer.Option("--as-of", help="The day: 1 May or 1 November, as 2027-05-01.")]
SwappedOption = Annotated[
    bool, typer.Option("--names-swapped", help="Names that changed places since the last file are right now.")
]


@app.command("check")
@command
async def check_nominations(
    session: Session,
    file: FileArgument,
    *,
    term: TermOption = None,
    partner: PartnerOption = None,
    faculty: FacultyOption = None,
    dates: DatesOption = None,
    swapped: SwappedOption = False,
) -> None:
    """Check a file of nominations, and compare it with the last one; nothing is changed."""
    from spreadsheets.exchange.intakes import nominations
    from workflows.exchange.process import EXCHANGE

    fixed = {"term": term, "partner": partner, "faculty": faculty}
    intake = nominations(order=dates, swapped=swapped, fixed=fixed)
    await take_file(session, EXCHANGE.name, intake, file, "nominations-fit", check=True)


@app.command("import")
@command
async def import_nominations(
    session: Session,
    file: FileArgument,
    *,
    term: TermOption = None,
    partner: PartnerOption = None,
    faculty: FacultyOption = None,
    dates: DatesOption = None,
    swapped: SwappedOption = False,
) -> None:
    """Take a file of nominations: new ones start cases, changed ones tell theirs; killed, run it again."""
    from spreadsheets.exchange.intakes import nominations
    from workflows.exchange.process import EXCHANGE

    fixed = {"term": term, "partner": partner, "faculty": faculty}
    with progress("nominations / 推薦", 0) as told:
        intake = nominations(order=dates, swapped=swapped, told=told, fixed=fixed)
        await take_file(session, EXCHANGE.name, intake, file, "nominations-taken", check=False)


@app.command("coe-results")
@command
async def import_coe_results(
    session: Session,
    file: FileArgument,
    *,
    batch: Annotated[str, typer.Option("--batch", help="The batch as it was filed.")],
    check: CheckOption = False,
) -> None:
    """Tell each case of a batch what immigration has said; nothing of a faulty file or twice."""
    from spreadsheets.exchange.intakes import coe_results
    from workflows.exchange.process import EXCHANGE

    said = "coe-results-fit" if check else "coe-results-told"
    await take_file(session, EXCHANGE.name, coe_results(batch), file, said, check=check)


@agreements.command("load")
@command
async def load_agreements(session: Session, file: FileArgument, *, check: CheckOption = False) -> None:
    """Set how many persons and months agreements may send in a term; never less than is given already."""
    from spreadsheets.exchange.intakes import AGREEMENTS
    from workflows.exchange.process import EXCHANGE

    said = "agreements-fit" if check else "agreements-loaded"
    await take_file(session, EXCHANGE.name, AGREEMENTS, file, said, check=check)


@agreements.command("list")
@command
async def list_agreements(session: Session, term: TermArgument = None) -> None:
    """List agreements with what of each is given."""
    from cases.exchange import boards

    await _seeing(session)
    columns: Columns = (
        ("term", "term"),
        ("partner", "partner"),
        ("agreement", "agreement"),
        ("faculty", "faculty"),
        ("persons", lambda row: f"{row['persons_given'] or 0}/{row['persons']}"),
        ("months", lambda row: f"{row['months_given'] or 0}/{row['months']}"),
    )
    print_rows(session, await boards.agreements(await session.pool(), _term(term)), columns)


@app.command("pipeline")
@command
async def pipeline(session: Session, term: TermArgument = None) -> None:
    """Count students by stage and home university."""
    from cases.exchange import boards

    await _seeing(session)
    columns: Columns = (
        ("term", "term"),
        ("partner", "partner"),
        ("stage", "stage"),
        ("students", "students"),
    )
    print_rows(session, await boards.pipeline(await session.pool(), _term(term)), columns)


@app.command("board")
@command
async def board(
    session: Session,
    track: Annotated[str, typer.Argument(help="coe, visa, dormitory, scholarship, agreement or tutor.")],
    term: TermArgument = None,
) -> None:
    """List who stands where on a track, since when; of the certificate with the days to the orientation."""
    from cases.exchange import boards

    await _seeing(session)
    columns: Columns = (
        ("term", "term"),
        ("at", "at"),
        ("since", "since"),
        ("case", "case_id"),
        ("partner", "partner"),
        ("stage", "stage"),
        ("batch", "batch"),
        ("days", "days"),
    )
    print_rows(session, await boards.board(await session.pool(), track, _term(term)), columns)


@app.command("immigration-list")
@command
async def immigration_list(
    session: Session,
    *,
    as_of: AsOfOption,
) -> None:
    """List who is here on a day, as immigration is told; the read is logged."""
    from cases.exchange import boards

    actor = await _seeing(session, personal=True)
    rows = await boards.immigration_list(await session.pool(), actor, _day(as_of))
    columns: Columns = (
        ("number", "student_no"),
        ("family", "family"),
        ("given", "given"),
        ("born", "born"),
        ("nationality", "nationality"),
        ("faculty", "faculty"),
        ("arrived", "arrived_on"),
        ("until", "until"),
        ("absent", lambda row: "✓" if row["absent"] else ""),
    )
    print_rows(session, rows, columns)


@app.command("report-immigration-list")
@command
async def report_immigration_list(session: Session, *, as_of: AsOfOption) -> None:
    """Say that the list of a day was handed in: its task is done."""
    from cases.exchange import boards
    from workflows.exchange.process import EXCHANGE

    actor, day = await session.administer("enter", EXCHANGE.name), _day(as_of)
    ended = await boards.list_reported(await session.pool(), actor, day)
    message = "immigration-list-reported" if ended else "immigration-list-not-open"
    session.answer({"as_of": day.isoformat(), "ended": ended}, message, day=day)


@app.command("matches")
@command
async def list_matches(
    session: Session,
    *,
    decided: Annotated[bool, typer.Option("--decided", help="With those that are decided.")] = False,
) -> None:
    """List mobilities that may be of one person; the read is logged."""
    from cases.exchange import nominations

    actor = await _seeing(session, personal=True)
    columns: Columns = (
        ("case", "one"),
        ("name", lambda row: _name(row, "one")),
        ("other", "other"),
        ("other name", lambda row: _name(row, "other")),
        ("born", "one_born"),
        ("same", "same"),
        ("by", "decided_by"),
    )
    print_rows(session, await nominations.matches(await session.pool(), actor, decided=decided), columns)


@app.command("match")
@command
async def match_person(
    session: Session,
    case: CaseArgument,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The other mobility.")],
    *,
    same: Annotated[bool, typer.Option("--same/--different", help="Whether they are of one person.")],
) -> None:
    """Say whether two mobilities are of one person: then they share one student number."""
    from cases.exchange import nominations
    from workflows.exchange.process import EXCHANGE

    actor = await session.administer("enter", EXCHANGE.name)
    one, two = (case_id_of(each, EXCHANGE.room) for each in (case, other))
    made = await nominations.decide_match(await session.pool(), actor, one, two, same=same)
    told = {"case_id": one, "other": two, "same": same, "repeated": not made}
    session.answer(told, "person-matched" if same else "persons-kept-apart", case=one, other=two)


@app.command("link")
@command
async def send_link(
    session: Session,
    case: CaseArgument,
    *,
    reader: Annotated[str, typer.Option("--to", help="student or coordinator.")] = "student",
) -> None:
    """Send the link to their page again to a student or a coordinator who has lost it; logged."""
    from activities.kernel.delivering import start_delivery
    from cases.homes import home_of
    from cases.own_pages import send_link as queue_link
    from workflows.exchange.process import EXCHANGE

    actor = await session.administer("enter", EXCHANGE.name)
    row = await find_case(session, case, EXCHANGE.room)
    delivery = await queue_link(await session.pool(), row, reader, actor.id)
    client, queue = await session.client_of(row["case_id"]), home_of(row["case_id"]).notices_queue
    await start_delivery(client, queue, delivery, f"resend/{delivery.by_hand}", "link to a page again")
    session.answer({"case_id": row["case_id"], "to": reader}, "link-sent", case=row["case_id"], reader=reader)


async def _seeing(session: Session, *, personal: bool = False) -> "Actor":
    """Who acts, who sees this process whole."""
    from cases.sight import roles_that_see_whole
    from workflows.exchange.process import EXCHANGE
    from workflows.kernel.sight import Field

    field: Any = "personal" if personal else "work"
    actor = await session.actor()
    if EXCHANGE.name not in await see_whole(session, field):
        raise role_missing(actor, roles_that_see_whole(Field(field), EXCHANGE.name))
    return actor


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError("invalid-moment", {"option": "--as-of"}, option="--as-of") from None


def _term(text: str | None) -> str | None:
    return None if text is None else text.strip().upper()


def _name(row: Mapping[str, Any], which: str) -> str:
    return " ".join(filter(None, (row[f"{which}_family"], row[f"{which}_given"])))
