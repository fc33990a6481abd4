"""The doors of a round's lists: how they stand, one of them, two compared, what became of an application."""

from http import HTTPStatus
from typing import Final

from cases.round import lists
from cases.round.rounds import READ
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.round.asking import round_asked
from gateway.round.list_answers import DifferenceTold, Explained, ListShown, ListsTold
from gateway.round.queries import DifferenceQuery, ListQuery


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


LIST_DOORS: Final = (
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
)
