"""A house office that swaps, relocates and closes at random, in a process that is killed."""

import asyncio
import random
import sys
from datetime import date, timedelta

import asyncpg

from activities.kernel.database import open_pool
from schemas.dormitory import commands
from schemas.kernel.refusals import Refusal
from tests.dormitory.hall import BEGIN, Hall, student

STUDENTS = 16
ROOMS = ("101", "102", "103", "104", "105", "106")


async def once(hall: Hall, chance: random.Random) -> None:
    """One act of somebody; what is refused is an answer too."""
    one, other = (student(number) for number in chance.sample(range(STUDENTS), 2))
    match chance.randrange(6):
        case 0:
            await hall.says_yes(one)
        case 1:
            await hall.says_no(one)
            await hall.freed()
        case 2:
            bed = f"{chance.choice(ROOMS)}-{chance.choice('AB')}"
            await hall.decide(commands.Relocate, mobility=one, bed=bed, reason="other")
        case 3:
            first = date(2027, 4, 1) + timedelta(days=chance.randrange(100))
            closing = {"first": first, "until": first + timedelta(days=7), "reason": "repair"}
            await hall.decide(commands.CloseRoom, room=chance.choice(ROOMS), **closing)
        case 4:
            await hall.let_time_pass(days=2)
        case _:
            await hall.decide(commands.SwapBeds, mobility=one, other=other)
            for swap, between in (await hall.state()).swaps.items():
                for each in between[:2]:
                    await hall.decide(commands.AnswerSwap, swap=swap, mobility=each, answer="yes")


def say(word: str) -> None:
    """A line, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(url: str, owner_url: str, seed: str) -> None:
    """Work until killed; a line for each act."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable mixture
    hall = Hall(await open_pool(url, size=2), await asyncpg.connect(owner_url), BEGIN + timedelta(days=12))
    while True:
        try:
            await once(hall, chance)
        except Refusal as refusal:
            say(refusal.code)
        except asyncpg.PostgresError as error:
            say(error.message or "refused")
        else:
            say("done")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
