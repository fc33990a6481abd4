"""The doors of a round over HTTP; here what is missing, frames, the hour, all lists made again, what is out.

Who may is asked by the acts of the process: nobody but office, head and checker opens a list, and what is out
is read by them, and by systems that were allowed to, from the released lines alone.
"""

from http import HTTPStatus
from typing import Final

from cases.round import boards, results, verification
from cases.round.rounds import READ, READABLE, RESULTS
from gateway.door import Asked, Door
from gateway.operation import READERS, Operation
from gateway.round.answers import AdmittedBoard, Countdown, FramesTold, MissingTold, ResultsTold, Verified
from gateway.round.asking import round_asked
from gateway.round.correction_doors import CORRECTION_DOORS
from gateway.round.disclosure_doors import DISCLOSURE_DOORS
from gateway.round.ending_doors import ENDING_DOORS
from gateway.round.list_doors import LIST_DOORS
from gateway.round.queries import RoundQuery
from gateway.round.rejudgment_doors import REJUDGMENT_DOORS
from gateway.round.score_doors import SCORE_DOORS
from gateway.round.waitlist_doors import WAITLIST_DOORS


async def _missing(asked: Asked) -> MissingTold:
    row = await round_asked(asked)
    return MissingTold.model_validate(await boards.missing(asked.pool, row["case_id"]))


async def _frames(asked: Asked) -> FramesTold:
    row = await round_asked(asked)
    return FramesTold.model_validate({"frames": await boards.frames(asked.pool, row)})


async def _countdown(asked: Asked) -> Countdown:
    row = await round_asked(asked)
    return Countdown.model_validate(await boards.countdown(asked.pool, row))


async def _verify(asked: Asked) -> Verified:
    row = await round_asked(asked)
    return Verified.model_validate(await verification.verify(asked.pool, asked.actor.id, row))


async def _results(asked: Asked) -> ResultsTold:
    found = await results.results(asked.pool, asked.path["application"])
    return ResultsTold.model_validate({"results": found})


async def _board(asked: Asked) -> AdmittedBoard:
    row = await round_asked(asked, asked.query.round)
    found = await results.board(asked.pool, asked.actor.id, row["case_id"])
    return AdmittedBoard.model_validate({"board": found})


DOORS: Final = (
    *SCORE_DOORS,
    *LIST_DOORS,
    Door(
        Operation(
            "GET",
            "/round/missing/{case_id}",
            "list-round-missing",
            "List what is missing of a round: by part, then by application.",
            responses={HTTPStatus.OK: MissingTold},
        ),
        _missing,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/frames/{case_id}",
            "list-round-frames",
            "List the frames of a round: places, limit, held, offered, taken, extra, free.",
            responses={HTTPStatus.OK: FramesTold},
        ),
        _frames,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/countdown/{case_id}",
            "show-round-countdown",
            "Show the countdown: the hour by the server's clock, what is confirmed, whether it is held.",
            responses={HTTPStatus.OK: Countdown},
        ),
        _countdown,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/verification/{case_id}",
            "verify-round-lists",
            "Verify the lists of a round: make each again and compare its bytes; that you did is noted.",
            responses={HTTPStatus.OK: Verified},
        ),
        _verify,
        act=READ,
    ),
    *CORRECTION_DOORS,
    *WAITLIST_DOORS,
    *REJUDGMENT_DOORS,
    Door(
        Operation(
            "GET",
            "/round/results/{application}",
            "show-round-results",
            "Show what is out of an application; before the hour there is nothing.",
            responses={HTTPStatus.OK: ResultsTold},
            security=READERS,
            reader=True,
        ),
        _results,
        act=RESULTS,
        reads=READABLE,
    ),
    Door(
        Operation(
            "GET",
            "/round/board",
            "show-round-board",
            "Show the board: the numbers admitted by each programme; before the hour there is nothing.",
            query=RoundQuery,
            responses={HTTPStatus.OK: AdmittedBoard},
            more_problems=(HTTPStatus.NOT_FOUND,),
        ),
        _board,
        act=RESULTS,
    ),
    *ENDING_DOORS,
    *DISCLOSURE_DOORS,
)
