"""What a case holds, and what of it leaves the office on paper, over HTTP; each is a read."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from cases.page import read_page
from cases.support.papers import extract_of, letter_of
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.responses import Answer
from gateway.support.queries import LetterQuery, RecordQuery
from schemas.support.letters import WriteLetter
from workflows.kernel.sight import Field


class WordsTold(Answer):
    """What somebody has said or written about a case; `body` is null where it cannot be opened."""

    text_id: UUID
    author: str
    body: str | None
    created_at: datetime


class RecordTold(Answer):
    """What the page of a case has beside what every case has, by its names, and the words of the case.

    `words` is null unless it is asked for.
    """

    case_id: str
    record: dict[str, Any]
    words: tuple[WordsTold, ...] | None


class PaperTold(Answer):
    """The text of a paper, in Japanese and English; `parts`: what of the case it tells."""

    case_id: str
    text: str
    parts: tuple[str, ...] = ()


async def _record(asked: Asked) -> RecordTold:
    personal = asked.query.personal
    row = await asked.case(Field.PERSONAL if personal else Field.CASE, reads="words" if personal else "page")
    vault = asked.gateway.vault if personal else None
    page, own = await read_page(asked.pool, row, asked.actor, personal=vault)
    return RecordTold.model_validate({"case_id": row["case_id"], "record": own, "words": page.get("texts")})


async def _extract(asked: Asked) -> PaperTold:
    row = await asked.case(Field.PERSONAL, reads="extract")
    text, parts = await extract_of(asked.pool, asked.gateway.vault, row, asked.actor)
    return PaperTold(case_id=row["case_id"], text=text, parts=tuple(parts))


async def _letter(asked: Asked) -> PaperTold:
    row = await asked.case(Field.PERSONAL, reads="letter")
    cause = f"{asked.actor.id}/{WriteLetter.step}/{asked.query.key}"
    text = await letter_of(asked.pool, asked.gateway.vault, row, asked.actor, cause)
    return PaperTold(case_id=row["case_id"], text=text)


DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/support/records/{case_id}",
            "show-support-record",
            "Show what a case holds: level, owners, scores, contacts; with `personal`, what was said.",
            query=RecordQuery,
            responses={HTTPStatus.OK: RecordTold},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _record,
    ),
    Door(
        Operation(
            "GET",
            "/support/extracts/{case_id}",
            "show-support-extract",
            "What a student who has asked gets to see: what the answer discloses, without others' names.",
            responses={HTTPStatus.OK: PaperTold},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _extract,
        act="extract",
    ),
    Door(
        Operation(
            "GET",
            "/support/letters/{case_id}",
            "show-support-letter",
            "A letter of referral that you have decided (write-letter), by the key of that decision.",
            query=LetterQuery,
            responses={HTTPStatus.OK: PaperTold},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _letter,
    ),
)
