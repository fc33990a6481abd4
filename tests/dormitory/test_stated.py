"""What a person states stands in rows of the room alone: no inbox, no history, no log holds it."""

from uuid import uuid4

import asyncpg
import pytest
from pydantic import ValidationError

from cases import facts
from cases.apart import put_apart
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.dormitory import commands
from schemas.dormitory.facts import PersonToldOf
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import FactTold
from tests.dormitory.hall import BEN, RUN, Hall, student
from workflows.dormitory.process import DORMITORY

KIND = DORMITORY.events["person-stated"]
STATED = {"mobility": student(1), "gender": "woman", "needs": ["accessible"], "partner": student(2)}


@pytest.fixture
def keys(ring: KeyRing) -> CaseKeys:
    return CaseKeys(ring)


def told(event_id: str, **stated: object) -> EventEnvelope:
    """As the portal sends it."""
    return EventEnvelope(
        id=event_id,
        source="portal",
        type=event_type(DORMITORY.name, "person-stated"),
        data={"person": STATED | stated},
    )


async def store(pool: asyncpg.Pool, keys: CaseKeys, event: EventEnvelope) -> EventEnvelope:
    """As every door does; what goes on of it."""
    case = {"process": DORMITORY.name, "case_id": RUN}
    apart, kept = facts.apart(keys, case, event)
    await facts.store(pool, case, apart, kept, keys)
    return apart


async def test_a_kept_value_is_given_to_the_room_and_a_mark_goes_on(
    hall: Hall, office_pool: asyncpg.Pool, keys: CaseKeys
) -> None:
    """In the transaction that stores the fact; the inbox and the steps of the case have the mark alone."""
    await hall.build("101-A:accessible")
    await hall.open()
    apart = await store(office_pool, keys, told(uuid4().hex))
    PersonToldOf.model_validate(apart.data)
    row = await hall.owner.fetchrow("SELECT * FROM iehe.dormitory_persons")
    assert (row["mobility"], row["gender"], row["needs"]) == (student(1), "woman", ["accessible"])
    await hall.take(RUN, FactTold(event=apart))
    await hall.asks(student(1))
    of_list = await hall.drawn()
    await hall.decide(commands.ConfirmRun, BEN, hash=of_list)
    await hall.decide(commands.Offer, hash=of_list)
    assert await hall.bed(student(1)) == "101-A"
    for table in ("events", "case_log", "cases", "facts", "place_queue", "place_log", "notices"):
        rows = await hall.owner.fetch(f"SELECT t::text AS t FROM iehe.{table} AS t")  # noqa: S608 - its tables
        assert not [row for row in rows if "woman" in row["t"] or "gender" in row["t"]], table
        assert not [row for row in rows if '"accessible"' in row["t"] and table != "place_queue"], table


async def test_the_same_fact_told_twice_has_the_same_mark(
    hall: Hall, office_pool: asyncpg.Pool, keys: CaseKeys
) -> None:
    """So it counts once; told otherwise under its id it is refused, and nothing of it is kept."""
    await hall.open()
    first = await store(office_pool, keys, told("one"))
    assert (await store(office_pool, keys, told("one"))).data == first.data
    with pytest.raises(Refusal, match="id"):
        await store(office_pool, keys, told("one", gender="man"))
    assert await hall.owner.fetchval("SELECT gender FROM iehe.dormitory_persons") == "woman"
    other = await store(office_pool, keys, told("two"))
    assert other.data != first.data, "nobody sees whether two persons have stated the same"


async def test_a_mark_that_is_sent_is_not_taken_for_what_somebody_stated(
    hall: Hall, office_pool: asyncpg.Pool, keys: CaseKeys
) -> None:
    """Only the door makes marks: the room refuses a value that is none."""
    await hall.open()
    event = told("one").model_copy(update={"data": {"person": "A" * 16}})
    with pytest.raises(asyncpg.PostgresError, match="person-unstated"):
        await store(office_pool, keys, event)


def test_what_is_kept_is_checked_before(keys: CaseKeys) -> None:
    """A gender that is none, a need that is none: refused at the door, by the model."""
    for wrong in ({"gender": "w"}, {"needs": ["x"]}, {"arrears_months": -1}):
        with pytest.raises(ValidationError):
            PersonToldOf.model_validate({"person": STATED | wrong})
    put = put_apart(keys, DORMITORY, KIND, "NORTH-27S", "portal", "one", {"person": STATED})
    assert "woman" not in str(put.data)


async def test_the_house_reads_needs_as_codes_and_nothing_else_that_was_stated(
    hall: Hall, office_pool: asyncpg.Pool
) -> None:
    """The database gives the staff's doors no gender, no partner, no arrears."""
    await hall.open()
    await hall.states(student(1), gender="woman", needs=["family"])
    rows = await office_pool.fetch("SELECT mobility, needs FROM iehe.dormitory_persons")
    assert [row["needs"] for row in rows] == [["family"]]
    for column in ("gender", "partner", "arrears_months", "broke_rules", "shares_with"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await office_pool.fetch(f"SELECT {column} FROM iehe.dormitory_persons")  # noqa: S608 - named here
