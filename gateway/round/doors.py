"""The doors of a round over HTTP: files of scores, lists, what is missing, frames, the hour, what is out.

Who may is asked by the acts of the process: nobody but office, head and checker opens a list, and what is out
is read by them, and by systems that were allowed to, from the released lines alone.
"""

import hashlib
from http import HTTPStatus
from typing import Final
from uuid import UUID

import asyncpg
from starlette.exceptions import HTTPException

from cases.round import boards, lists, rejudgments, results, scores, verification, waitlist
from cases.round.corrections import Wanted, propose
from cases.round.rounds import LOAD, READ, READABLE, RESULTS
from gateway.door import Asked, Door
from gateway.file_doors import FaultyFile, at
from gateway.operation import READERS, Operation
from gateway.responses import FaultTold
from gateway.round.answers import (
    AdmittedBoard,
    BatchesTold,
    BatchShown,
    BatchTold,
    CallSheet,
    Countdown,
    DifferenceQuery,
    DifferenceTold,
    Explained,
    FramesTold,
    ListQuery,
    ListShown,
    ListsTold,
    MissingTold,
    Proof,
    RejudgmentQuery,
    RejudgmentShown,
    RejudgmentsTold,
    ResultsTold,
    RoundQuery,
    ScoreProposed,
    ScoresQuery,
    ScoresTaken,
    ScoreWanted,
    Verified,
)
from gateway.round.asking import round_asked
from gateway.round.disclosure_doors import DISCLOSURE_DOORS
from gateway.round.ending_doors import ENDING_DOORS
from schemas.kernel.batches import BatchHead
from spreadsheets.round.scores import check_scores


async def _load(asked: Asked) -> ScoresTaken:
    assert asked.file is not None  # noqa: S101 - its operation has one
    query: ScoresQuery = asked.query
    row = await round_asked(asked, query.round)
    head = BatchHead(year=query.year, exam=query.exam, part=query.part, rows=query.rows, sum=query.sum)
    checked = await check_scores(asked.pool, row, query.mapping, head, asked.file)
    if checked.batch is None:
        raise FaultyFile(checked.errors)
    if query.check:
        told = await scores.would_load(asked.pool, row["case_id"], checked.batch)
    else:
        told = await scores.load(asked.pool, asked.actor.id, row["case_id"], checked.batch)
    warnings = [FaultTold(at=each.at, code=each.code) for each in map(at, checked.faults)]
    shown = {name: each for name, each in told.items() if name in ScoresTaken.model_fields}
    return ScoresTaken.model_validate({"checked_only": query.check, **shown, "warnings": warnings})


async def _batches(asked: Asked) -> BatchesTold:
    row = await round_asked(asked)
    return BatchesTold.model_validate({"batches": await scores.list_scores(asked.pool, row["case_id"])})


async def _batch(asked: Asked) -> BatchShown:
    batch, row = await _batch_asked(asked)
    return BatchShown.model_validate(await scores.show(asked.pool, row["case_id"], batch))


async def _drop(asked: Asked) -> BatchTold:
    batch, row = await _batch_asked(asked)
    return BatchTold.model_validate(await scores.drop(asked.pool, asked.actor.id, row["case_id"], batch))


async def _batch_asked(asked: Asked) -> tuple[UUID, asyncpg.Record]:
    try:
        batch = UUID(asked.path["batch"])
    except ValueError:
        raise HTTPException(404) from None
    return batch, await round_asked(asked, await scores.round_of_batch(asked.pool, batch))


async def _lists(asked: Asked) -> ListsTold:
    row = await round_asked(asked)
    return ListsTold.model_validate({"lists": await lists.lists(asked.pool, row["case_id"])})


async def _list(asked: Asked) -> ListShown:
    row, programme = await round_asked(asked), asked.path["programme"]
    found = await lists.show_list(asked.pool, asked.actor.id, row, programme, asked.query.number)
    return ListShown.model_validate(found)


async def _difference(asked: Asked) -> DifferenceTold:
    row, query = await round_asked(asked), asked.query
    programme, by = asked.path["programme"], asked.actor.id
    found = await lists.compare(asked.pool, by, row, programme, query.since, query.until)
    return DifferenceTold.model_validate(found)


async def _explain(asked: Asked) -> Explained:
    row = await round_asked(asked)
    found = await lists.explain_application(asked.pool, asked.actor.id, row, asked.path["number"])
    return Explained.model_validate(found)


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


async def _propose(asked: Asked) -> ScoreProposed:
    row = await round_asked(asked)
    body: ScoreWanted = asked.body
    wanted = Wanted(**body.model_dump())
    key = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    told = await propose(asked.pool, asked.gateway.vault, asked.actor.id, row["case_id"], wanted, key)
    return ScoreProposed.model_validate(told)


async def _calls(asked: Asked) -> CallSheet:
    row = await round_asked(asked)
    return CallSheet.model_validate({"calls": await waitlist.calls(asked.pool, row["case_id"])})


async def _proof(asked: Asked) -> Proof:
    row = await round_asked(asked)
    return Proof.model_validate(await waitlist.proof(asked.pool, row["case_id"]))


async def _rejudgments(asked: Asked) -> RejudgmentsTold:
    row = await round_asked(asked)
    found = await rejudgments.rejudgments(asked.pool, row["case_id"])
    return RejudgmentsTold.model_validate({"rejudgments": found})


async def _rejudgment(asked: Asked) -> RejudgmentShown:
    row = await round_asked(asked)
    found = await rejudgments.show(asked.pool, asked.actor.id, row["case_id"], asked.query.key)
    return RejudgmentShown.model_validate(found)


async def _results(asked: Asked) -> ResultsTold:
    found = await results.results(asked.pool, asked.path["application"])
    return ResultsTold.model_validate({"results": found})


async def _board(asked: Asked) -> AdmittedBoard:
    row = await round_asked(asked, asked.query.round)
    found = await results.board(asked.pool, asked.actor.id, row["case_id"])
    return AdmittedBoard.model_validate({"board": found})


DOORS: Final = (
    Door(
        Operation(
            "POST",
            "/round/scores/file",
            "import-round-scores",
            "Load a file of scores: by the year's mapping, whole or not at all, compared with what stands.",
            file=True,
            query=ScoresQuery,
            responses={HTTPStatus.OK: ScoresTaken},
            more_problems=(HTTPStatus.NOT_FOUND,),
        ),
        _load,
        act=LOAD,
    ),
    Door(
        Operation(
            "GET",
            "/round/scores/{case_id}",
            "list-round-scores",
            "List the files of scores of a round, with what became of each.",
            responses={HTTPStatus.OK: BatchesTold},
        ),
        _batches,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/batch/{batch}",
            "show-round-scores",
            "Show a file of scores: what it changes, and how it is distributed beside last year's.",
            responses={HTTPStatus.OK: BatchShown},
        ),
        _batch,
        act=READ,
    ),
    Door(
        Operation(
            "POST",
            "/round/batch/{batch}/drop",
            "drop-round-scores",
            "Drop a file of scores that nobody will accept.",
            responses={HTTPStatus.OK: BatchTold},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _drop,
        act=LOAD,
    ),
    Door(
        Operation(
            "GET",
            "/round/lists/{case_id}",
            "list-round-lists",
            "List the lists of a round: how each stands, its hash, who answers for it, how many are in it.",
            responses={HTTPStatus.OK: ListsTold},
        ),
        _lists,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/list/{case_id}/{programme}",
            "open-round-list",
            "Open a list: rank, total, verdict, why each choice failed; that you did is noted.",
            query=ListQuery,
            responses={HTTPStatus.OK: ListShown},
        ),
        _list,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/difference/{case_id}/{programme}",
            "compare-round-lists",
            "Compare two lists of a programme: who is new, gone, changed; that you did is noted.",
            query=DifferenceQuery,
            responses={HTTPStatus.OK: DifferenceTold},
        ),
        _difference,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/explanation/{case_id}/{number}",
            "explain-round-application",
            "Explain an application: why each of its choices went as it did; that you did is noted.",
            responses={HTTPStatus.OK: Explained},
        ),
        _explain,
        act=READ,
    ),
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
