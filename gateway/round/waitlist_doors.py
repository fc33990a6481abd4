"""The doors of a waitlist: whom to call now, and the proof."""

from http import HTTPStatus
from typing import Final

from cases.round import waitlist
from cases.round.rounds import READ
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.round.asking import round_asked
from gateway.round.waitlist_answers import CallSheet, Proof


async def _calls(asked: Asked) -> CallSheet:
    row = await round_asked(asked)
    return CallSheet.model_validate({"calls": await waitlist.calls(asked.pool, row["case_id"])})


async def _proof(asked: Asked) -> Proof:
    row = await round_asked(asked)
    return Proof.model_validate(await waitlist.proof(asked.pool, row["case_id"]))


WAITLIST_DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/round/calls/{case_id}",
            "list-round-calls",
            "List who is to be called now: by rank, with the calls so far and until when they may answer.",
            responses={HTTPStatus.OK: CallSheet},
        ),
        _calls,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/proof/{case_id}",
            "show-round-proof",
            "Show the proof of a waitlist: each entry by rank with all that was done about it.",
            responses={HTTPStatus.OK: Proof},
        ),
        _proof,
        act=READ,
    ),
)
