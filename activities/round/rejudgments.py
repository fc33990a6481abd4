"""Computing a re-judgment, outside of the round's steps as its lists are made.

What it is computed from is read as one revision; what comes of it is written only while that revision stands.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import structlog

from activities.kernel.database import Connection
from activities.kernel.errands import Errand
from activities.kernel.queries import queries
from activities.kernel.scheduled import Tools
from activities.round.inputs import Inputs, read_inputs
from activities.round.ranking import result_of
from activities.round.stored_lists import lacking_of, stored
from schemas.round.rejudgment import REJUDGING
from schemas.round.waitlist import ELSEWHERE
from workflows.round.ranking.canonical import canonical, inputs_hash, list_from, list_hash
from workflows.round.ranking.correction import Wronged, apart_key, as_considered, correct
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.judging_lists import rank
from workflows.round.waitlist import parents_of

SQL: Final = queries("round/rejudgments")
log = structlog.get_logger()


@dataclass(frozen=True)
class Base:
    """A list that was out when an error was found."""

    list: str
    hash: str
    body: bytes


@dataclass(frozen=True)
class Found:
    """All that a re-judgment is computed from, as it stood at one revision."""

    inputs: Inputs
    bases: Mapping[str, Base]
    """By programme."""
    apart: Mapping[str, str]
    """Who claims nothing, as `iehe.round_rejudgments` keeps it."""


@dataclass(frozen=True)
class Computed:
    """A re-judgment as `iehe.round_recomputed` takes it."""

    made: Sequence[Mapping[str, Any]]
    lacking: Sequence[Mapping[str, str]]
    said: Mapping[str, Any]


async def rejudge_some(tools: Tools) -> bool:
    """Compute one re-judgment; True: there may be more."""
    due = await tools.pool.fetchrow(SQL["to_rejudge"], list(REJUDGING))
    if due is None:
        return False
    case_id, rejudgment = due["case_id"], due["rejudgment"]
    async with tools.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        found = await _read(connection, case_id, dict(due))
    await tools.fault("rejudgment-read")
    computed = await asyncio.to_thread(compute, case_id, found)
    await tools.fault("rejudgment-computed")
    told = (json.dumps(each) for each in (computed.made, computed.lacking, computed.said))
    terms = case_id, rejudgment, found.inputs.revision, *told
    done = await tools.pool.fetchval(SQL["recomputed"], *terms)
    log.info("rejudgment-looked-at", case_id=case_id, state="written" if done else "overtaken")
    return True


REJUDGING_ERRAND: Final = Errand("rejudge-rounds", rejudge_some)


async def inputs_by(connection: Connection, case_id: str, row: Mapping[str, Any]) -> Inputs:
    """What lists are made from, by the rules of a re-judgment.

    Raises:
        Refusal: its policy is not there.
    """
    ref = {"version": row["policy"], "route": row["route"]}
    return await read_inputs(connection, case_id, {"policy_ref": ref})


async def _read(connection: Connection, case_id: str, row: Mapping[str, Any]) -> Found:
    inputs = await inputs_by(connection, case_id, row)
    bases = {
        each["name"]: Base(each["list"], each["hash"], each["body"])
        for each in await connection.fetch(SQL["bases"], case_id)
    }
    apart: dict[str, str] = {}
    for each in await connection.fetch(SQL["apart"], case_id, ELSEWHERE):
        apart.setdefault(apart_key(each["number"], each["frame"]), each["why"])
    return Found(inputs, bases, apart)


def compute(case_id: str, found: Found) -> Computed:
    """The correction lists with the lines of the wronged, or what is missing; the same bytes for the same."""
    inputs, rules = found.inputs, found.inputs.policy.rules
    released = {name: list_from(base.body) for name, base in found.bases.items()}
    candidates = as_considered(inputs.candidates, released)
    said: dict[str, Any] = {
        "rules": rules.version,
        "bases": [base.list for base in found.bases.values()],
        "apart": dict(found.apart),
        "applications": len(candidates),
    }
    try:
        right = rank(rules, candidates, inputs.limits, inputs.waitlist)
    except FaultyInputError as error:
        return Computed([], [lacking_of(fault) for fault in error.faults], said)
    correction = correct(released, right, found.apart, parents_of(rules))
    of_ranking = inputs_hash(candidates, inputs.limits, rules, inputs.waitlist)
    hashed = _hash(
        {
            "ranking": of_ranking,
            "released": {name: base.hash for name, base in found.bases.items()},
            "apart": found.apart,
        }
    )
    bodies = {name: canonical(made) for name, made in correction.lists.items()}
    made = [
        stored(
            name,
            each,
            hashed,
            rules,
            [
                (inputs.applications[line.application], result_of(case_id, each, line))
                for line in correction.lines[name]
            ],
        )
        | {"base": found.bases[name].list}
        for name, each in correction.lists.items()
    ]
    # who has withdrawn or enrolled elsewhere was not wronged
    wronged = [each for each in correction.wronged if each.apart not in ("withdrawn", ELSEWHERE)]
    hashes = {name: list_hash(body) for name, body in bodies.items()}
    said |= {"wronged": [_told(inputs, each) for each in wronged]}
    said |= {"hash": _hash({"inputs": hashed, "lists": hashes})}
    return Computed(made, [], said)


def _told(inputs: Inputs, wronged: Wronged) -> dict[str, Any]:
    was, now = wronged.was, wronged.now
    return {
        "application": inputs.applications[now.application],
        "programme": wronged.programme,
        "from_verdict": str(was.verdict),
        "from_choice": was.choice,
        "from_frame": was.frame,
        "to_choice": now.choice,
        "to_frame": now.frame,
        "given": wronged.apart,
    }


def _hash(told: Mapping[str, Any]) -> str:
    stored = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(stored.encode()).hexdigest()


def as_stored(inputs: Inputs, row: asyncpg.Record, bases: Mapping[str, Base]) -> Found:
    """What a re-judgment was computed from, for its lists to be made again."""
    return Found(inputs, bases, json.loads(row["apart"]))
