"""What the steps of a re-judgment ask the database for: rules, how far it has come, who is not told yet."""

import json
from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.room import Lookup
from schemas.kernel.refusals import Refusal
from schemas.round.policy import RoundPolicy
from schemas.round.rejudgment import RejudgmentFound, UntoldLine
from schemas.round.waitlist import ELSEWHERE
from workflows.round.process import ROUND

SQL: Final = queries("round/rejudgments")
WAITLIST: Final = queries("round/waitlist")


async def _rules(connection: Connection, terms: Mapping[str, Any]) -> str:
    """The version by which a round is judged again: the one that is named, or that of its last re-judgment.

    Raises:
        Refusal: there is none, or its programmes have other frames than the round gives places in.
    """
    last = await connection.fetchval(SQL["policy_after"], terms["case_id"])
    version: str = terms["version"] or last or terms["followed"]
    found = [
        await read_policy(connection, ROUND, {"version": each, "route": terms["route"]})
        for each in (version, terms["followed"])
    ]
    wanted, followed = (_frames(each) for each in found)
    if wanted != followed:
        raise Refusal("rejudgment-frames", policy=version)
    return version


def _frames(policy: Any) -> dict[str, dict[str, str | None]]:
    if not isinstance(policy, RoundPolicy):
        raise Refusal("policy-unknown", policy=policy.version)
    return {each.key: {frame.key: frame.parent for frame in each.frames} for each in policy.rules.programmes}


async def _rejudgment(connection: Connection, terms: Mapping[str, Any]) -> dict[str, Any]:
    """How far one has come; nothing that it was computed from changes until the step is written."""
    revision = await connection.fetchval(SQL["lock_inputs"], terms["case_id"])
    row = await connection.fetchrow(SQL["found"], terms["case_id"], terms["rejudgment"])
    found = {name: row[name] for name in ("state", "opened_by", "hash", "wronged")}
    found |= {"current": row["revision"] == revision, "lists": json.loads(row["lists"])}
    return RejudgmentFound.model_validate(found).model_dump(mode="json")


async def _untold(connection: Connection, terms: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Some who have not been told, with what the ledger has of them; its frames are locked until the end."""
    of_round = terms["case_id"]
    await connection.execute(WAITLIST["lock"], of_round)
    rows = await connection.fetch(SQL["untold"], of_round, terms["rejudgment"], terms["most"], ELSEWHERE)
    return [UntoldLine.model_validate(dict(row)).model_dump(mode="json") for row in rows]


REJUDGMENT_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "rejudgment-rules": _rules,
    "rejudgment": _rejudgment,
    "rejudged-untold": _untold,
}
