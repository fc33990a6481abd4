"""What a process does as soon as rows of its own wait for it."""

import asyncio

import pytest

from activities.kernel import errands
from activities.kernel.errands import Errand, each_by_itself, run_errands
from activities.kernel.scheduled import Tools
from embedded.concurrency import cancelled

TOOLS = Tools(None, None, {})


async def test_one_that_fails_holds_up_no_other(monkeypatch) -> None:
    """It is tried again, the others are done meanwhile, and all end when they are told to."""
    monkeypatch.setattr(errands, "LOOK_EVERY", 0.001)
    done: list[str] = []

    async def fail(_tools: Tools) -> bool:
        done.append("failed")
        raise OSError("away")

    async def work(_tools: Tools) -> bool:
        done.append("worked")
        return len(done) < 3

    running = asyncio.create_task(run_errands(TOOLS, [Errand("one", fail), Errand("other", work)]))
    async with asyncio.timeout(10):
        while done.count("failed") < 2 or done.count("worked") < 4:
            await asyncio.sleep(0)
    await cancelled(running)
    assert running.cancelled()


async def test_of_several_works_each_comes_to_its_end() -> None:
    """The first failure is raised when all have ended."""
    done: list[int] = []

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        if number == 1:
            raise OSError("away")
        done.append(number)

    with pytest.raises(OSError, match="away"):
        await each_by_itself(work(number) for number in (1, 2, 3))
    assert done == [2, 3]
