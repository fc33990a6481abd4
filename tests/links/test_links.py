"""Facts between processes: told once, delivered to each receiver by itself, whatever happens meanwhile."""

import pytest

from tests.links.conftest import Places
from tests.links.processes import READER


async def test_l3_a_fact_reaches_the_case_that_it_names(places: Places) -> None:
    """It is in the receiver's log, and both cases' pages know of it."""
    note, reader = await places.open("note"), await places.open("reader")
    async with places.relay():
        await places.tell(note, "day", "first", case=reader)
        await places.until(lambda: places.heard(reader), ["first"])
    assert await places.deliveries() == [(1, "delivered", None)]
    assert await places.reaches() == [(reader, "told")]
