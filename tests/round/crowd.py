"""Those who look for their result as soon as it is out: their lists, and what the portal asks for them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from tests.round.bureau import CASE, application
from tests.round.portal import Reader, uri_of

PROGRAMMES: Final = ("elec", "law", "mech", "music")
VERDICTS: Final = ("admitted", "waitlisted", "not-admitted", "not-ranked")
CHOICES: Final = 2
_PREPARED, _CONFIRMED = "office-1", "checker-1"


def number_of(place: int) -> str:
    """The examinee's number."""
    return f"A{place:06}"


def results_of(place: int) -> list[dict[str, Any]]:
    """What the lists say of an application, the most wanted choice first."""
    found = []
    for choice in range(1, CHOICES + 1):
        programme = PROGRAMMES[(place + choice) % len(PROGRAMMES)]
        verdict = VERDICTS[(place // 7 + choice) % len(VERDICTS)]
        waits = {"waitlist": place} if verdict == "waitlisted" else {}
        said = {"programme": programme, "frame": programme, "choice": choice, "verdict": verdict}
        found.append(said | waits)
    return found


async def fill(owner: asyncpg.Connection, count: int) -> None:
    """The lists of a round of so many, confirmed by the functions of the database that its steps call."""
    by_programme: dict[str, list[dict[str, Any]]] = {name: [] for name in PROGRAMMES}
    for place in range(count):
        for said in results_of(place):
            line = {"subject": application(number_of(place)), "result": said}
            by_programme[said["programme"]].append(line)
    for name, lines in by_programme.items():
        body = json.dumps({"programme": name, "lines": len(lines)}).encode()
        await owner.execute(
            "SELECT iehe.make_result_list($1, $2, $3, '1', $4, '{}', $5)",
            *(CASE, name, "0" * 64, body, json.dumps(lines)),
        )
        said = await owner.fetchval(
            "SELECT jsonb_build_object('name', name, 'hash', hash) FROM iehe.result_lists"
            " WHERE case_id = $1 AND name = $2",
            *(CASE, name),
        )
        for step, by in (("prepared", _PREPARED), ("confirmed", _CONFIRMED)):
            await owner.execute(f"SELECT iehe.host_result_{step}($1, 1, now(), $2, $3)", CASE, by, said)
    await owner.execute("ANALYZE iehe.result_lines, iehe.result_lists")


async def release(owner: asyncpg.Connection, seconds: float) -> float:
    """All lists are out in so many seconds by the server's clock; that hour by this machine's clock."""
    hour: datetime = await owner.fetchval("SELECT iehe.clock() + $1 * interval '1 second'", seconds)
    said = {"release": f"{CASE}#1", "names": PROGRAMMES, "hour": hour.isoformat()}
    await owner.execute(
        "SELECT iehe.host_results_released($1, 2, now(), 'head-1', $2)", CASE, json.dumps(said)
    )
    return hour.timestamp()


@dataclass(frozen=True, slots=True)
class Told:
    """An answer: whose, when it was asked and told (seconds since 1970), and what."""

    place: int
    asked_at: float
    told_at: float
    status: int
    body: bytes

    @property
    def right(self) -> bool:
        """Whether it is what the lists say of that application, all of it."""
        if self.status != 200:
            return False
        told = json.loads(self.body)["results"]
        named = ("programme", "frame", "choice", "verdict", "waitlist")
        said = [{name: each[name] for name in named if each[name] is not None} for each in told]
        numbers = {each["number"] for each in told}
        return said == results_of(self.place) and numbers <= {1}

    @property
    def empty(self) -> bool:
        """Whether it says that nothing is out."""
        return self.status == 200 and json.loads(self.body) == {"results": []}


def question(reader: Reader, host: str, place: int) -> bytes:
    """A signed question as it goes over the wire."""
    path = f"/round/results/{number_of(place)}"
    signed = "".join(f"{name}: {value}\r\n" for name, value in reader.signed(path).items())
    target = f"{path}?source={uri_of(reader.name)}"
    return f"GET {target} HTTP/1.1\r\nhost: {host}\r\n{signed}\r\n".encode()


async def ask(
    reader: Reader,
    host: str,
    port: int,
    places: Iterable[int],
    *,
    connections: int,
    until: float | None = None,
) -> list[Told]:
    """Ask for each, so many at once, over connections that are kept.

    Args:
        reader: who asks.
        host: of the gateway.
        port: of the gateway.
        places: whose results.
        connections: how many at once.
        until: seconds since 1970 after which nothing more is asked.
    """
    waiting = iter(places)
    told: list[Told] = []

    async def work() -> None:
        async with _connection(host, port) as (reading, writing):
            for place in _while(waiting, until):
                made = question(reader, host, place)
                asked_at = time.time()
                writing.write(made)
                head = (await reading.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                body = await reading.readexactly(length)
                told.append(Told(place, asked_at, time.time(), int(head.split()[1]), body))

    await asyncio.gather(*(work() for _ in range(connections)))
    return told


def _while(waiting: Iterator[int], until: float | None) -> Iterator[int]:
    for each in waiting:
        if until is not None and time.time() >= until:
            return
        yield each


@asynccontextmanager
async def _connection(
    host: str, port: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reading, writing = await asyncio.open_connection(host, port)
    try:
        yield reading, writing
    finally:
        writing.close()
