"""The door of a score that ought to be another one: proposed here, for the decision that names it."""

import hashlib
from http import HTTPStatus
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cases.round.corrections import Wanted, propose
from cases.round.rounds import LOAD
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.responses import Answer
from gateway.round.asking import round_asked
from schemas.kernel.identifiers import Code


class ScoreWanted(BaseModel):
    """What a score ought to be, and why; it counts once another person has confirmed it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Code = Field(default="exam-scores", description="The kind of the file that has brought it.")
    number: str = Field(pattern=r"^[A-Z0-9][A-Z0-9-]{3,23}$", description="The examinee's number.")
    part: Code = Field(description="The part.")
    value: str = Field(max_length=16, description="The points, or absent, or exempt.")
    reason: str = Field(min_length=1, max_length=2000, description="Why.")


class ScoreProposed(Answer):
    """A correction that is stored; the decision correct-score names it."""

    proposal: UUID
    kind: str
    number: str
    part: str


async def _propose(asked: Asked) -> ScoreProposed:
    row = await round_asked(asked)
    body: ScoreWanted = asked.body
    wanted = Wanted(**body.model_dump())
    key = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    told = await propose(asked.pool, asked.gateway.vault, asked.actor.id, row["case_id"], wanted, key)
    return ScoreProposed.model_validate(told)


CORRECTION_DOORS: Final = (
    Door(
        Operation(
            "POST",
            "/round/corrections/{case_id}",
            "propose-round-score",
            "Propose a correction of a score: stored with its reason, for the decision that names it.",
            request=ScoreWanted,
            responses={HTTPStatus.OK: ScoreProposed},
        ),
        _propose,
        act=LOAD,
    ),
)
