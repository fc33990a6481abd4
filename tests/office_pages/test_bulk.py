"""One decision for many cases on pages: chosen, checked, answered case by case, whoever dies in between."""

import asyncio
import re
from uuid import UUID

import pytest

from cases import bulk
from tests.office_pages.institute import House, Person, house

__all__ = ["house"]

pytestmark = pytest.mark.timeout(120)
WORDS = "一括の理由 canary-bulk"
DECISION = "confirm-eligibility"


class DiedError(Exception):
    """The runner died."""


@pytest.fixture
async def office(house: House) -> Person:
    return await house.at("office-1")


@pytest.fixture
async def eligible(house: House) -> list[str]:
    """Three cases that wait for the office's word."""
    return sorted(await asyncio.gather(*(house.eligible() for _ in range(3))))


async def checked(person: Person, case_ids: list[str], **typed: str):
    """The check page of a decision for some cases."""
    query = "&".join(f"case={each}" for each in case_ids)
    choice = await person.get(f"/bulk?{query}")
    assert choice.status_code == 200, choice.text
    seen = re.findall(r'name="case" value="([^"]+)"', choice.text)
    form = await person.post("/bulk", {"case": seen, "bulk_decision": DECISION, "step": "ask"})
    assert form.status_code == 200, form.text
    return await person.press(form, "check", **typed)


async def begun(person: Person, case_ids: list[str]) -> UUID:
    """A run that has begun; nobody is at it yet."""
    check = await checked(person, case_ids, eligible="yes", reason=WORDS)
    assert check.status_code == 200, check.text
    answer = await person.press(check, "do")
    assert answer.status_code == 303, answer.text
    return UUID(answer.headers["location"].rpartition("/")[2])


async def go_on(house: House, run: UUID, die_at: str | None = None) -> None:
    """What a runner does, until it is done or dies."""

    async def fault(point: str) -> None:
        if point == die_at:
            raise DiedError(point)

    gateway = house.gateway
    await bulk.go_on(gateway.pool, gateway.connected_to, gateway.vault, run, fault)


async def a_minute_later(house: House) -> None:
    """What is tried again then."""
    await house.owner.execute("UPDATE iehe.bulk_cases SET tried_at = tried_at - interval '1 minute'")
    await house.app.state.bulk.work()


async def states(house: House, run: UUID) -> dict[str, tuple[str, str | None]]:
    rows = await house.owner.fetch("SELECT * FROM iehe.bulk_cases WHERE bulk_id = $1 ORDER BY place", run)
    return {row["case_id"]: (row["state"], row["code"]) for row in rows}


async def decided(house: House, case_ids: list[str]) -> list[int]:
    """How often each case was decided."""
    return [(await house.steps(each)).count(DECISION) for each in case_ids]


async def test_more_cases_than_a_run_takes_are_refused_and_none_is_left_out(office: Person) -> None:
    query = "&".join(f"case=admission/none-{each}" for each in range(bulk.MOST + 1))
    answer = await office.get(f"/bulk?{query}")
    assert answer.status_code == 422
    assert str(bulk.MOST) in answer.text


async def test_each_case_gets_its_own_answer(house, office, eligible):
    """Nothing counts before the button; then each is decided, with the words of all kept for each."""
    check = await checked(office, eligible, eligible="yes", reason=WORDS)
    assert all(each in check.text for each in eligible)
    assert await house.owner.fetchval("SELECT count(*) FROM iehe.bulk_runs") == 0
    assert await decided(house, eligible) == [0, 0, 0]
    place = (await office.press(check, "do")).headers["location"]
    waiting = await office.get(place)
    assert "0 of 3 cases are answered; 0 of them not done." in waiting.text
    await house.app.state.bulk.work()
    page = await office.get(place)
    assert "3 of 3 cases are answered; 0 of them not done." in page.text
    assert await decided(house, eligible) == [1, 1, 1]
    kept = "SELECT count(*) FROM iehe.texts WHERE case_id = ANY ($1)"
    assert await house.owner.fetchval(kept, eligible) == 3


async def test_the_same_form_again_is_the_same_run(house, office, eligible):
    """Before the run has ended and after it: led to the run, nothing begun and nothing decided again."""
    check = await checked(office, eligible, eligible="yes")
    places = [(await office.press(check, "do")).headers["location"] for _ in range(2)]
    await house.app.state.bulk.work()
    answer = await office.press(check, "do")
    assert {*places, answer.headers["location"]} == {places[0]}
    await house.app.state.bulk.work()
    assert await decided(house, eligible) == [1, 1, 1]


async def test_a_stale_case_is_refused_and_named(house, office, eligible):
    """One that changed meanwhile, or was decided otherwise, is not done and says why; the others are."""
    check = await checked(office, eligible, eligible="yes", reason=WORDS)
    other = await house.at("head-1")
    fact = await other.get(f"/cases/{eligible[0]}/facts/document-received")
    assert (await other.press(fact, "do", item="recommendation")).status_code == 303
    question = await other.get(f"/cases/{eligible[1]}/do/{DECISION}")
    assert (await other.press(question, "do", eligible="yes")).status_code == 303
    answer = await office.press(check, "do")
    assert answer.status_code == 303, answer.text
    await house.app.state.bulk.work()
    run = UUID(answer.headers["location"].rpartition("/")[2])
    found = await states(house, run)
    assert found[eligible[2]] == ("done", None)
    assert {found[each][0] for each in eligible[:2]} == {"refused"}
    assert found[eligible[0]][1] == "stale-version"
    page = (await office.get(answer.headers["location"])).text
    assert "3 of 3 cases are answered; 2 of them not done." in page
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL)
    assert all(re.search(r"not done</td><td>.+</td>", row) for row in rows if eligible[2] not in row)
    assert await decided(house, eligible) == [0, 1, 1]


@pytest.mark.parametrize("point", ["decided", "answered"])
async def test_a_runner_that_dies_is_followed_by_another(house, office, eligible, point):
    """Between a decision and its answer, or after it: gone on where it was, nothing decided twice."""
    run = await begun(office, eligible)
    for _ in range(2):
        with pytest.raises(DiedError):
            await go_on(house, run, point)
    await go_on(house, run)
    assert await states(house, run) == dict.fromkeys(eligible, ("done", None))
    assert await decided(house, eligible) == [1, 1, 1]
    ended = "SELECT ended_at IS NOT NULL FROM iehe.bulk_runs WHERE bulk_id = $1"
    assert await house.owner.fetchval(ended, run)


async def test_two_runners_at_once_decide_once(house, office, eligible):
    """One of them works; the other one leaves it alone."""
    run = await begun(office, eligible)
    await asyncio.gather(*(go_on(house, run) for _ in range(3)))
    assert await states(house, run) == dict.fromkeys(eligible, ("done", None))
    assert await decided(house, eligible) == [1, 1, 1]


async def test_a_case_that_cannot_be_decided_hinders_no_other(house, office, eligible):
    """One that cannot be opened with the keys that are here waits, says so, and is tried a minute later."""
    run = await begun(office, eligible)
    key = await house.owner.fetchrow("SELECT * FROM iehe.case_keys WHERE case_id = $1", eligible[0])
    change = "UPDATE iehe.case_keys SET class_key = $2 WHERE case_id = $1"
    await house.owner.execute(change, eligible[0], "admission-lost")
    await house.app.state.bulk.work()
    others = dict.fromkeys(eligible[1:], ("done", None))
    assert await states(house, run) == {eligible[0]: ("waiting", "not-decided-yet"), **others}
    assert "by a fault of the system" in (await office.get(f"/bulk/{run}")).text
    await house.owner.execute(change, eligible[0], key["class_key"])
    await a_minute_later(house)
    assert await states(house, run) == {eligible[0]: ("done", None), **others}


async def test_a_case_whose_workflow_is_lost_hinders_no_other(house, office, eligible):
    """It waits for who restarts it; what is left of the run goes on at the next look."""
    run = await begun(office, eligible)
    handle = house.gateway.client.get_workflow_handle(eligible[0])
    await handle.terminate()
    for _ in range(2):
        await house.app.state.bulk.work()
    others = dict.fromkeys(eligible[1:], ("done", None))
    assert await states(house, run) == {eligible[0]: ("waiting", "workflow-lost"), **others}
    assert "then it is asked again by itself" in (await office.get(f"/bulk/{run}")).text


async def test_a_run_is_seen_by_its_author_alone(house, office, eligible):
    """To everybody else it is not there, whatever they see of its cases."""
    run = await begun(office, eligible)
    assert (await office.get(f"/bulk/{run}")).status_code == 200
    for who in ("head-1", "auditor-1", "admin-1", "house-1"):
        assert (await (await house.at(who)).get(f"/bulk/{run}")).status_code == 404, who


async def test_what_was_typed_is_sealed_and_goes_with_the_answer(house, office, eligible):
    """No clear word of it in the run, and nothing at all once a case is answered."""
    run = await begun(office, eligible)
    told = "SELECT * FROM iehe.bulk_cases WHERE bulk_id = $1"
    rows = await house.owner.fetch(told, run)
    assert not any(b"canary" in bytes(row["sealed"]) for row in rows)
    await go_on(house, run)
    assert all(row["sealed"] is None for row in await house.owner.fetch(told, run))


async def test_who_may_no_longer_decides_nothing(house, eligible):
    """The roles are those of the moment at which each case is decided."""
    await house.owner.execute(
        "UPDATE iehe.staff SET roles = '{admissions_office}' WHERE staff_id = 'nobody-1'"
    )
    person = await house.person("nobody-1")
    run = await begun(person, eligible)
    await house.owner.execute("UPDATE iehe.staff SET roles = '{}' WHERE staff_id = 'nobody-1'")
    await go_on(house, run)
    assert {state for state, _ in (await states(house, run)).values()} == {"refused"}
    assert await decided(house, eligible) == [0, 0, 0]


async def test_cases_of_two_processes_or_out_of_sight_are_not_chosen(house, office, eligible):
    """404, whichever of them it is."""
    for other in (house.cases["support"], house.cases["exchange"], "admission/NONE"):
        answer = await office.get(f"/bulk?case={eligible[0]}&case={other}")
        assert answer.status_code == 404, other
    auditor = await house.at("auditor-1")
    answer = await auditor.get(f"/bulk?case={eligible[0]}&case={house.cases['exchange']}")
    assert answer.status_code == 404
