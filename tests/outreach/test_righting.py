"""A request put right by the office: the contact, and an answer to the school that was a slip."""

from typing import Any

from schemas.kernel.case import Actor, Command, Receipt
from schemas.kernel.corrections import CorrectData
from schemas.kernel.taking_back import ConfirmTakeBack, TakeBack
from schemas.outreach import commands
from tests.corrections.doors import at_door
from tests.outreach.schools import Request, Schools
from tests.workflows.outreach.builder import ROLES


async def decided(
    schools: Schools, request: Request, command: type[Command], by: str, **more: Any
) -> Receipt:
    client, who = schools.skipper.client, Actor(id=by, roles=(ROLES[by],))
    return await at_door(schools.door, client, request.handle.id, command, who, **more)


async def latest(schools: Schools, request: Request) -> int:
    return await schools.owner.fetchval(
        "SELECT version FROM iehe.cases WHERE case_id = $1", request.handle.id
    )


async def test_the_contact_is_put_right(schools: Schools) -> None:
    """Another teacher is written to from then on; old and new address hear of it."""
    request = await schools.ask()
    new = {"name": "訂正 次郎", "email": "right@school.example.jp"}
    await decided(schools, request, CorrectData, "office-1", reason="電話", given=new, record="contact")
    row = await schools.owner.fetchrow(
        "SELECT contact_name, contact_email FROM iehe.outreach_requests WHERE case_id = $1", request.handle.id
    )
    assert dict(row) == {"contact_name": "訂正 次郎", "contact_email": "right@school.example.jp"}
    await request.sent()
    told = await schools.owner.fetch(
        "SELECT message, recipient_kind FROM iehe.notices WHERE case_id = $1 AND message LIKE '%-corrected'"
        " ORDER BY message",
        request.handle.id,
    )
    assert [tuple(each) for each in told] == [
        ("address-corrected", "school-before"),
        ("data-corrected", "school"),
    ]


async def test_a_request_declined_by_a_slip_goes_on(schools: Schools) -> None:
    """The letter has left: another person confirms, the school hears, and it is checked as any other."""
    request = await schools.ask()
    await request.decide(commands.DeclineRequest, "office-1", reason="capacity")
    await request.sent()
    version = await latest(schools, request)
    proposed = await decided(schools, request, TakeBack, "office-1", reason="押し間違い", taken=version)
    assert proposed.stage == "declined"
    done = await decided(schools, request, ConfirmTakeBack, "head-1")
    assert (done.stage, done.outcome) == ("requested", None)
    await request.sent()
    assert any("decline-taken-back" in each for each in await request.letters())
    assert (await request.decide(commands.CheckRequest, "office-1")).stage == "checked"


async def test_a_check_is_taken_back_at_once(schools: Schools) -> None:
    """Nobody outside has seen it."""
    request = await schools.ask()
    checked = await request.decide(commands.CheckRequest, "office-1")
    back = await decided(schools, request, TakeBack, "office-1", reason="押し間違い", taken=checked.version)
    assert back.stage == "requested"
    assert (await request.decide(commands.CheckRequest, "office-1")).stage == "checked"
