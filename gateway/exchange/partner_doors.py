"""Home universities over HTTP: the office registers and asks them, and their systems ask us."""

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from cases.exchange import partners
from gateway.context import Gateway
from gateway.door import Asked, Door
from gateway.operation import SIGNATURE, Operation
from gateway.responses import Answer
from schemas.exchange.partners import AgreementAnswer, MobilityQuestion
from schemas.exchange.partners_list import Partner

_SIGNED: Final = dict.fromkeys(SIGNATURE, False)
_SOURCES: Final = ("source-signature", "source-token")


class RefreshBody(BaseModel):
    """What is to be asked anew."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    what: str | None = None
    """A partner's code, or a case; left out: every partner."""


class PartnerTold(Answer):
    """A home university; `to_ask`, `to_tell`, `not_told`: questions, notices that wait, or were given up."""

    partner: str
    name: str
    language: str
    base: str | None
    source: str | None
    webhook: str | None
    answered_at: datetime | None
    stale: int
    to_ask: int
    to_tell: int
    not_told: int


class Partners(Answer):
    """By code."""

    partners: tuple[PartnerTold, ...]


class PartnerStored(Answer):
    """A home university as it is registered now."""

    partner: str
    added: bool


class Refreshed(Answer):
    """How many questions are to be asked."""

    asked: int


class AgreementNow(Answer):
    """A version of the learning agreement, and which was approved last."""

    version: int
    sha256: str
    approved: int | None


class MobilityTold(Answer):
    """What the host is the master of; the rest is the home university's own."""

    mobility: str
    revision: int
    status: Literal["pending", "verified", "rejected"]
    comment: str | None
    arrived_on: date | None
    left_on: date | None
    first: date | None
    last: date | None
    transcript: Literal["released", "partial"] | None
    agreement: AgreementNow | None


class Mobilities(Answer):
    """One that was asked for and is not here is unknown."""

    mobilities: tuple[MobilityTold, ...]


class AgreementTaken(Answer):
    """The answer is stored."""

    mobility: str
    version: int


async def _list(asked: Asked) -> Partners:
    rows = await partners.list_partners(asked.pool)
    return Partners.model_validate({"partners": rows})


async def _put(asked: Asked) -> PartnerStored:
    counts = await partners.store_partners(asked.pool, asked.actor.id, [asked.body])
    return PartnerStored(partner=asked.body.partner, added=bool(counts["added"]))


async def _refresh(asked: Asked) -> Refreshed:
    return Refreshed(asked=await partners.refresh(asked.pool, asked.actor.id, asked.body.what))


async def _source(gateway: Gateway, path: Mapping[str, str]) -> str | None:
    return await partners.source_of(gateway.pool, path["partner"])


async def _mobilities(asked: Asked) -> Mobilities:
    question: MobilityQuestion = asked.body
    told = await partners.our_side(
        asked.pool, asked.gateway.vault, asked.path["partner"], question.mobilities
    )
    return Mobilities.model_validate({"mobilities": [each.model_dump() for each in told]})


async def _agreement(asked: Asked) -> AgreementTaken:
    said: AgreementAnswer = asked.body
    await partners.answer_agreement(asked.pool, asked.path["partner"], asked.source, said)
    return AgreementTaken(mobility=said.mobility, version=said.version)


DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/exchange/partners",
            "list-exchange-partners",
            "List the home universities, with what waits to be asked of them and told to them.",
            responses={HTTPStatus.OK: Partners},
        ),
        _list,
        act=partners.LOAD,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/partners",
            "store-exchange-partner",
            "Register a home university, or change what is registered of it.",
            request=Partner,
            responses={HTTPStatus.OK: PartnerStored},
        ),
        _put,
        act=partners.LOAD,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/refresh",
            "refresh-exchange-mobilities",
            "Ask a partner, that of a case, or all of them now, and tell again what could not be told.",
            request=RefreshBody,
            responses={HTTPStatus.OK: Refreshed},
            more_problems=(HTTPStatus.NOT_FOUND,),
        ),
        _refresh,
        act=partners.REFRESH,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/partner/{partner}/mobilities",
            "ask-exchange-host",
            "What the host says of a partner's mobilities; signed by the partner's source.",
            request=MobilityQuestion,
            headers=_SIGNED,
            responses={HTTPStatus.OK: Mobilities},
            security=_SOURCES,
        ),
        _mobilities,
        source=_source,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/partner/{partner}/agreement",
            "answer-exchange-agreement",
            "Approve a version of a learning agreement or have it changed; 409 names the one that is there.",
            request=AgreementAnswer,
            headers=_SIGNED,
            responses={HTTPStatus.OK: AgreementTaken},
            security=_SOURCES,
        ),
        _agreement,
        source=_source,
    ),
)
