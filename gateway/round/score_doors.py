"""The doors of files of scores."""

from http import HTTPStatus
from typing import Final
from uuid import UUID

import asyncpg
from starlette.exceptions import HTTPException

from cases.round import scores
from cases.round.rounds import LOAD, READ
from gateway.door import Asked, Door
from gateway.file_doors import FaultyFile, at
from gateway.operation import Operation
from gateway.responses import FaultTold
from gateway.round.asking import round_asked
from gateway.round.queries import ScoresQuery
from gateway.round.score_answers import BatchesTold, BatchShown, BatchTold, ScoresTaken
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


SCORE_DOORS: Final = (
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
)
