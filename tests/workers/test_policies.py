"""Policies: read whole or refused with the place of each fault; stored once, never changed in place."""

from datetime import date, datetime
from pathlib import Path

import asyncpg
import pytest

from activities.admission.messages import MESSAGES
from activities.admission.rounds import Round, store_round
from activities.kernel.queries import queries
from schemas.admission.policy import AdmissionPolicy
from schemas.admission.roles import Role
from schemas.kernel.deadlines import DeadlinePolicy
from workers.policies import (
    PolicyError,
    defaults_of,
    japanese_holidays,
    load_defaults,
    read_policy,
    store_policy,
)

DEFAULTS = defaults_of("admission")
READ = read_policy(DEFAULTS)
FIRST, *_ = READ.tables.rounds
ROUTES = sorted(READ.document.routes)


@pytest.fixture(scope="module")
def text() -> str:
    return DEFAULTS.read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path, text):
    """Write the defaults with one change and return the path."""

    def write(old: str, new: str) -> Path:
        assert old in text
        path = tmp_path / "policy.toml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


@pytest.fixture
async def connection(database):
    connection = await asyncpg.connect(database.url("owner"))
    yield connection
    await connection.close()


def deadlines(policy: AdmissionPolicy) -> list[DeadlinePolicy]:
    nested = (policy.review.answer, policy.review.score, policy.committee.vote)
    own = [value for _, value in policy if isinstance(value, DeadlinePolicy)]
    return [*own, *nested]


# reading


def test_the_defaults_are_a_policy() -> None:
    """Three routes, rounds for each of them, places."""
    document, tables = READ.document, READ.tables
    assert (document.process, document.valid_from) == ("admission-review", date(2026, 4, 1))
    assert set(document.routes) == {"comprehensive", "recommendation", "general"}
    assert {each.route for each in tables.rounds} == set(document.routes)
    assert all(count > 0 for count in tables.places.values())


def test_a_route_has_what_it_says_and_the_defaults_otherwise() -> None:
    """Only the general selection takes post, with its own parts."""
    routes = READ.document.routes
    assert [name for name, route in routes.items() if route.double_intake] == ["general"]
    assert [item.key for item in routes["general"].items] == ["transcript", "common-test", "fee"]
    assert routes["recommendation"].offer_reply == routes["general"].offer_reply


@pytest.mark.parametrize("route", ROUTES)
def test_every_reminder_of_the_defaults_can_be_written(route) -> None:
    """Each rung names a message that exists, for an audience that the message is for."""
    for deadline in deadlines(READ.document.routes[route]):
        for rung in deadline.ladder:
            for audience in rung.to:
                kind, _, role = audience.partition(":")
                assert not role or Role(role)
                expected = "staff" if kind in ("role", "assignee") else kind
                assert MESSAGES[rung.message].to == expected, rung


@pytest.mark.parametrize("route", ROUTES)
def test_no_ladder_has_a_key_twice(route) -> None:
    """A rung is known by its key."""
    for deadline in deadlines(READ.document.routes[route]):
        keys = [rung.key for rung in deadline.ladder]
        assert len(keys) == len(set(keys))


def test_the_rounds_are_those_of_the_general_selection() -> None:
    """The post is due by noon of 4 February, in Japan."""
    (general,) = [each for each in READ.tables.rounds if each.route == "general"]
    assert general.post_cutoff_at == datetime.fromisoformat("2027-02-04T12:00:00+09:00")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("process =", "process", "not TOML"),
        ('process = "admission-review"\n', "", "process is missing"),
        ("valid_from = 2026-04-01\n", "", "valid_from is missing"),
        ('process = "admission-review"', 'process = "exchange"', "no process is called exchange"),
        ("double_intake = false", "double_intak = false", r"\.double_intak: unknown"),
        ("quorum = 3", "quorum = 3\nquorom = 9", r"committee\.quorom: unknown"),
        ("maximum = 10", "maximum = 10\nmaximun = 9", r"review\.criteria\.0\.maximun: unknown"),
        ("casting-vote = 5,", "casting-vote = -5,", r"\.tasks\.of\.casting-vote"),
        ("valid_from = 2026-04-01", 'valid_from = "2026-04-01"', "valid_from: a date without quotes"),
        ("opens_at = 2026-09-01T00:00:00+09:00", "opens_at = 2026-09-01T00:00:00", "opens_at"),
        ('route = "comprehensive"', 'route = "nowhere"', "no route is called nowhere"),
        ('message = "items-chaser"', 'message = "item-chaser"', "no message is called item-chaser"),
        ('to = ["role:committee_chair"]', 'to = ["role:chairman"]', "nobody is called role:chairman"),
        ("quorum = 3", "quorum = 0", "committee.quorum"),
        ("days = 30\n", "days = -30\n", "completeness.days"),
        ("weight = 3", "weight = 0", "criteria.0.weight"),
        ('version = "default-1"', 'version = "default 1"', "version"),
        ('key = "motivation"', 'key = "academic"', "a key twice"),
        ('route = "comprehensive"\n', "", "route"),
        ('to = ["referee"]', 'to = "referee"', "ladder.0.to"),
        ("maximum = 10", "maximum = 0", "maximum"),
        ("[[rounds]]", "[[round]]", "round: unknown"),
        ("[events]", "[event]", "event: unknown"),
        ("science = 310", "science = -1", r"places\.science"),
        ("closes_at = 2027-02-03T23:59:59+09:00", "quota = 3", r"rounds\.2\.quota"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place(written, old, new, fault) -> None:
    """One sentence names what is wrong and where."""
    with pytest.raises(PolicyError, match=fault):
        read_policy(written(old, new))


def test_every_fault_is_named(tmp_path, written, text) -> None:
    """Two faults are two lines for each route that has them."""
    path = written("quorum = 3", "quorum = 0")
    path.write_text(path.read_text(encoding="utf-8").replace("load_cap = 6", "load_cap = 0"), "utf-8")
    with pytest.raises(PolicyError) as refused:
        read_policy(path)
    assert "committee.quorum" in str(refused.value)
    assert "review.load_cap" in str(refused.value)


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2027, 1, 1), True),
        (date(2027, 1, 3), True),
        (date(2027, 1, 4), False),
        (date(2026, 12, 29), True),
        (date(2026, 12, 28), False),
        (date(2027, 3, 22), True),
        (date(2026, 9, 22), True),
        (date(2031, 5, 6), True),
    ],
    ids=[
        "new year",
        "3 January",
        "4 January",
        "29 December",
        "28 December",
        "substitute",
        "between",
        "later",
    ],
)
def test_holidays_are_put_into_the_policy(day, closed) -> None:
    """National holidays with substitutes and days between, and the days on which offices are closed."""
    assert (day in japanese_holidays(date(2026, 4, 1))) == closed
    assert (day in READ.document.routes["general"].calendar.holidays) == closed


# storing


async def test_a_policy_is_stored_once(connection) -> None:
    """The same version with the same content again changes nothing."""
    document = READ.document
    assert await store_policy(connection, document, "office-1")
    assert not await store_policy(connection, document, "office-2")
    rows = await connection.fetch("SELECT version, loaded_by FROM iehe.policies")
    assert [tuple(row) for row in rows] == [("default-1", "office-1")]


async def test_a_stored_policy_is_never_changed(connection) -> None:
    """Other content under a known version is refused and leaves the stored one."""
    document = READ.document
    await store_policy(connection, document, "office-1")
    before = await connection.fetchval("SELECT sha256 FROM iehe.policies")
    other = document.model_copy(update={"valid_from": date(2027, 4, 1)})
    with pytest.raises(PolicyError, match="give the file a new version"):
        await store_policy(connection, other, "office-1")
    assert await connection.fetchval("SELECT sha256 FROM iehe.policies") == before


async def test_what_is_stored_is_what_was_read(connection) -> None:
    """The policy comes back from the database equal, holidays included."""
    document = READ.document
    await store_policy(connection, document, "office-1")
    body = await connection.fetchval("SELECT body FROM iehe.policies")
    assert type(document).model_validate_json(body) == document


async def test_a_round_is_stored_once_with_its_places(connection) -> None:
    """The second time nothing changes, not even the places."""
    places = READ.tables.places
    assert await store_round(connection, FIRST, places)
    assert not await store_round(connection, FIRST, {"science": 1})
    stored = await connection.fetch("SELECT programme, places FROM iehe.round_places")
    assert {row["programme"]: row["places"] for row in stored} == places


async def test_a_round_with_impossible_places_is_not_stored(connection) -> None:
    """Round and places come together or not at all."""
    with pytest.raises(asyncpg.CheckViolationError):
        await store_round(connection, FIRST, {"science": -1})
    assert await connection.fetchval("SELECT count(*) FROM iehe.rounds") == 0


async def test_the_defaults_do_not_touch_what_a_university_has_loaded(connection) -> None:
    """Where a policy is, neither one nor what comes with it is added."""
    own = READ.document.model_copy(update={"version": "own-1"})
    await store_policy(connection, own, "office-1")
    await store_round(connection, FIRST, {})
    await load_defaults(connection, "admission")
    assert await connection.fetchval("SELECT string_agg(version, ',') FROM iehe.policies") == "own-1"
    assert await connection.fetchval("SELECT count(*) FROM iehe.rounds") == 1


async def test_the_defaults_are_loaded_where_there_is_nothing(connection) -> None:
    """Once, however often the system starts."""
    for _ in range(2):
        await load_defaults(connection, "admission")
    assert await connection.fetchval("SELECT count(*) FROM iehe.policies") == 1
    assert await connection.fetchval("SELECT count(*) FROM iehe.rounds") == len(READ.tables.rounds)


def test_a_round_knows_no_other_field() -> None:
    """A mistyped field of a round is a fault."""
    with pytest.raises(ValueError, match="quota"):
        Round.model_validate({**FIRST.model_dump(), "quota": 3})


async def test_of_two_versions_for_one_day_the_later_loaded_holds(connection) -> None:
    """A correction loaded for the same day replaces the version before, whatever the two are called."""
    document = READ.document
    for version in ("z-first", "a-correction"):
        await store_policy(connection, document.model_copy(update={"version": version}), "office-1")

    in_force = queries("kernel/cases")["policy_in_force"]
    found = await connection.fetchval(in_force, document.process, "general", date(2027, 1, 1))

    assert found == "a-correction"
