"""Making the lists of rounds whose inputs have changed, outside of their steps: ten thousand take seconds.

What is read is one revision of the inputs; what is made of it is written only while that revision stands, in
one transaction with the fact that the round hears. Who dies in between leaves nothing, and another makes the
lists again: they are the same bytes.
"""

import asyncio
import json
from typing import Any, Final

import structlog

from activities.kernel.errands import Errand
from activities.kernel.scheduled import Tools
from activities.round.first_stage import corrections_of, first_lists_of, left_out
from activities.round.inputs import SQL, Inputs, read_inputs
from activities.round.stored_lists import Made, lacking_of, stored
from schemas.round.stages import Stage
from schemas.round.waitlist import ELSEWHERE
from workflows.round.intake import RANKING
from workflows.round.ranking.canonical import inputs_hash
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.first_stage import BEHIND_THE_LINE
from workflows.round.ranking.judging_lists import rank
from workflows.round.ranking.lines import Line, ProgrammeList, Verdict

log = structlog.get_logger()


async def rank_some(tools: Tools) -> bool:
    """Make the lists of one round; True: there may be more."""
    due = await tools.pool.fetchrow(SQL["to_look_at"], [Stage.FIRST_STAGE, *RANKING], Stage.FIRST_STAGE)
    if due is None:
        return False
    async with tools.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        inputs = await read_inputs(connection, due["case_id"], json.loads(due["state"]))
    await tools.fault("inputs-read")
    made, lacking = await asyncio.to_thread(made_of, due["case_id"], due["stage"], inputs)
    await tools.fault("lists-made")
    number = len(inputs.candidates)
    said = due["case_id"], inputs.revision, json.dumps(made), json.dumps(lacking), number
    done = await tools.pool.fetchval(SQL["looked"], *said)
    log.info("round-looked-at", case_id=due["case_id"], state="written" if done else "overtaken")
    return True


RANKING_ERRAND: Final = Errand("rank-rounds", rank_some)


def made_of(case_id: str, stage: str, inputs: Inputs) -> Made:
    """The lists that are made where a round stands, or what kept them from being made.

    It may have left its first stage between one look and the next: the inputs know.
    """
    first = stage == Stage.FIRST_STAGE and not inputs.first_stage
    return first_lists_of(inputs) if first else lists_of(case_id, inputs)


def lists_of(case_id: str, inputs: Inputs) -> Made:
    """The lists as `iehe.round_looked` takes them; or what kept them from being made."""
    rules = inputs.policy.rules
    if inputs.policy.needs_elsewhere and not inputs.listed:
        return [], [{"number": "-", "about": ELSEWHERE, "code": "list-missing"}]
    again, wronged = corrections_of(inputs)
    waits = [*inputs.waits, *left_out(inputs), *wronged]
    try:
        ranking = rank(rules, inputs.candidates, inputs.limits, inputs.waitlist)
    except FaultyInputError as error:
        return again, [*waits, *(lacking_of(fault) for fault in error.faults)]
    if waits:
        return again, waits
    hashed = inputs_hash(inputs.candidates, inputs.limits, rules, inputs.waitlist)
    made = [
        stored(
            each.programme,
            each,
            hashed,
            rules,
            [(inputs.applications[line.application], result_of(case_id, each, line)) for line in each.lines],
        )
        for each in ranking.lists.values()
    ]
    return made, []


def result_of(case_id: str, of_list: ProgrammeList, line: Line) -> dict[str, Any]:
    """What an applicant is told of a choice: no score and no rank (R9)."""
    # who did not pass has known so since then, and not only that they are not ranked
    behind = line.reason == BEHIND_THE_LINE
    told: dict[str, Any] = {
        "programme": of_list.programme,
        "frame": line.frame,
        "choice": line.choice,
        "verdict": str(Verdict.NOT_PASSED if behind else line.verdict),
    }
    if line.verdict is Verdict.ADMITTED:
        told["place"] = place_of(case_id, line.application)
    elif line.verdict is Verdict.WAITLISTED:
        told["waitlist"] = line.waitlist_place
    return told


def place_of(case_id: str, number: str) -> str:
    """The key in the ledger of what a round gives an applicant: one, whatever it is (I5)."""
    return f"{case_id}#{number}"
