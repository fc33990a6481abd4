"""What is given out, over HTTP: frames, who has and who waits, and why a case got nothing."""

from http import HTTPStatus
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cases import places
from gateway.context import gateway_of
from gateway.listing import PRIVATE, Limit
from gateway.operation import Operation
from gateway.place_answers import FramePage, FrameShown, FrameTold, PlacesExplained
from gateway.request_parsing import body_of, checked, query_of
from gateway.staff import case_of_path, require_role, staff_of
from schemas.kernel.places import FrameWanted
from schemas.kernel.refusals import Refusal
from schemas.kernel.texts import storable


class FramesQuery(BaseModel):
    """Which frames."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    prefix: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    """Only this frame and those under it."""
    limit: Limit = 200


class FrameBody(FrameWanted):
    """What is to be true of a frame; what is not named stays as it is. A new one needs its places."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


OPERATIONS: Final = (
    Operation(
        "GET",
        "/places",
        "list-frames",
        "List frames: how many there are, how many may be given out, and how many are.",
        query=FramesQuery,
        responses={HTTPStatus.OK: FramePage},
    ),
    Operation(
        "GET",
        "/places/{frame}",
        "show-frame",
        "Show a frame: its counts, who has something of it, and who waits in which order.",
        responses={HTTPStatus.OK: FrameShown},
    ),
    Operation(
        "PUT",
        "/places/{frame}",
        "set-frame",
        "Make a frame, or say anew how many there are; refused below what is given out.",
        request=FrameBody,
        responses={HTTPStatus.OK: FrameTold},
    ),
    Operation(
        "GET",
        "/cases/{case_id}/places",
        "explain-places",
        "What a case has, was offered and waits for, and in order why it got nothing.",
        responses={HTTPStatus.OK: PlacesExplained},
        more_problems=(HTTPStatus.CONFLICT,),
    ),
)


def routes() -> list[Route]:
    """Its routes, which have to come before that of the case itself."""
    return [
        Route("/places", list_frames, methods=["GET"]),
        Route("/places/{frame:path}", show_frame, methods=["GET"]),
        Route("/places/{frame:path}", set_frame, methods=["PUT"]),
        Route("/cases/{case_id:path}/places", explain, methods=["GET"]),
    ]


async def list_frames(request: Request) -> Response:
    """The frames of the processes whose work the person sees."""
    gateway, actor = gateway_of(request), await staff_of(request)
    query = query_of(request, FramesQuery)
    rows = await places.list_frames(gateway.pool, actor, query.prefix, query.limit)
    return _told(FramePage.model_validate({"frames": rows}))


async def show_frame(request: Request) -> Response:
    """One frame of them."""
    gateway, actor = gateway_of(request), await staff_of(request)
    found = await places.show_frame(gateway.pool, actor, _frame(request))
    return _told(FrameShown.model_validate(found))


async def set_frame(request: Request) -> Response:
    """Make or change one."""
    gateway, actor = gateway_of(request), await staff_of(request)
    frame = _frame(request)
    require_role(actor, places.roles_that_set(frame))
    raw, _ = await body_of(request)
    wanted = checked(FrameBody, raw)
    return _told(FrameTold.model_validate(await places.set_frame(gateway.pool, actor, frame, wanted)))


async def explain(request: Request) -> Response:
    """Why a case has what it has, for who sees the case."""
    row, _ = await case_of_path(request)
    pool = gateway_of(request).pool
    return _told(PlacesExplained.model_validate(await places.explain(pool, row["case_id"])))


def _frame(request: Request) -> str:
    frame: str = request.path_params["frame"]
    if not storable(frame):
        raise Refusal("frame-unknown", frame="")
    return frame


def _told(answer: BaseModel) -> Response:
    return JSONResponse(answer.model_dump(mode="json", by_alias=True), headers=PRIVATE)
