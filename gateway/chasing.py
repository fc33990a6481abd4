"""`POST /documents/chases`: ask for what is missing in many cases, so many at a time."""

from collections import Counter
from http import HTTPStatus
from time import monotonic
from typing import Annotated, Final, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict
from pydantic import Field as Constrained
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases.chasing import Chased, chase, chasers, of_today
from cases.decisions import decide, made_before
from cases.documents import to_chase
from cases.refusal_words import Door
from cases.registry import PROCESSES
from gateway.context import gateway_of
from gateway.listing import PRIVATE
from gateway.operation import Operation
from gateway.request_parsing import body_of, checked
from gateway.responses import Answer, BothLanguages
from gateway.staff import require_role, staff_of
from schemas.kernel.case import Receipt
from schemas.kernel.document_commands import ChaseDocuments
from schemas.kernel.identifiers import Code
from schemas.kernel.refusals import Refusal

SECONDS: Final = 20.0
"""After which no further case is begun, so that whoever asks is still there to hear it."""
_AGAIN: Final = {"en": "send the same request again", "ja": "同じ内容で再送してください"}
_WORDS: Final = Door({language: {"repeat": again, "look_again": again} for language, again in _AGAIN.items()})


class ChaseBody(BaseModel):
    """In which cases: those of a process that miss something, or one document, from a case on."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True
    )

    process: Code
    document: Code | None = None
    """Only this one."""
    after: Annotated[str, Constrained(max_length=64, pattern=r"^[A-Za-z0-9/.-]*$")] = ""
    """`next` of the answer before."""
    limit: Annotated[int, Constrained(strict=True, ge=1, le=50)] = 20


class ChasedTold(Answer):
    """What became of one case; `code` and `message`: why nobody is asked."""

    case_id: str
    result: Literal["asked", "repeated", "refused"]
    code: str | None = None
    message: BothLanguages | None = None


class ChasesTold(Answer):
    """What became of these cases; `next`: from where to go on, null after the last."""

    counts: dict[str, int]
    cases: tuple[ChasedTold, ...]
    next: str | None


def routes() -> list[Route]:
    """Its one route."""
    return [Route("/documents/chases", chase_documents, methods=["POST"])]


async def chase_documents(request: Request) -> Response:
    """Ask in some cases; on one day nobody hears it twice, so that the same request may be sent again.

    Where servers answer late or not at all it ends before the limit; the next request goes on behind that.

    Raises:
        Refusal: no such document, or a process that asks for none.
    """
    gateway, actor = gateway_of(request), await staff_of(request)
    raw, _ = await body_of(request)
    asked = checked(ChaseBody, raw)
    asking = chasers()
    if asked.process not in asking:
        raise Refusal("no-documents-there", process=asked.process, known=", ".join(asking) or "-")
    known = PROCESSES[asked.process].documents
    if asked.document is not None and asked.document not in known:
        raise Refusal("unknown-document", document=asked.document, known=", ".join(known))
    require_role(actor, asking[asked.process])

    async def put(row: asyncpg.Record, command: ChaseDocuments) -> Receipt:
        earlier = await made_before(gateway.pool, row, command.cause)
        if earlier is not None:
            return earlier
        connected = gateway.connected_to(row["case_id"])
        return await decide(gateway.pool, connected, row, command, {}, gateway.vault)

    case_ids = await to_chase(gateway.pool, asked.process, asked.document, asked.after, asked.limit)
    until = monotonic() + SECONDS
    told, more = list[ChasedTold](), case_ids[-1] if len(case_ids) == asked.limit else None
    async for each in chase(gateway.pool, case_ids, of_today(actor, asked.document), put):
        told.append(_told(each))
        if monotonic() > until:
            more = each.case_id
            break
    counts = dict.fromkeys(("asked", "repeated", "refused"), 0) | Counter(each.result for each in told)
    answer = ChasesTold(counts=counts, cases=tuple(told), next=more)
    return JSONResponse(answer.model_dump(mode="json"), headers=PRIVATE)


def _told(chased: Chased) -> ChasedTold:
    refusal = chased.refusal
    if refusal is None:
        return ChasedTold(case_id=chased.case_id, result=chased.result)
    message = BothLanguages(en=_WORDS.text(refusal, "en"), ja=_WORDS.text(refusal, "ja"))
    return ChasedTold(case_id=chased.case_id, result=chased.result, code=refusal.code, message=message)


OPERATIONS: Final = (
    Operation(
        "POST",
        "/documents/chases",
        "chase-documents",
        "Ask for what is missing in the open cases of a process, so many at a time; on a day nobody twice.",
        request=ChaseBody,
        responses={HTTPStatus.OK: ChasesTold},
        more_problems=(HTTPStatus.NOT_FOUND,),
    ),
)
