"""`iehe round`: rounds of selection and the places that each programme has in them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from cli.case_arguments import carry_out, say
from cli.session import TOKYO, CommandError, Exit, JsonOption, Session, local, print_json
from cli.tables import table

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
def list_rounds(*, as_json: JsonOption = False) -> None:
    """List the rounds with their places and how many applications have come in."""

    async def work(session: Session) -> None:
        pool = await session.pool()
        rows = [dict(row) for row in await pool.fetch(LIST)]
        if session.as_json:
            print_json(rows)
            return
        headers = ("round", "route", "opens", "closes", "post until", "places", "applications", "title")
        title = f"title_{session.settings.language}"
        shown = (
            (
                *(row["round_id"], row["route"], local(row["opens_at"]), local(row["closes_at"])),
                *(local(row["post_cutoff_at"]), row["places"], row["applications"], row[title]),
            )
            for row in rows
        )
        print(table(headers, shown))

    carry_out(work, as_json=as_json)


@app.command("add")
def add_round(
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
    as_json: JsonOption = False,
) -> None:
    """Add a round. Times are those of Japan, e.g. 2027-02-03T23:59."""

    async def work(session: Session) -> None:
        from pydantic import ValidationError

        from cases.administration import note
        from workers.policies import Round, store_round
        from workflows.admission.process import ADMISSION_REVIEW

        places = parse_places(place or [])
        cutoff = post_cutoff_at.replace(tzinfo=TOKYO) if post_cutoff_at else None
        try:
            new = Round(
                round_id=round_id,
                route=route,
                title_ja=title_ja,
                title_en=title_en,
                opens_at=opens_at.replace(tzinfo=TOKYO),
                closes_at=closes_at.replace(tzinfo=TOKYO),
                post_cutoff_at=cutoff,
                enrol_by=enrol_by.date(),
                waitlist_until=waitlist_until.date(),
            )
        except ValidationError as error:
            wrong = "\n".join(f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
            raise _unusable(wrong, f"値が正しくありません\n{wrong}") from None
        if new.closes_at <= new.opens_at:
            raise _unusable(
                "--closes-at must be later than --opens-at",
                "--closes-at は --opens-at より後の時刻にしてください",
            )
        actor = await session.administer("add-round", ADMISSION_REVIEW.name)
        pool = await session.pool()
        if not await pool.fetchval(
            "SELECT EXISTS (SELECT FROM iehe.policies WHERE body -> 'routes' ? $1)", route
        ):
            raise _unusable(
                f"no policy has the route '{route}' (iehe policy list)",
                f"選抜区分「{route}」のある方針はありません（iehe policy list）",
            )
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            added = await store_round(connection, new, places)
            if added:
                await note(connection, actor.id, "add-round", round_id, places=places)
        if not added:
            raise CommandError(
                "round-exists",
                f"Round {round_id} exists; nothing was changed (iehe round list).",
                f"選抜回 {round_id} は登録済みです。変更はありません（iehe round list）。",
                Exit.REFUSED,
            )
        if session.as_json:
            print_json({**new.model_dump(), "places": places})
        else:
            count = sum(places.values())
            say(
                session,
                f"round {round_id}: added with {count} places",
                f"選抜回 {round_id}: 登録しました（募集人員 {count} 名）",
            )

    carry_out(work, as_json=as_json)


@app.command("places")
def places(
    round_id: str,
    places: Annotated[
        list[str] | None, typer.Argument(help=PLACES_HELP, metavar="[PROGRAMME=PLACES]…")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show a round's places and how many are taken by offers; with PROGRAMME=PLACES set them first."""

    async def work(session: Session) -> None:
        from cases.administration import note
        from workflows.admission.process import ADMISSION_REVIEW

        wanted = parse_places(places or [])
        actor = (
            await session.administer("set-places", ADMISSION_REVIEW.name) if wanted else await session.actor()
        )
        pool = await session.pool()
        if not await pool.fetchval("SELECT EXISTS (SELECT FROM iehe.rounds WHERE round_id = $1)", round_id):
            raise CommandError(
                "no-such-round",
                f"There is no round '{round_id}' (iehe round list).",
                f"選抜回「{round_id}」はありません（iehe round list）。",
                Exit.NOT_FOUND,
            )
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            await connection.executemany(SET_PLACES, [(round_id, *each) for each in wanted.items()])
            if wanted:
                await note(connection, actor.id, "set-places", round_id, places=wanted)
        rows = [dict(row) for row in await pool.fetch(PLACES, round_id)]
        if session.as_json:
            print_json(rows)
            return
        shown = (
            (row["programme"], row["places"], row["taken"], row["places"] - row["taken"]) for row in rows
        )
        print(table(("programme", "places", "taken", "left"), shown))

    carry_out(work, as_json=as_json)


def parse_places(given: list[str]) -> dict[str, int]:
    """Programme to places from `PROGRAMME=PLACES`.

    Raises:
        CommandError: one has another form.
    """
    import re

    from schemas.admission.applications import PROGRAMME_PATTERN

    found: dict[str, int] = {}
    for text in given:
        name, _, count = text.partition("=")
        if not re.fullmatch(PROGRAMME_PATTERN, name) or not (count.isdecimal() and int(count) <= MOST_PLACES):
            raise _unusable(
                f"'{text}' is not like science=310", f"「{text}」は science=310 の形式ではありません"
            )
        found[name] = int(count)
    return found


def _unusable(english: str, japanese: str) -> CommandError:
    return CommandError("round-invalid", english, japanese, Exit.USAGE)
