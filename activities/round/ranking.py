"""Making the lists of rounds whose inputs have changed, outside of their steps: ten thousand take seconds.

What is read is one revision of the inputs; what is made of it is written only while that revision stands, in
one transaction with the fact that the round hears. Who dies in between leaves nothing, and another makes the
lists again: they are the same bytes.
"""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import asyncpg
import structlog

from activities.kernel.database import Connection
from activities.kernel.errands import Errand
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.scheduled import Tools
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.round.ending import UNDECIDED
from schemas.round.policy import RoundPolicy
from schemas.round.scores import ABSENT, EXEMPT, Candidate
from schemas.round.waitlist import ELSEWHERE
from workflows.round.intake import RANKING
from workflows.round.process import ROUND
from workflows.round.ranking.canonical import canonical, inputs_hash
from workflows.round.ranking.faults import Fault, FaultyInputError
from workflows.round.ranking.judging_lists import rank
from workflows.round.ranking.lines import Line, ProgrammeList, Verdict

SQL: Final = queries("round/round")
NO_SCORES: Final = ("attendance", ELSEWHERE)
"""Kinds of batches that bring no scores."""
log = structlog.get_logger()


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
    undecided: Sequence[str] = ()
    """Numbers of applications on which the university has not spoken yet."""


async def rank_some(tools: Tools) -> bool:
    """Make the lists of one round; True: there may be more."""
    due = await tools.pool.fetchrow(SQL["to_look_at"], list(RANKING))
    if due is None:
        return False
    async with tools.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        inputs = await read_inputs(connection, due["case_id"], json.loads(due["state"]))
    await tools.fault("inputs-read")
    made, lacking = await asyncio.to_thread(lists_of, due["case_id"], inputs)
    await tools.fault("lists-made")
    number = len(inputs.candidates)
    said = due["case_id"], inputs.revision, json.dumps(made), json.dumps(lacking), number
    done = await tools.pool.fetchval(SQL["looked"], *said)
    log.info("round-looked-at", case_id=due["case_id"], state="written" if done else "overtaken")
    return True


RANKING_ERRAND: Final = Errand("rank-rounds", rank_some)


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
    limits, waitlist = _limits(policy, await connection.fetch(SQL["limits"], case_id))
    return Inputs(
        revision=revision,
        policy=policy,
        applications={row["number"]: row["application"] for row in rows},
        candidates=_candidates(rows, values, {row["number"] for row in elsewhere}),
        limits=limits,
        waitlist=waitlist,
        listed=await connection.fetchval(SQL["elsewhere_listed"], case_id, ELSEWHERE),
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


def _candidates(
    rows: Sequence[asyncpg.Record], values: Sequence[asyncpg.Record], elsewhere: Collection[str]
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
        )
        for row in rows
    )


def lists_of(case_id: str, inputs: Inputs) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """The lists as `iehe.round_looked` takes them; or what kept them from being made."""
    rules = inputs.policy.rules
    if inputs.policy.needs_elsewhere and not inputs.listed:
        return [], [{"number": "-", "about": ELSEWHERE, "code": "list-missing"}]
    waits = [{"number": number, "about": "application", "code": "undecided"} for number in inputs.undecided]
    try:
        ranking = rank(rules, inputs.candidates, inputs.limits, inputs.waitlist)
    except FaultyInputError as error:
        return [], [*waits, *(lacking_of(fault) for fault in error.faults)]
    if waits:
        return [], waits
    hashed = inputs_hash(inputs.candidates, inputs.limits, rules, inputs.waitlist)
    formulas = {each.formula: each.version for each in rules.adjustments}
    made = [
        {
            "name": each.programme,
            "inputs": hashed,
            "rules": rules.version,
            "body": canonical(each).decode(),
            "counts": counts_of(each),
            "lines": [
                {"subject": inputs.applications[line.application], "result": result_of(case_id, each, line)}
                for line in each.lines
            ],
            "formulas": formulas,
        }
        for each in ranking.lists.values()
    ]
    return made, []


def lacking_of(fault: Fault) -> dict[str, str]:
    """What kept lists from being made, as it is stored."""
    return {"number": fault.application, "about": fault.about, "code": fault.code}


def counts_of(made: ProgrammeList) -> dict[str, int]:
    """Persons of a list, as they are stored with it."""
    counts = made.counts
    return {
        "applicants": counts.applicants,
        "ranked": counts.ranked,
        "admitted": counts.admitted,
        "waitlisted": counts.waitlisted,
    }


def result_of(case_id: str, of_list: ProgrammeList, line: Line) -> dict[str, Any]:
    """What an applicant is told of a choice: no score and no rank (R9)."""
    told: dict[str, Any] = {
        "programme": of_list.programme,
        "frame": line.frame,
        "choice": line.choice,
        "verdict": str(line.verdict),
    }
    if line.verdict is Verdict.ADMITTED:
        told["place"] = place_of(case_id, line.application)
    elif line.verdict is Verdict.WAITLISTED:
        told["waitlist"] = line.waitlist_place
    return told


def place_of(case_id: str, number: str) -> str:
    """The key in the ledger of what a round gives an applicant: one, whatever it is (I5)."""
    return f"{case_id}#{number}"
