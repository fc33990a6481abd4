"""The doors of a disclosure of scores: the applicant's, by the portal, and those of the offices."""

from http import HTTPStatus
from typing import Final

from cases.round import disclosures
from cases.round.rounds import READ, READABLE
from gateway.door import Asked, Door
from gateway.operation import READERS, Operation
from gateway.round.asking import round_asked
from gateway.round.disclosure_answers import ColumnTold, DisclosureTold


async def _disclosure(asked: Asked) -> DisclosureTold:
    applicant = bool(asked.source)
    name = f"source:{asked.actor.id}" if applicant else asked.actor.id
    reader = disclosures.Reader(name, applicant=applicant)
    found = await disclosures.disclosure(asked.pool, reader, asked.path["application"])
    return DisclosureTold.model_validate(found)


async def _column(asked: Asked) -> ColumnTold:
    row, part = await round_asked(asked), asked.path["part"]
    return ColumnTold.model_validate(await disclosures.column(asked.pool, asked.actor.id, row, part))


DISCLOSURE_DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/round/disclosures/{application}",
            "show-round-disclosure",
            "Show the scores of an application that has asked for them, as they were used; that is noted.",
            responses={HTTPStatus.OK: DisclosureTold},
            more_problems=(HTTPStatus.CONFLICT,),
            security=READERS,
            reader=True,
        ),
        _disclosure,
        act=READ,
        reads=READABLE,
    ),
    Door(
        Operation(
            "GET",
            "/round/column/{case_id}/{part}",
            "open-round-column",
            "Open a whole column of scores: each value with its file and row; that you did is noted.",
            responses={HTTPStatus.OK: ColumnTold},
        ),
        _column,
        act=READ,
    ),
)
