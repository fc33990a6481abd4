"""`iehe round`: rounds of selection and the places that each programme has in them."""

from datetime import datetime
from typing import Annotated

import typer

from cli.case_arguments import command
from cli.session import CommandError, Session
from cli.tables import print_rows
from schemas.kernel.japan import TOKYO

app = typer.Typer(no_args_is_help=True, help="Rounds of selection and the places of each programme.")

LIST = """
SELECT r.*,
       (SELECT coalesce(sum(p.places), 0) FROM iehe.round_places p WHERE p.round_id = r.round_id) AS places,
       (SELECT count(*) FROM iehe.applications a WHERE a.round_id = r.round_id) AS applications
FROM iehe.rounds r ORDER BY opens_at, round_id
"""
PLACES = """
SELECT p.programme, p.places,
       (SELECT count(*) FROM iehe.applications a JOIN iehe.cases c USING (case_id)
        WHERE a.round_id = p.round_id AND a.programme = p.programme
          AND c.stage IN ('offered', 'accepted', 'enrolled')) AS taken
FROM iehe.round_places p WHERE p.round_id = $1 ORDER BY p.programme
"""
SET_PLACES = """
INSERT INTO iehe.round_places (round_id, programme, places) VALUES ($1, $2, $3)
ON CONFLICT (round_id, programme) DO UPDATE SET places = excluded.places
"""
MOST_PLACES = 100_000
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
    print_rows(session, await session.fetch(LIST), columns)


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

    from activities.admission.rounds import Round, store_round
    from cases.administration import note
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
    if new.closes_at <= new.opens_at:
        raise CommandError("round-closes-early")
    actor = await session.administer("add-round", ADMISSION_REVIEW.name)
    if not await session.fetch("SELECT FROM iehe.policies WHERE body -> 'routes' ? $1", route):
        raise CommandError("round-without-route", route=route)
    async with session.transaction() as connection:
        if not await store_round(connection, new, places):
            raise CommandError("round-exists", round_id=round_id)
        await note(connection, actor.id, "add-round", round_id, places=places)
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
    from cases.administration import note
    from workflows.admission.process import ADMISSION_REVIEW

    wanted = parse_places(places or [])
    actor = await session.administer("set-places", ADMISSION_REVIEW.name) if wanted else await session.actor()
    if not await session.fetch("SELECT FROM iehe.rounds WHERE round_id = $1", round_id):
        raise CommandError("no-such-round", round_id=round_id)
    if wanted:
        async with session.transaction() as connection:
            await connection.executemany(SET_PLACES, [(round_id, *each) for each in wanted.items()])
            await note(connection, actor.id, "set-places", round_id, places=wanted)
    columns = (
        ("programme", "programme"),
        ("places", "places"),
        ("taken", "taken"),
        ("left", lambda row: row["places"] - row["taken"]),
    )
    print_rows(session, await session.fetch(PLACES, round_id), columns)


def parse_places(given: list[str]) -> dict[str, int]:
    """Programme to places from `PROGRAMME=PLACES`. Raises CommandError: one has another form."""
    import re

    from schemas.admission.applications import PROGRAMME_PATTERN

    found: dict[str, int] = {}
    for text in given:
        name, _, count = text.partition("=")
        if not re.fullmatch(PROGRAMME_PATTERN, name) or not (count.isdecimal() and int(count) <= MOST_PLACES):
            raise CommandError("places-malformed", text=text)
        found[name] = int(count)
    return found
