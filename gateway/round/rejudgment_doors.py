"""The doors of re-judgments: those of a round, and one with all that it changes."""

from http import HTTPStatus
from typing import Final

from cases.round import rejudgments
from cases.round.rounds import READ
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.round.asking import round_asked
from gateway.round.queries import RejudgmentQuery
from gateway.round.rejudgment_answers import RejudgmentShown, RejudgmentsTold


async def _rejudgments(asked: Asked) -> RejudgmentsTold:
    row = await round_asked(asked)
    found = await rejudgments.rejudgments(asked.pool, row["case_id"])
    return RejudgmentsTold.model_validate({"rejudgments": found})


async def _rejudgment(asked: Asked) -> RejudgmentShown:
    row = await round_asked(asked)
    found = await rejudgments.show(asked.pool, asked.actor.id, row["case_id"], asked.query.key)
    return RejudgmentShown.model_validate(found)


REJUDGMENT_DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/round/rejudgments/{case_id}",
            "list-round-rejudgments",
            "List the re-judgments of a round: what was wrong, how far each has come, how many were wronged.",
            responses={HTTPStatus.OK: RejudgmentsTold},
        ),
        _rejudgments,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/rejudgment/{case_id}",
            "open-round-rejudgment",
            "Open a re-judgment: the wronged, what changes, rounds that may share it; that you did is noted.",
            query=RejudgmentQuery,
            responses={HTTPStatus.OK: RejudgmentShown},
        ),
        _rejudgment,
        act=READ,
    ),
)
