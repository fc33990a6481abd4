"""What the lists of a round are made from, read as one revision."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.round.ending import UNDECIDED
from schemas.round.policy import RoundPolicy
from schemas.round.scores import ABSENT, EXEMPT, Candidate
from schemas.round.waitlist import ELSEWHERE
from workflows.round.process import ROUND
from workflows.round.ranking.first_stage import BEHIND_THE_LINE

SQL: Final = queries("round/round")
NO_SCORES: Final = ("attendance", ELSEWHERE)
"""Kinds of batches that bring no scores."""


@dataclass(frozen=True)
class Inputs:
    """All that the lists of a round are made from, as it stood at one revision."""

    revision: int
    policy: RoundPolicy
    applications: Mapping[str, str]
    """Cases by the number of their examinee."""
    candidates: Sequence[Candidate]
    limits: Mapping[str, int]
    waitlist: Mapping[str, int]
    listed: bool
    """Whether a list of who enrolled elsewhere was accepted."""
    passed: Collection[tuple[str, str]] = frozenset()
    """Numbers with the programmes of which it is out that they go on after the first stage."""
    first_stage: Collection[str] = ()
    """The names of the lists of a first stage that is over."""
    stood: Mapping[str, str | None] = field(default_factory=dict)
    """By number, of everybody in a first stage that is out: why they were not considered; None: they were."""
    undecided: Sequence[str] = ()
    """Numbers of applications on which the university has not spoken yet."""

    @property
    def waits(self) -> list[dict[str, str]]:
        """Nobody is left out because the university has not spoken on them: what is stored as missing."""
        return [{"number": number, "about": "application", "code": "undecided"} for number in self.undecided]


async def read_inputs(connection: Connection, case_id: str, state: Mapping[str, Any]) -> Inputs:
    """What the lists of a round are made from, in one snapshot.

    Raises:
        Refusal: its policy is not there.
    """
    ref = PolicyRef.model_validate(state["policy_ref"])
    policy = await read_policy(connection, ROUND, ref.model_dump())
    if not isinstance(policy, RoundPolicy):
        raise Refusal("policy-unknown", policy=ref.version)
    revision: int = await connection.fetchval(SQL["revision"], case_id)
    rows = await connection.fetch(SQL["applications"], case_id)
    values = await connection.fetch(SQL["values"], case_id, list(NO_SCORES))
    elsewhere = await connection.fetch(SQL["elsewhere"], case_id, ELSEWHERE)
    stage = await connection.fetch(SQL["first_stage_out"], case_id)
    limits, waitlist = _limits(policy, await connection.fetch(SQL["limits"], case_id))
    return Inputs(
        revision=revision,
        policy=policy,
        applications={row["number"]: row["application"] for row in rows},
        candidates=_candidates(rows, values, {row["number"] for row in elsewhere}, _behind(stage)),
        limits=limits,
        waitlist=waitlist,
        passed=frozenset((row["number"], row["programme"]) for row in stage if row["passed"]),
        first_stage=await connection.fetchval(SQL["first_stage_over"], case_id),
        listed=await connection.fetchval(SQL["elsewhere_listed"], case_id, ELSEWHERE),
        stood=_stood(stage),
        undecided=[
            row["number"] for row in await connection.fetch(SQL["undecided"], case_id, list(UNDECIDED))
        ],
    )


def _limits(policy: RoundPolicy, set_: Sequence[asyncpg.Record]) -> tuple[dict[str, int], dict[str, int]]:
    limits = {frame.key: frame.places for each in policy.rules.programmes for frame in each.frames}
    waitlist = dict(policy.waitlist)
    for row in set_:
        limits[row["frame"]] = row["number"]
        if row["waitlist"] is not None:
            waitlist[row["programme"]] = row["waitlist"]
    return limits, waitlist


def _behind(stage: Sequence[asyncpg.Record]) -> dict[str, dict[str, str]]:
    """By number, the programmes for which they did not pass the first stage."""
    found: dict[str, dict[str, str]] = {}
    for row in stage:
        if not row["passed"]:
            found.setdefault(row["number"], {})[row["programme"]] = BEHIND_THE_LINE
    return found


def _stood(stage: Sequence[asyncpg.Record]) -> dict[str, str | None]:
    """Who was considered for one programme was considered."""
    found: dict[str, str | None] = {}
    for row in stage:
        if row["considered"] or row["number"] not in found:
            found[row["number"]] = None if row["considered"] else row["reason"]
    return found


def _candidates(
    rows: Sequence[asyncpg.Record],
    values: Sequence[asyncpg.Record],
    elsewhere: Collection[str],
    behind: Mapping[str, Mapping[str, str]],
) -> tuple[Candidate, ...]:
    scores: dict[str, dict[str, Decimal | str]] = {}
    answered: dict[str, list[tuple[int, str]]] = {}
    for value in values:
        states = {"absent": ABSENT, "exempt": EXEMPT}
        said = states.get(value["state"], value["value"])
        scores.setdefault(value["number"], {})[value["part"]] = said
        if value["answer_order"] is not None:
            answered.setdefault(value["number"], []).append((value["answer_order"], value["part"]))
    return tuple(
        Candidate(
            application=row["number"],
            person=row["person"],
            choices=tuple(row["choices"]),
            scores=scores.get(row["number"], {}),
            answered=tuple(part for _, part in sorted(answered.get(row["number"], ()))),
            # who has enrolled at another university is not admitted any more (R8)
            not_considered=row["gone"] or (ELSEWHERE if row["number"] in elsewhere else None),
            not_considered_at=dict(behind.get(row["number"], {})),
        )
        for row in rows
    )
