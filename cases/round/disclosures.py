"""The scores of one applicant as they were used (成績開示, R9), and the column in which one is doubted.

What is shown follows from the values that count and from the list that is out, by its hash: where the two do
not give the same total nothing is shown. Nothing of it is kept but when it was shown first.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from activities.round.inputs import NO_SCORES
from cases.round.rounds import Row, Rows, round_of
from schemas.kernel.refusals import Refusal
from schemas.round.exact_numbers import EXACT, plain
from schemas.round.policy import RoundPolicy
from schemas.round.rules import Programme, RankingRules
from schemas.round.scores import ABSENT, EXEMPT, Candidate
from workflows.round.disclosing import APPLICATIONS, Window, columns_of
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.points import Points, PointsOf
from workflows.round.ranking.totals import Weighing

SQL: Final = queries("round/disclosure")
BEING_CHECKED: Final = "being-checked"
_SAID: Final = {"absent": ABSENT, "exempt": EXEMPT}


@dataclass(frozen=True)
class Reader:
    """Who is shown scores.

    Args:
        name: as openings of lists are noted.
        applicant: whether it is the applicant, by the portal: only in time, and noted as disclosed.
    """

    name: str
    applicant: bool = False


async def disclosure(pool: asyncpg.Pool, reader: Reader, application: str, case_id: str | None = None) -> Row:
    """The scores of an application that has asked for them.

    `state` is `disclosed`, or `requested` where only staff have looked, `refused` with its reason, or
    `being-checked`: then neither points of the columns that are checked are told, nor any total.

    Args:
        pool: connections of the office.
        reader: who asks.
        application: its number, or the id of its case.
        case_id: the round, where it is known.

    Raises:
        Refusal: `disclosure-unknown`: nobody has asked; `disclosure-time`: not now; `disclosure-differs`:
            the values that count are not those of the list that is out.
    """
    subject = application if "/" in application else f"{APPLICATIONS}/{application}"
    asked = await pool.fetchrow(SQL["request"], subject, case_id)
    if asked is None:
        raise Refusal("disclosure-unknown")
    row = {"case_id": asked["case_id"], "process": asked["process"], "state": asked["stored"]}
    state, policy = await round_of(pool, row)
    window = Window.of(policy.disclosing, state.year)
    if reader.applicant and asked["now"] not in window:
        raise Refusal("disclosure-time", **window.told)
    told = {name: asked[name] for name in ("case_id", "application", "number", "requested_at")}
    told |= {"state": asked["state"], "reason": asked["reason"], "disclosed_at": asked["disclosed_at"]}
    told |= {"until": window.until, "parts": [], "programmes": []}
    if asked["state"] == "refused":
        return told
    return told | await _scores(pool, reader, asked, policy)


async def _scores(pool: asyncpg.Pool, reader: Reader, asked: asyncpg.Record, policy: RoundPolicy) -> Row:
    case_id, application = asked["case_id"], asked["application"]
    checked = {each["part"] for each in await pool.fetch(SQL["column_checks"], case_id)}
    lines = [
        {**dict(each), "line": json.loads(each["line"])}
        for each in await pool.fetch(SQL["own_lines"], case_id, application, reader.name)
    ]
    rows = await pool.fetch(SQL["own_values"], case_id, asked["number"], list(NO_SCORES))
    shown = Shown.of(policy, asked["number"], [dict(each) for each in rows], lines, checked)
    told: Row = {"parts": shown.parts(), "programmes": shown.programmes()}
    if shown.hidden:
        return told | {"state": BEING_CHECKED}
    if not reader.applicant:
        return told
    hashes = json.dumps({each["programme"]: each["hash"] for each in lines})
    disclosed_at: datetime = await pool.fetchval(SQL["disclosed"], case_id, application, hashes)
    return told | {"state": "disclosed", "disclosed_at": disclosed_at}


@dataclass(frozen=True)
class Shown:
    """One applicant's scores, points and lines."""

    rules: RankingRules
    ranked: bool
    number: str
    scores: Mapping[str, str]
    points: Points
    lines: Sequence[Row]
    hidden: frozenset[str]
    """Parts that are being checked, or of which a subject is."""

    @classmethod
    def of(
        cls,
        policy: RoundPolicy,
        number: str,
        values: Sequence[Mapping[str, Any]],
        lines: Sequence[Row],
        checked: set[str],
    ) -> "Shown":
        """As it stands.

        Raises:
            Refusal: `disclosure-differs`.
        """
        rules = policy.rules
        scores = {each["part"]: _SAID.get(each["state"], each["value"]) for each in values}
        answered = sorted(
            (each["answer_order"], each["part"]) for each in values if each["answer_order"] is not None
        )
        weighed = _weighed(rules, lines)
        candidate = Candidate(
            application=number,
            person=number,
            choices=tuple(each["line"]["frame"] for each in lines) or ("-",),
            scores=scores,
            answered=tuple(part for _, part in answered),
        )
        with localcontext(EXACT):
            points = PointsOf(rules).of(candidate, weighed)
            for each in lines:
                _same_total(rules, candidate, points, each)
        subjects = {each.part: {row.subject for row in each.rows} for each in rules.conversions}
        hidden = frozenset(part for part in weighed if ({part} | subjects.get(part, set())) & checked)
        said = {part: value if isinstance(value, str) else plain(value) for part, value in scores.items()}
        return cls(rules, policy.disclosing.disclose_rank, number, said, points, lines, hidden)

    def parts(self) -> Rows:
        """Each part that counted: its score as it was used, by subjects where it counts by them."""
        conversions = {each.part: each.rows for each in self.rules.conversions}
        weighed = _weighed(self.rules, self.lines)
        return [
            {
                "part": part.key,
                "ja": part.ja,
                "en": part.en,
                "full_marks": plain(part.full_marks),
                "state": BEING_CHECKED if part.key in self.hidden else "told",
                "score": self._told(part.key, self.scores.get(part.key)),
                "points": self._told(part.key, _text(self.points.get(part.key))),
                "subjects": [
                    {
                        "subject": row.subject,
                        "full_marks": plain(row.full_marks),
                        "factor": plain(row.factor),
                        "score": self._told(part.key, self.scores[row.subject]),
                    }
                    for row in conversions.get(part.key, ())
                    if row.subject in self.scores
                ],
            }
            for part in self.rules.parts
            if part.key in weighed
        ]

    def programmes(self) -> Rows:
        """Each choice, by the list that is out: its weights, what of the points they count, and the total."""
        found = []
        for each in self.lines:
            line, programme = each["line"], _programme(self.rules, each["programme"])
            whole = not self.hidden & programme.weights.keys()
            found.append(
                {
                    "programme": each["programme"],
                    "frame": line["frame"],
                    "choice": line["choice"],
                    "list": each["number"],
                    "hash": each["hash"],
                    "total": line["total"] if whole else None,
                    "rank": line["rank"] if whole and self.ranked else None,
                    "weights": [
                        {"part": part, "weight": plain(weight), "counted": self._counted(part, weight)}
                        for part, weight in programme.weights.items()
                    ],
                }
            )
        return found

    def _counted(self, part: str, weight: Decimal) -> str | None:
        points = self.points.get(part)
        with localcontext(EXACT):
            return self._told(part, None if points is None else plain(points * weight))

    def _told(self, part: str, value: str | None) -> str | None:
        return None if part in self.hidden else value


def _same_total(rules: RankingRules, candidate: Candidate, points: Points, line: Row) -> None:
    """The values that count have to give the total of the list that is out.

    Raises:
        Refusal: they do not.
    """
    total, programme = line["line"]["total"], _programme(rules, line["programme"])
    if total is None:
        return
    whole = points.keys() >= programme.weights.keys()
    try:
        standing = Weighing(programme, rules).standing(candidate, points) if whole else None
    except FaultyInputError:
        standing = None
    if standing is None or plain(standing.total) != total:
        raise Refusal("disclosure-differs")


def _weighed(rules: RankingRules, lines: Sequence[Row]) -> set[str]:
    """Parts that count in a programme of which there is a line."""
    return {part for each in lines for part in _programme(rules, each["programme"]).weights}


def _programme(rules: RankingRules, name: str) -> Programme:
    return next(each for each in rules.programmes if each.key == name)


def _text(points: Decimal | None) -> str | None:
    return None if points is None else plain(points)


async def column(pool: asyncpg.Pool, by: str, row: asyncpg.Record, part: str) -> Row:
    """Every value of a part or subject that counts, beside the one in its row of its file; that is noted.

    Cells are not kept as they were written, but as they were read: `file_value` with its row leads to them.

    Args:
        pool: connections of the office.
        by: staff id.
        row: of the round's case.
        part: as files name it.

    Raises:
        Refusal: `part-unknown`.
    """
    case_id = row["case_id"]
    _, policy = await round_of(pool, row)
    known = columns_of(policy.rules)
    if part not in known:
        raise Refusal("part-unknown", part=part, known=", ".join(known))
    await pool.execute(SQL["open_column"], case_id, part, by)
    checks = {each["part"]: each for each in await pool.fetch(SQL["column_checks"], case_id)}
    found = checks.get(part)
    values = []
    for each in await pool.fetch(SQL["column"], case_id, part, list(NO_SCORES)):
        value, in_file = _said(each["state"], each["value"]), _said(each["file_state"], each["file_value"])
        named = {name: each[name] for name in ("number", "kind", "batch", "row", "proposal")}
        values.append({**named, "value": value, "file_value": in_file})
    return {
        "case_id": case_id,
        "part": part,
        "checked": found is not None,
        "doubted": found["number"] if found is not None else None,
        "doubted_by": found["doubted_by"] if found is not None else None,
        "values": values,
    }


async def columns_checked(pool: asyncpg.Pool, case_id: str) -> Rows:
    """Columns that are being checked: which, whose score somebody doubts, who; no score."""
    rows = await pool.fetch(SQL["column_checks"], case_id)
    return [
        {
            "part": each["part"],
            "doubted": each["number"],
            "doubted_by": each["doubted_by"],
            "since": each["doubted_at"],
        }
        for each in rows
    ]


def _said(state: str | None, value: Decimal | None) -> str | None:
    return plain(value) if value is not None else state
