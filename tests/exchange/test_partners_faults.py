"""Whatever is wrong with a partner's system or with our worker: what becomes of a mobility is the same."""

import asyncio
import sys

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from activities.exchange import fetching
from encryption.ring import COMMON_HOME
from gateway.http_server import Server, listen
from tests.conftest import Database
from tests.exchange.partnership import Partnership

PASSING = ["slow", "503", "500", "429", "down"]
LASTING = ["404", "403", "400", "large", "not-json", "not-as-agreed"]


async def outcome(partnership: Partnership, mobility: str = "m-1") -> dict[str, object]:
    """What is known of the mobility and where its case stands, without times and its own ids."""
    copy = dict(await partnership.copy(mobility))
    state = await partnership.state(copy["case_id"])
    for own in ("received_at", "confirmed_at", "case_id", "mobility", "number"):
        copy.pop(own)
    return copy | {name: state[name] for name in ("stage", "revision", "first", "last", "seen")}


async def changed(partnership: Partnership, mobility: str, faults: list[str]) -> None:
    """A nomination and its change, with these faults on the way; then a night and an hour pass.

    What a busy machine has not answered at night is asked again by then.
    """
    server = partnership.server
    student = {"number": f"S-{mobility}"}
    for step in ({}, {"last": "2027-07-31"}):
        server.put(mobility, **step, student=student)
        for fault in [*faults, ""]:
            server.faults = [fault]
            await server.notify(partnership.door, mobility)
            await partnership.work()
            await partnership.deliver()
            await partnership.later(1)
    await partnership.night()
    await partnership.later(1)
    await partnership.work()
    await partnership.deliver()


@pytest.mark.parametrize("fault", PASSING)
async def test_what_passes_is_asked_again(partnership: Partnership, fault) -> None:
    """Slow, down, busy: put off, and taken once it answers; nobody has to do anything."""
    server = partnership.server
    server.put("m-1")
    server.put("m-1", last="2027-07-31")
    await server.notify(partnership.door, "m-1")
    if fault == "down":
        await down(partnership)
    else:
        server.faults = [fault]
        await partnership.work()
    reason = await partnership.owner.fetchval("SELECT reason FROM iehe.exchange_fetches")
    assert reason in ("no-answer", "connect-failed", f"http-{fault}")
    assert await partnership.tasks() == []
    await partnership.later(1)
    await partnership.work()
    await partnership.deliver()
    assert await partnership.count("exchange_fetches") == 0
    assert (await outcome(partnership))["last"] == "2027-07-31"
    assert await partnership.count("cases") == 1


async def down(partnership: Partnership) -> None:
    """Ask while nothing listens at its port."""
    hidden = listen("127.0.0.1", 0)
    port = hidden.getsockname()[1]
    hidden.close()
    base = "UPDATE iehe.exchange_partners SET base = $1"
    await partnership.owner.execute(base, f"http://127.0.0.1:{port}/api")
    await partnership.work()
    await partnership.owner.execute(base, partnership.server.base)


@pytest.mark.parametrize("fault", LASTING)
async def test_what_does_not_pass_is_a_task_until_it_answers(partnership: Partnership, fault) -> None:
    """Refused, too large, no JSON: not asked again before the night, and the office knows."""
    server = partnership.server
    server.put("m-1")
    await server.notify(partnership.door, "m-1")
    server.faults = [fault]
    await partnership.work()
    await partnership.later(1)
    await partnership.work()
    assert len(server.asked) == 1
    assert await partnership.tasks() == [fetching.UNREACHED]
    await partnership.night()
    await partnership.deliver()
    assert await partnership.tasks() == []
    assert await partnership.count("cases") == 1


async def test_a_partner_that_stays_down_is_a_task_once(partnership: Partnership) -> None:
    """Asked about ten times with pauses that grow, then left to the nights; one task however long."""
    server = partnership.server
    await server.notify(partnership.door, "m-1")
    server.faults = ["503"] * 100
    for _ in range(fetching.TRIES + 3):
        await partnership.work()
        await partnership.later(9)
    assert len(server.asked) == fetching.TRIES
    assert await partnership.tasks() == [fetching.UNREACHED]
    for _ in range(3):
        await partnership.night()
    assert await partnership.tasks() == [fetching.UNREACHED]


async def test_no_request_goes_where_a_partner_points(partnership: Partnership) -> None:
    """A redirect to a private address is not followed; it is a task, as every answer that is none."""
    asked = []

    async def trap(request: Request) -> Response:
        asked.append(request.url.path)
        return JSONResponse({"mobilities": []})

    listener = listen("127.0.0.1", 0)
    inside = Server(Starlette(routes=[Route("/{path:path}", trap, methods=["GET", "POST"])]))
    serving = asyncio.create_task(inside.serve(sockets=[listener]))
    server = partnership.server
    server.elsewhere = f"http://127.0.0.1:{listener.getsockname()[1]}/admin"
    server.faults = ["redirect"]
    await server.notify(partnership.door, "m-1")
    await partnership.work()
    inside.should_exit = True
    await serving
    assert asked == []
    assert len(server.asked) == 1
    assert await partnership.tasks() == [fetching.UNREACHED]


async def test_a_slow_partner_holds_up_no_other(partnership: Partnership) -> None:
    """The one that does not answer is given up while the other one is asked."""
    server = partnership.server
    await partnership.owner.execute(
        "INSERT INTO iehe.exchange_partners (partner, name, mail, base, webhook)"
        " SELECT 'uni-0', 'uni-0', 'office@uni-0.example.edu', base || '/../api', webhook"
        " FROM iehe.exchange_partners"
    )
    server.faults = ["slow"]
    server.put("m-1")
    await partnership.owner.execute("SELECT iehe.exchange_ask('uni-0', ARRAY['m-9'])")
    working = asyncio.create_task(partnership.work())
    async with asyncio.timeout(5):
        while not server.asked:
            await asyncio.sleep(0)
    await server.notify(partnership.door, "m-1")
    await partnership.work()
    await working
    assert await partnership.count("exchange_mobilities") == 1


async def test_an_answer_for_what_was_not_asked_is_not_taken(partnership: Partnership) -> None:
    """The question names the ids; what comes besides is another partner's fault and nobody's case."""
    server = partnership.server
    server.put("m-1")
    server.mobilities["m-2"] = server.mobilities["m-1"] | {"mobility": "m-3"}
    await server.notify(partnership.door, "m-2")
    await partnership.work()
    assert await partnership.count("exchange_mobilities") == 0


@pytest.mark.parametrize("point", ["fetch-claimed", "fetched", "writing", "taken"])
async def test_kill_9_between_storing_fetching_and_writing(
    partnership: Partnership, database: Database, point
) -> None:
    """A worker is killed there by the kernel; the next one ends it as if nothing had been."""
    server = partnership.server
    server.put("m-1")
    await server.notify(partnership.door, "m-1")
    ring = database.server.home.secrets / COMMON_HOME.ring_file
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.exchange.mortal_asker", database.url("worker"), str(ring), point)
    )
    assert await process.wait() == -9
    await partnership.later(1)
    await partnership.work()
    await partnership.deliver()
    assert (await partnership.count("cases"), len(await partnership.facts("nomination-received"))) == (1, 1)
    assert await partnership.count("exchange_fetches") == 0


async def test_the_partners_faults_change_no_outcome(partnership: Partnership) -> None:
    """All of them one after the other around a nomination and its change: all is as without them."""
    await changed(partnership, "m-1", [])
    await changed(partnership, "m-2", [*PASSING[:-1], *LASTING])
    assert await outcome(partnership, "m-2") == await outcome(partnership, "m-1")
    assert await partnership.count("cases") == 2
    assert await partnership.tasks() == []
