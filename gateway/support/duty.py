"""Who works in which unit, who is on duty, and when the office is closed, over HTTP."""

from datetime import date, datetime, time
from http import HTTPStatus
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from cases.closures import list_closures, remove_closure
from cases.support import duty
from gateway.door import Asked, Door
from gateway.operation import Operation
from gateway.request_parsing import Moment
from gateway.responses import Answer
from gateway.support.queries import DaysAheadQuery, MembersQuery
from schemas.kernel.identifiers import StaffId
from workflows.support.process import SUPPORT

Place = Literal["first", "second"]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MemberBody(_Body):
    """How somebody works in a unit."""

    lead: bool = False


class ShiftTimes(_Body):
    """When a shift is."""

    begins_at: Moment
    ends_at: Moment


class ShiftBody(ShiftTimes):
    """Somebody on duty."""

    place: Place
    staff_id: StaffId


class ShiftOffer(_Body):
    """To whom a shift is offered."""

    staff_id: StaffId


class SwapBody(_Body):
    """What becomes of an offer: by whom it was made to, or (`withdrawn`) by whom."""

    said: Literal["accepted", "declined", "withdrawn", "given-back"]


class Member(Answer):
    """Somebody who works in a unit."""

    unit: str
    staff_id: str
    lead: bool
    active: bool


class Members(Answer):
    """Leads first."""

    members: tuple[Member, ...]


class MemberChanged(Answer):
    """What holds now; `member`: whether they are of the unit."""

    unit: str
    staff_id: str
    member: bool


class Shift(Answer):
    """A shift; `now`: whether it has begun and is not over."""

    shift: int
    place: Place
    staff_id: str
    begins_at: datetime
    ends_at: datetime
    offered_to: str | None
    now: bool


class Rota(Answer):
    """Shifts, by when they begin."""

    shifts: tuple[Shift, ...]


class Gap(Answer):
    """A time in which nobody has a place."""

    place: Place
    begins_at: datetime
    ends_at: datetime


class Gaps(Answer):
    """What is to be filled."""

    gaps: tuple[Gap, ...]


class ShiftChanged(Answer):
    """A shift that was planned, moved or taken away (`staff_id`: whose it was)."""

    shift: int
    staff_id: str | None = None


class SwapTold(Answer):
    """An offer of a shift; `other`: the other person of it."""

    shift: int
    state: Literal["offered", "accepted", "declined", "withdrawn", "given-back"]
    other: str


class ClosureTold(Answer):
    """Days on which a calendar, or every one, is closed; with hours it is open then."""

    closure: int
    calendar: str | None
    first: date
    last: date
    opens: time | None
    closes: time | None
    why: str
    noted_by: str
    noted_at: datetime


class Closures(Answer):
    """The closures to come, and those of the last month."""

    closures: tuple[ClosureTold, ...]


class ClosureRemoved(Answer):
    """Running cases count again."""

    closure: int


async def _members(asked: Asked) -> Members:
    return Members.model_validate({"members": await duty.members(asked.pool, asked.query.unit)})


async def _add_member(asked: Asked) -> MemberChanged:
    unit, staff_id = asked.path["unit"], asked.path["staff_id"]
    await duty.add_member(asked.pool, asked.actor.id, unit, staff_id, lead=asked.body.lead)
    return MemberChanged(unit=unit, staff_id=staff_id, member=True)


async def _remove_member(asked: Asked) -> MemberChanged:
    unit, staff_id = asked.path["unit"], asked.path["staff_id"]
    await duty.remove_member(asked.pool, asked.actor.id, unit, staff_id)
    return MemberChanged(unit=unit, staff_id=staff_id, member=False)


async def _rota(asked: Asked) -> Rota:
    return Rota.model_validate({"shifts": await duty.shifts(asked.pool, asked.query.days)})


async def _gaps(asked: Asked) -> Gaps:
    return Gaps.model_validate({"gaps": await duty.gaps(asked.pool, asked.query.days)})


async def _plan(asked: Asked) -> ShiftChanged:
    wanted: ShiftBody = asked.body
    shift = wanted.place, wanted.staff_id, wanted.begins_at, wanted.ends_at
    number = await duty.planned_as(asked.pool, *shift)
    if number is None:
        number = await duty.plan_shift(asked.pool, asked.actor.id, *shift)
    return ShiftChanged(shift=number, staff_id=wanted.staff_id)


async def _move(asked: Asked) -> ShiftChanged:
    shift, times = asked.number("shift"), asked.body
    await duty.move_shift(asked.pool, asked.actor.id, shift, times.begins_at, times.ends_at)
    return ShiftChanged(shift=shift)


async def _remove(asked: Asked) -> ShiftChanged:
    shift = asked.number("shift")
    return ShiftChanged(shift=shift, staff_id=await duty.remove_shift(asked.pool, asked.actor.id, shift))


async def _offer(asked: Asked) -> SwapTold:
    shift, taker = asked.number("shift"), asked.body.staff_id
    await duty.offer_shift(asked.pool, shift, asked.actor.id, taker)
    return SwapTold(shift=shift, state="offered", other=taker)


async def _swap(asked: Asked) -> SwapTold:
    shift, said = asked.number("shift"), asked.body.said
    return SwapTold(
        shift=shift, state=said, other=await duty.answer_swap(asked.pool, shift, asked.actor.id, said)
    )


async def _closures(asked: Asked) -> Closures:
    return Closures.model_validate({"closures": await list_closures(asked.pool, SUPPORT)})


async def _reopen(asked: Asked) -> ClosureRemoved:
    closure = asked.number("closure")
    await remove_closure(asked.pool, SUPPORT, closure, asked.actor.id)
    return ClosureRemoved(closure=closure)


DOORS: Final = (
    Door(
        Operation(
            "GET",
            "/support/members",
            "list-support-members",
            "List who works in which unit, leads first.",
            query=MembersQuery,
            responses={HTTPStatus.OK: Members},
        ),
        _members,
    ),
    Door(
        Operation(
            "PUT",
            "/support/members/{unit}/{staff_id}",
            "add-support-member",
            "Let somebody work in a unit; a unit's cases that have no owner are theirs to take.",
            request=MemberBody,
            responses={HTTPStatus.OK: MemberChanged},
        ),
        _add_member,
        act="change-members",
    ),
    Door(
        Operation(
            "DELETE",
            "/support/members/{unit}/{staff_id}",
            "remove-support-member",
            "Let somebody work in a unit no more; cases of theirs stay with them until they are handed over.",
            responses={HTTPStatus.OK: MemberChanged},
        ),
        _remove_member,
        act="change-members",
    ),
    Door(
        Operation(
            "GET",
            "/support/rota",
            "list-support-rota",
            "List the shifts of the days ahead, with what is offered to whom.",
            query=DaysAheadQuery,
            responses={HTTPStatus.OK: Rota},
        ),
        _rota,
    ),
    Door(
        Operation(
            "GET",
            "/support/rota/gaps",
            "list-support-gaps",
            "List the times of the days ahead in which nobody has a place.",
            query=DaysAheadQuery,
            responses={HTTPStatus.OK: Gaps},
        ),
        _gaps,
    ),
    Door(
        Operation(
            "POST",
            "/support/rota",
            "plan-support-shift",
            "Put somebody on duty who is reached by two tested channels; the same again is the same shift.",
            request=ShiftBody,
            responses={HTTPStatus.OK: ShiftChanged},
            more_problems=(HTTPStatus.NOT_FOUND,),
        ),
        _plan,
        act="change-rota",
    ),
    Door(
        Operation(
            "PUT",
            "/support/rota/{shift}",
            "move-support-shift",
            "Give a shift another time; what was agreed about it moves with it.",
            request=ShiftTimes,
            responses={HTTPStatus.OK: ShiftChanged},
        ),
        _move,
        act="change-rota",
    ),
    Door(
        Operation(
            "DELETE",
            "/support/rota/{shift}",
            "remove-support-shift",
            "Take a shift away; what it leaves is a gap.",
            responses={HTTPStatus.OK: ShiftChanged},
        ),
        _remove,
        act="change-rota",
    ),
    Door(
        Operation(
            "POST",
            "/support/rota/{shift}/offer",
            "offer-support-shift",
            "Offer a shift of yours to a colleague; it stays yours until they accept.",
            request=ShiftOffer,
            responses={HTTPStatus.OK: SwapTold},
        ),
        _offer,
    ),
    Door(
        Operation(
            "POST",
            "/support/rota/{shift}/answer",
            "answer-support-shift",
            "Accept, decline, withdraw or give back what was offered.",
            request=SwapBody,
            responses={HTTPStatus.OK: SwapTold},
        ),
        _swap,
    ),
    Door(
        Operation(
            "GET",
            "/support/closures",
            "list-support-closures",
            "List the closures to come, and those of the last month.",
            responses={HTTPStatus.OK: Closures},
        ),
        _closures,
    ),
    Door(
        Operation(
            "DELETE",
            "/support/closures/{closure}",
            "remove-support-closure",
            "Take a closure back; every running case counts again, never later than was promised.",
            responses={HTTPStatus.OK: ClosureRemoved},
        ),
        _reopen,
        act="change-closures",
    ),
)
