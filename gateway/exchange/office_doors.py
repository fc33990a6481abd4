"""Doors of the exchange office: files, agreements, pipeline, boards, matches, list for immigration, links."""

from http import HTTPStatus
from typing import Final

from activities.kernel.delivering import start_delivery
from cases.exchange import boards, nominations
from cases.homes import home_of
from cases.own_pages import send_link
from gateway.door import Asked, Door
from gateway.exchange.office_answers import (
    AgreementsTold,
    BatchQuery,
    BoardQuery,
    BoardTold,
    DayQuery,
    DecideMatch,
    ImmigrationList,
    LinkSent,
    ListReported,
    MatchDecided,
    MatchesQuery,
    MatchesTold,
    NominationsQuery,
    PipelineTold,
    ReportList,
    SendLink,
    TermQuery,
)
from gateway.file_doors import file_door
from gateway.operation import Operation
from spreadsheets.exchange.intakes import AGREEMENTS, ENTER, LOAD_AGREEMENTS, coe_results
from spreadsheets.exchange.intakes import nominations as nominations_intake
from spreadsheets.intakes import Intake
from workflows.exchange.comparing import Order
from workflows.exchange.process import EXCHANGE
from workflows.kernel import sight


async def _agreements(asked: Asked) -> AgreementsTold:
    return AgreementsTold.model_validate(
        {"agreements": await boards.agreements(asked.pool, asked.query.term)}
    )


async def _pipeline(asked: Asked) -> PipelineTold:
    return PipelineTold.model_validate({"pipeline": await boards.pipeline(asked.pool, asked.query.term)})


async def _board(asked: Asked) -> BoardTold:
    rows = await boards.board(asked.pool, asked.query.track, asked.query.term)
    return BoardTold.model_validate({"board": rows})


async def _immigration_list(asked: Asked) -> ImmigrationList:
    day = asked.query.as_of
    rows = await boards.immigration_list(asked.pool, asked.actor, day)
    return ImmigrationList.model_validate({"as_of": day, "students": rows})


async def _report_list(asked: Asked) -> ListReported:
    day = asked.body.as_of
    return ListReported(as_of=day, ended=await boards.list_reported(asked.pool, asked.actor, day))


async def _matches(asked: Asked) -> MatchesTold:
    rows = await nominations.matches(asked.pool, asked.actor, decided=asked.query.decided)
    return MatchesTold.model_validate({"matches": rows})


async def _decide_match(asked: Asked) -> MatchDecided:
    body: DecideMatch = asked.body
    made = await nominations.decide_match(asked.pool, asked.actor, body.one, body.other, same=body.same)
    return MatchDecided(one=body.one, other=body.other, same=body.same, repeated=not made)


async def _send_link(asked: Asked) -> LinkSent:
    row = await asked.case(sight.Field.CASE)
    case_id, reader = row["case_id"], asked.body.to
    delivery = await send_link(asked.pool, row, reader, asked.actor.id)
    client, queue = asked.gateway.client_of(case_id), home_of(case_id).notices_queue
    await start_delivery(client, queue, delivery, f"resend/{delivery.by_hand}", "link to a page again")
    return LinkSent(case_id=case_id, to=reader)


def _nominations(query: NominationsQuery) -> Intake:
    order: Order | None = query.dates
    fixed = {"term": query.term, "partner": query.partner, "faculty": query.faculty}
    return nominations_intake(order=order, swapped=query.names_swapped, fixed=fixed)


DOORS: Final = (
    file_door(
        EXCHANGE.room,
        "nominations",
        _nominations,
        ENTER,
        "Take a CSV or XLSX file of nominations: new ones start cases, changed ones tell theirs.",
        NominationsQuery,
    ),
    file_door(
        EXCHANGE.room,
        "agreements",
        lambda _query: AGREEMENTS,
        LOAD_AGREEMENTS,
        "Set how many persons and months agreements may send; never less than is given already.",
    ),
    file_door(
        EXCHANGE.room,
        "coe-results",
        lambda query: coe_results(query.batch),
        ENTER,
        "Tell each case of a batch what immigration has said; nothing twice.",
        BatchQuery,
    ),
    Door(
        Operation(
            "GET",
            "/exchange/agreements",
            "list-exchange-agreements",
            "Agreements with what of each is given.",
            query=TermQuery,
            responses={HTTPStatus.OK: AgreementsTold},
        ),
        _agreements,
        whole=sight.Field.WORK,
    ),
    Door(
        Operation(
            "GET",
            "/exchange/pipeline",
            "show-exchange-pipeline",
            "How many students of each home university stand at which stage.",
            query=TermQuery,
            responses={HTTPStatus.OK: PipelineTold},
        ),
        _pipeline,
        whole=sight.Field.WORK,
    ),
    Door(
        Operation(
            "GET",
            "/exchange/board",
            "show-exchange-board",
            "Who stands where on a track, since when; of the certificate with the days to the orientation.",
            query=BoardQuery,
            responses={HTTPStatus.OK: BoardTold},
            more_problems=(HTTPStatus.NOT_FOUND,),
        ),
        _board,
        whole=sight.Field.WORK,
    ),
    Door(
        Operation(
            "GET",
            "/exchange/immigration-list",
            "show-exchange-immigration-list",
            "Who is here on a day, as immigration is told; the read is logged.",
            query=DayQuery,
            responses={HTTPStatus.OK: ImmigrationList},
        ),
        _immigration_list,
        whole=sight.Field.PERSONAL,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/immigration-list",
            "report-exchange-immigration-list",
            "Say that the list of a day was handed in: its task is done.",
            request=ReportList,
            responses={HTTPStatus.OK: ListReported},
        ),
        _report_list,
        act=ENTER,
    ),
    Door(
        Operation(
            "GET",
            "/exchange/matches",
            "list-exchange-matches",
            "Mobilities that may be of one person; the read is logged.",
            query=MatchesQuery,
            responses={HTTPStatus.OK: MatchesTold},
        ),
        _matches,
        whole=sight.Field.PERSONAL,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/matches",
            "decide-exchange-match",
            "Say whether two mobilities are of one person: then they share one student number.",
            request=DecideMatch,
            responses={HTTPStatus.OK: MatchDecided},
            more_problems=(HTTPStatus.NOT_FOUND,),
        ),
        _decide_match,
        act=ENTER,
    ),
    Door(
        Operation(
            "POST",
            "/exchange/links/{case_id}",
            "send-exchange-link",
            "Send the link to their page again to a student or a coordinator who has lost it; logged.",
            request=SendLink,
            responses={HTTPStatus.OK: LinkSent},
        ),
        _send_link,
        act=ENTER,
    ),
)
