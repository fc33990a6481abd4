"""A clerk who answers, swaps, moves and closes at random, in a process that is killed in the middle of it."""

import asyncio
import random
import sys
from datetime import date, timedelta

import asyncpg

from activities.kernel.database import open_pool
from schemas.kernel.refusals import Refusal
from tests.places.lending import ALLOCATOR, NOW, Lending, line

HALL = "lending/north"
BEDS = 4
STUDENTS = 12
DAYS = 6


def line_of(chance: random.Random) -> dict[str, object]:
    """A bed for some days."""
    first = date(2027, 4, 1) + timedelta(days=chance.randrange(DAYS))
    until = first + timedelta(days=chance.randint(1, 3))
    return line(HALL, 1, f"{HALL}/{chance.randrange(BEDS)}", first, until)


async def once(clerk: Lending, chance: random.Random) -> None:
    """One act of somebody; what is refused is an answer too."""
    case_id, other = (f"lending/S{number}" for number in chance.sample(range(STUDENTS), 2))
    place = f"{case_id}#bed"
    clerk.now = NOW + timedelta(hours=chance.randint(-1, 1))
    end = (NOW + timedelta(hours=chance.randint(-1, 1))).isoformat()
    acts = [
        (case_id, "claim", {"lines": [line_of(chance)], "state": chance.choice(["held", "taken"])}),
        (case_id, "claim", {"lines": [line_of(chance)], "state": "offered", "ends_at": end}),
        (case_id, "take", {}),
        (case_id, "lapse", {}),
        (case_id, "release", {"why": "withdrawn"}),
        (case_id, "move", {"lines": [line_of(chance)]}),
        (ALLOCATOR, "swap", {"other": f"{other}#bed"}),
    ]
    closing = (ALLOCATOR, "block", {"place": f"closed-{chance.randrange(3)}", "lines": [line_of(chance)]})
    opening = (ALLOCATOR, "release", {"place": f"closed-{chance.randrange(3)}", "why": "repaired"})
    of_case, method, given = chance.choice([*acts, *acts, closing, opening])
    try:
        await clerk.act(of_case, method, **{"place": place, **given})
    except Refusal:
        return


def say(word: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(url: str, seed: str) -> None:
    """Work until killed; a line for each act before it and after it."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable mixture
    pool = await open_pool(url, size=2)
    owner = await asyncpg.connect(url)
    opened = {row["case_id"] for row in await owner.fetch("SELECT case_id FROM iehe.cases")}
    clerk = Lending(pool, owner, opened=opened)
    while True:
        say("begins")
        await once(clerk, chance)
        say("ended")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
