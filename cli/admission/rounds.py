"""`iehe admission round`: rounds of selection and the places that each programme has in them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.tables import print_rows
from schemas.kernel.japan import TOKYO

if TYPE_CHECKING:
    from cases.admission.rounds import RoundError

app = typer.Typer(no_args_is_help=True, help="Rounds of selection and the places of each programme.")

DAY = "%Y-%m-%d"
MINUTE = "%Y-%m-%dT%H:%M"

Day = Annotated[datetime, typer.Option(formats=[DAY])]
Minute = Annotated[datetime, typer.Option(formats=[MINUTE], help="Time in Japan.")]
PLACES_HELP = "PROGRAMME=PLACES, e.g. science=310; may be given again."


@app.command("list")
@command
async def list_rounds(session: Session) -> None:
    """List the rounds with their places and how many applications have come in."""
    columns = (
        ("round", "round_id"),
        ("route", "route"),
        ("opens", "opens_at"),
        ("closes", "closes_at"),
        ("post until", "post_cutoff_at"),
        ("places", "places"),
        ("applications", "applications"),
        ("title", f"title_{session.settings.language}"),
    )
    print_rows(session, await session.fetch("admission/rounds:rounds"), columns)


@app.command("add")
@command
async def add_round(
    session: Session,
    round_id: str,
    *,
    route: Annotated[str, typer.Option(help="Route of the policy, e.g. general.")],
    title_ja: Annotated[str, typer.Option()],
    title_en: Annotated[str, typer.Option()],
    opens_at: Minute,
    closes_at: Minute,
    enrol_by: Day,
    waitlist_until: Day,
    post_cutoff_at: Annotated[
        datetime | None, typer.Option(formats=[MINUTE], help="Post that arrives later does not count.")
    ] = None,
    place: Annotated[list[str] | None, typer.Option("--places", help=PLACES_HELP)] = None,
) -> None:
    """Add a round. Times are those of Japan, e.g. 2027-02-03T23:59."""
    from pydantic import ValidationError

    from activities.admission.rounds import Round
    from cases.admission.rounds import ADD_ROUND, RoundError
    from cases.admission.rounds import add_round as add
    from workflows.admission.process import ADMISSION_REVIEW

    places = parse_places(place or [])
    try:
        new = Round(
            round_id=round_id,
            route=route,
            title_ja=title_ja,
            title_en=title_en,
            opens_at=opens_at.replace(tzinfo=TOKYO),
            closes_at=closes_at.replace(tzinfo=TOKYO),
            post_cutoff_at=post_cutoff_at.replace(tzinfo=TOKYO) if post_cutoff_at else None,
            enrol_by=enrol_by.date(),
            waitlist_until=waitlist_until.date(),
        )
    except ValidationError as error:
        wrong = "\n".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        raise CommandError("round-invalid", wrong=wrong) from None
    actor = await session.administer(ADD_ROUND, ADMISSION_REVIEW.name)
    try:
        await add(await session.pool(), actor, new, places)
    except RoundError as error:
        raise _refused(error) from None
    told = {**new.model_dump(), "places": places}
    session.answer(told, "round-added", places=sum(places.values()))


@app.command("places")
@command
async def places(
    session: Session,
    round_id: str,
    places: Annotated[
        list[str] | None, typer.Argument(help=PLACES_HELP, metavar="[PROGRAMME=PLACES]…")
    ] = None,
) -> None:
    """Show a round's places and how many are taken by offers; with PROGRAMME=PLACES set them first."""
    from cases.admission.rounds import SET_PLACES, RoundError, require_round, set_places
    from workflows.admission.process import ADMISSION_REVIEW

    wanted = parse_places(places or [])
    actor = await session.administer(SET_PLACES, ADMISSION_REVIEW.name) if wanted else await session.actor()
    pool = await session.pool()
    try:
        if wanted:
            await set_places(pool, actor, round_id, wanted)
        else:
            await require_round(pool, round_id)
    except RoundError as error:
        raise _refused(error) from None
    columns = (
        ("programme", "programme"),
        ("places", "places"),
        ("taken", "taken"),
        ("left", lambda row: row["places"] - row["taken"]),
    )
    print_rows(session, await session.fetch("admission/rounds:places", round_id), columns)


def parse_places(given: list[str]) -> dict[str, int]:
    """Programme to places from `PROGRAMME=PLACES`. Raises CommandError: one has another form."""
    from cases.admission.rounds import RoundError, read_places

    try:
        return read_places({name: count for name, _, count in (text.partition("=") for text in given)})
    except RoundError as error:
        raise _refused(error) from None


def _refused(error: RoundError) -> CommandError:
    """The same as this door says it."""
    match error.code:
        case "round-closes-early":
            return CommandError("round-closes-early")
        case "round-without-route":
            return CommandError("round-without-route", route=error.params["route"])
        case "round-exists":
            return CommandError("round-exists", round_id=error.params["round_id"])
        case "places-malformed":
            return CommandError("places-malformed", text=error.params["text"])
    return CommandError("no-such-round", round_id=error.params["round_id"])
