"""The lists of a round (判定表) for who may open them: line by line, two compared, one application explained.

A list is opened by the database's own function, which notes who has opened it. There is no name in it (R21).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection
from cases.round.rounds import SQL, Row, Rows, programme_of, round_of
from schemas.kernel.refusals import Refusal
from schemas.round.exact_numbers import plain
from schemas.round.policy import RoundPolicy
from workflows.round.ranking.canonical import list_from
from workflows.round.ranking.difference import Change, difference
from workflows.round.ranking.lines import Explanation, Line, ProgrammeList, Ranking, explain

COUNTS: Final = ("applicants", "ranked", "admitted", "waitlisted")
_STANDING: Final = (
    *("programme", "number", "state", "hash", "made_at"),
    *("prepared_by", "minute_no", "confirmed_by", "hour"),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A list that somebody has opened."""

    number: int
    state: str
    inputs: str
    rules: str
    hash: str
    body: bytes

    @property
    def made(self) -> ProgrammeList:
        """What its bytes say.

        Raises:
            ValueError: they are not as a list gives them.
        """
        return list_from(self.body)


async def lists(pool: asyncpg.Pool, case_id: str) -> Rows:
    """The lists that count: how each stands, by its hash, who answers for it, how many are in it."""
    found = []
    for row in await pool.fetch(SQL["standing"], case_id):
        counts = json.loads(row["counts"])
        told = {name: row[name] for name in _STANDING}
        found.append({"case_id": case_id, **told, **{name: counts.get(name) for name in COUNTS}})
    return found


async def open_list(
    connection: Connection | asyncpg.Pool, by: str, case_id: str, programme: str, number: int | None = None
) -> Opened:
    """Open a list, which is noted.

    Args:
        connection: of the office, or a pool.
        by: staff id.
        case_id: the round.
        programme: whose list.
        number: of the list, which may count no more; None: the one that counts.

    Raises:
        Refusal: `list-unknown`.
    """
    place = await connection.fetchrow(SQL["list_of"], case_id, programme, number)
    if place is None:
        raise Refusal("list-unknown", programme=programme)
    return await open_by_key(connection, by, place["list"])


async def open_by_key(connection: Connection | asyncpg.Pool, by: str, key: str) -> Opened:
    """Open a list by its key, which is noted."""
    row = await connection.fetchrow(SQL["open_list"], key, by)
    if row is None:
        raise RuntimeError("a list that was there is gone")
    return Opened(
        number=row["number"],
        state=row["state"],
        inputs=row["inputs"],
        rules=row["rules"],
        hash=row["hash"],
        body=row["body"],
    )


async def show_list(
    pool: asyncpg.Pool, by: str, row: asyncpg.Record, programme: str, number: int | None = None
) -> Row:
    """A list: its lines in their order with why each choice failed, its frames with cut lines, its ties.

    Args:
        pool: connections of the office.
        by: staff id.
        row: of the round's case.
        programme: whose list.
        number: of the list; None: the one that counts.

    Raises:
        Refusal: `programme-unknown`, `list-unknown`.
    """
    await _programme(pool, row, programme)
    opened = await open_list(pool, by, row["case_id"], programme, number)
    made = opened.made
    cuts = {frame.frame: frame.cut for frame in made.frames}
    ranked = {(each.rank, each.application) for each in made.lines if each.rank is not None}
    tied = Counter(rank for rank, _ in ranked)
    return {
        **_named(row["case_id"], programme, opened),
        "counts": {name: getattr(made.counts, name) for name in COUNTS},
        "frames": frames_told(made),
        "lines": [
            {
                **line_told(each),
                "tied": tied[each.rank] - 1 if each.rank is not None else 0,
                "cut": _text(cuts[each.full_frame or each.frame]),
            }
            for each in made.lines
        ],
    }


async def compare(
    pool: asyncpg.Pool, by: str, row: asyncpg.Record, programme: str, since: int, until: int | None = None
) -> Row:
    """Who is new, who is gone, of whom something has changed, from one list of a programme to another.

    Args:
        pool: connections of the office.
        by: staff id.
        row: of the round's case.
        programme: whose lists.
        since: number of the earlier list.
        until: number of the later one; None: the one that counts.

    Raises:
        Refusal: `programme-unknown`, `list-unknown`.
    """
    await _programme(pool, row, programme)
    before = await open_list(pool, by, row["case_id"], programme, since)
    after = await open_list(pool, by, row["case_id"], programme, until)
    found = difference(before.made, after.made)
    return {
        **_named(row["case_id"], programme, after),
        "since": before.number,
        "hash_before": before.hash,
        "verdicts": len(found.verdicts),
        "new": [line_told(each) for each in found.new],
        "gone": [line_told(each) for each in found.gone],
        "changed": [_changed(each) for each in found.changed],
    }


async def explain_application(pool: asyncpg.Pool, by: str, row: asyncpg.Record, number: str) -> Row:
    """Why each choice of one application went as it did, by the lists that count.

    Raises:
        Refusal: `application-unknown`; `list-unknown` while lists are not made.
    """
    case_id = row["case_id"]
    application = await pool.fetchrow(SQL["application"], case_id, number)
    if application is None:
        raise Refusal("application-unknown", number=number)
    _, policy = await round_of(pool, row)
    chosen = _programmes(policy, application["choices"])
    opened = {name: (await open_list(pool, by, case_id, name)).made for name in chosen}
    found = explain(Ranking(opened), number)
    return {
        "case_id": case_id,
        "number": number,
        "gone": application["gone"],
        "choices": [_explained(each) for each in found],
    }


def line_told(line: Line) -> Row:
    """A line as doors tell it; numbers are text, exact."""
    return {
        "rank": line.rank,
        "application": line.application,
        "choice": line.choice,
        "frame": line.frame,
        "total": _text(line.total),
        "ties": [plain(each) for each in line.ties],
        "verdict": str(line.verdict),
        "reason": line.reason,
        "full_frame": line.full_frame,
        "waitlist_place": line.waitlist_place,
    }


def frames_told(made: ProgrammeList) -> Rows:
    """The frames of a list with their cut lines."""
    return [
        {
            "frame": each.frame,
            "limit": each.limit,
            "capacity": each.capacity,
            "admitted": each.admitted,
            "cut": _text(each.cut),
        }
        for each in made.frames
    ]


def _named(case_id: str, programme: str, opened: Opened) -> Row:
    return {
        "case_id": case_id,
        "programme": programme,
        "number": opened.number,
        "state": opened.state,
        "hash": opened.hash,
        "inputs": opened.inputs,
        "rules": opened.rules,
    }


def _changed(change: Change) -> Row:
    before, after = line_told(change.before), line_told(change.after)
    earlier = {f"{name}_before": before[name] for name in ("rank", "total", "verdict", "reason")}
    return {
        name: after[name] for name in ("application", "frame", "rank", "total", "verdict", "reason")
    } | earlier


def _explained(found: Explanation) -> Row:
    return {"programme": found.programme, **line_told(found.line), "cut": _text(found.cut)}


async def _programme(pool: asyncpg.Pool, row: asyncpg.Record, name: str) -> None:
    """A programme of the round, or a list of its first stage."""
    state, policy = await round_of(pool, row)
    if name not in state.first_stage:
        programme_of(policy, name)


def _programmes(policy: RoundPolicy, choices: Any) -> list[str]:
    """The programmes whose frames somebody has chosen, or that have one only and were named themselves."""
    of_frame: Mapping[str, str] = {
        name: each.key
        for each in policy.rules.programmes
        for name in (each.key, *(frame.key for frame in each.frames))
    }
    return list(dict.fromkeys(of_frame[choice] for choice in choices if choice in of_frame))


def _text(number: Any) -> str | None:
    return None if number is None else plain(number)
