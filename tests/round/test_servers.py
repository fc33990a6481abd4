"""A round and its applications before real servers: they know each other by links, lists and ledger alone."""

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import pytest
from google.protobuf.json_format import MessageToJson
from temporalio.client import Client, WorkflowHistory

from embedded.mail import MailCatcher, caught_mails
from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing
from schemas.admission.commands import AnswerOffer, RecordDecision, RecordEnrolment
from schemas.round.dates import MoveDates
from schemas.round.rejudgment import ConfirmRejudgment, OpenRejudgment
from tests.conftest import Database
from tests.office import DEFAULT_STAFF, Case, Institute, Refused, person
from tests.payloads import opened
from tests.round.bureau import Marks
from tests.round.rounds import ENROL_BY, RELEASE, ROLES, Round, Rounds, staffed
from tests.serving import serving
from workers.policies import load_defaults

NUMBER = "2027-COMPREHENSIVE"
STATE = "SELECT state FROM iehe.cases WHERE case_id = $1"


@dataclass
class Both:
    """The admissions office with its applications and its round."""

    institute: Institute
    rounds: Rounds
    mail: MailCatcher

    async def applied(self, *programmes: str) -> list[Case]:
        """Applications that wait for a list, the committee having admitted them."""
        cases = [await self.institute.apply(person(programme=each)) for each in programmes]
        for case in cases:
            await case.to_ranked()
        return cases


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.url("owner"))
    await staffed(connection)
    await load_defaults(connection, "admission")
    yield connection
    await connection.close()


@pytest.fixture
async def both(
    client: Client, database: Database, owner: asyncpg.Connection, mail: MailCatcher, ring: KeyRing
) -> AsyncIterator[Both]:
    pool = await asyncpg.create_pool(database.url("owner"), min_size=1, max_size=4)
    async with serving(client, database, mail, ring) as (skipper, office):
        institute = Institute(skipper.client, pool)
        await institute.employ(*(each for each in DEFAULT_STAFF if each.staff_id not in ROLES))
        yield Both(institute, Rounds(skipper, office, owner, CaseKeys(ring)), mail)
    await pool.close()


async def to_judging(made: Round, cases: list[Case], *values: int) -> None:
    """The applications have reported, scores are loaded, lists ranked."""
    await made.applied(len(cases))
    await made.forward(days=61)
    await made.until_stage("scoring")
    marks: Marks = {
        case.row.application_no: (value, value) for case, value in zip(cases, values, strict=True)
    }
    await made.scores(marks)
    await made.until_stage("judging")


async def test_applications_wait_for_the_lists_and_hear_at_the_hour(both: Both) -> None:
    """Nothing is decided in the cases; each is told once, and what it is told is no result."""
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    cases = await both.applied("law", "law", "law")
    with pytest.raises(Refused) as refused:
        await cases[0].decide(RecordDecision, "head-1", decision="offered")
    assert refused.value.code == "round-decides"
    await to_judging(made, cases, 90, 80, 70)
    await made.confirmed()
    hour = await made.scheduled()
    assert [await case.stage() for case in cases] == ["ranked"] * 3
    await made.clock(hour)
    await made.forward(days=RELEASE.days - 60)
    await made.until("stage <> 'confirmed'")
    await made.forward(minutes=1)
    await made.until_stage("enrolling")
    for case, stage in zip(cases, ("offered", "offered", "rejected"), strict=True):
        await case.until_stage(stage)
        assert [row["recipient_kind"] for row in await case.notices("result-ready")] == ["applicant"]
        assert {row["message"] for row in await case.notices()}.isdisjoint({"offer-made", "rejected"})
    assert (
        await both.rounds.owner.fetchval("SELECT offered FROM iehe.frames WHERE frame = $1", made.case_id)
        == 2
    )


async def test_an_answer_takes_the_place_and_a_withdrawal_frees_it(both: Both) -> None:
    """In the step of the application's case; the round gave it and does not have to be asked (I3)."""
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    cases = await both.applied("law", "law")
    await to_judging(made, cases, 90, 80)
    await made.released()
    for case in cases:
        await case.until_stage("offered")
    await cases[0].event("offer-answered", answer="accepted")
    await cases[1].event("withdrawal-requested", reason="other-university")
    await cases[0].until_stage("accepted")
    await cases[1].until_stage("withdrawn")
    owner = both.rounds.owner
    rows = await owner.fetch("SELECT case_id, state FROM iehe.places ORDER BY state DESC")
    assert [tuple(row) for row in rows] == [(cases[0].case_id, "taken"), (cases[1].case_id, "released")]
    frame = "SELECT offered, taken FROM iehe.frames WHERE frame = $1"
    assert tuple(await owner.fetchrow(frame, f"{made.case_id}/law")) == (0, 1)
    await made.until("EXISTS (SELECT FROM iehe.round_applications WHERE gone = 'other-university')")


async def test_moved_dates_reach_every_application_once(both: Both) -> None:
    """Before the result all of them; afterwards whose place is held for longer, in the ledger too."""
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    cases = await both.applied("law", "law")
    day = {"exam_on": (made.began + RELEASE - timedelta(days=20)).date()}
    await made.decide(MoveDates, "head-1", reason="disaster", **day)
    for case in cases:
        await case.until(lambda row: json.loads(row["state"])["moves_heard"] == 1)
    later = (await both.applied("law"))[0]
    assert json.loads(await both.rounds.owner.fetchval(STATE, later.case_id))["moves_heard"] == 1
    await to_judging(made, [*cases, later], 90, 80, 70)
    await made.released()
    await cases[0].until_stage("offered")
    until = made.began + ENROL_BY + timedelta(days=7)
    await made.decide(MoveDates, "head-1", reason="disaster", enrol_by=until)
    for case, letters in ((cases[0], 2), (cases[1], 2), (later, 0)):
        await case.until(lambda row: json.loads(row["state"])["moves_heard"] == 2)
        assert len(await case.notices("dates-moved")) == letters
    ends = "SELECT case_id, ends_at FROM iehe.places WHERE state = 'offered'"
    held = {row["case_id"]: row["ends_at"] for row in await both.rounds.owner.fetch(ends)}
    assert held == {case.case_id: until for case in cases}


async def test_a_round_that_opens_later_has_the_applications_that_wait_already(both: Both) -> None:
    """The head's task of deciding alone is over with it."""
    (case,) = await both.applied("law")
    assert "decide" in await case.tasks()
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    await made.until("(SELECT count(*) FROM iehe.round_applications) = 1")
    await case.until(lambda row: json.loads(row["state"])["judged_by"] == made.case_id)
    assert "decide" not in await case.tasks()


async def test_who_withdraws_before_the_lists_is_not_on_them(both: Both) -> None:
    """Before the hour a withdrawal is an input like any other; the round ranks anew (I9)."""
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    cases = await both.applied("law", "law")
    await to_judging(made, cases, 90, 80)
    await made.confirmed()
    await cases[0].event("withdrawal-requested", reason="personal")
    await made.until("stage = 'judging' AND (state ->> 'inputs')::int > 2")
    body = await both.rounds.owner.fetchval(
        "SELECT body FROM iehe.result_lists WHERE name = 'law' ORDER BY number DESC LIMIT 1"
    )
    said = {line["application"]: line["verdict"] for line in json.loads(body)["lines"]}
    numbers = [case.row.application_no for case in cases]
    assert said == {numbers[0]: "not-ranked", numbers[1]: "admitted"}


async def test_canary_no_score_rank_or_outcome_where_it_could_be_read(both: Both, capsys, caplog) -> None:
    """Neither in the round's history, made readable, nor in what Temporal keeps of applications in plain
    text, nor in a log, nor in any mail.
    """
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    cases = await both.applied("law", "law", "law")
    await to_judging(made, cases, 83, 71, 59)
    await made.released()
    for case, stage in zip(cases, ("offered", "offered", "rejected"), strict=True):
        await case.until_stage(stage)
    client = both.institute.client
    codec = client.data_converter.payload_codec
    assert codec is not None
    of_round = await opened([event async for event in made.handle.fetch_history_events()], codec)
    readable = b64_of(WorkflowHistory(made.case_id, of_round).to_json())
    assert '"lists"' in readable or "inputs-ranked" in readable
    plain = [json.dumps((await case.handle.fetch_history()).to_json_dict()) for case in cases]
    shown = [MessageToJson((await case.handle.describe()).raw_description) for case in cases]
    mails = [f"{caught.subject} {caught.text}" for caught in caught_mails(both.mail.folder)]
    # those that quiet hours hold are as they will be
    mails += [f"{row['message']} {row['facts']}" for case in cases for row in await case.notices()]
    output = capsys.readouterr()
    words = (
        "admitted",
        "waitlisted",
        "rejected",
        "not-admitted",
        "offered",
        "合格",
        "166",
        "142",
        "118",
        "83",
    )
    found = {
        "history of the round": [
            word
            for word in ("admitted", "166", "142", "118")
            if re.search(rf"(?<![0-9a-f.:]){word}\b", readable)
        ],
        "histories of applications": [
            word for text in plain for word in words[:5] if f'"{word}"' in text or f"{word}\\" in text
        ],
        "search attributes": [word for text in shown for word in words[:5] if word in b64_of(text)],
        "mails": [word for text in mails for word in words[:6] if word in text.replace("合格された方", "")],
        "logs": [word for word in words[:4] if word in output.out + output.err + caplog.text],
    }
    assert {place: words for place, words in found.items() if words} == {}
    assert all("decided" in b64_of(text) for text in shown)


def b64_of(text: str) -> str:
    """A description with its plain payloads made readable."""

    def read(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            if "data" in value and isinstance(value["data"], str):
                yield base64.b64decode(value["data"]).decode("utf-8", "replace")
            for each in value.values():
                yield from read(each)
        elif isinstance(value, list):
            for each in value:
                yield from read(each)

    return "\n".join(read(json.loads(text)))


# one enrolment a person and year, whatever schedule it is by -----------------------------------------------

EARLIER, LATER = "2027-comprehensive", "2027-recommendation"


@pytest.fixture
async def two(both: Both) -> tuple[Case, Case]:
    """One person's applications by two schedules of a year."""
    row = person(round_id=EARLIER)
    later = row.model_copy(
        update={"application_no": f"{row.application_no}-B", "programme": "law", "round_id": LATER}
    )
    return await both.institute.apply(row), await both.institute.apply(later)


async def enrolled(case: Case) -> None:
    await case.decide(RecordEnrolment, "office-1", result="enrolled")


async def accepted(*cases: Case) -> None:
    for case in cases:
        await case.to_offered()
        await case.decide(AnswerOffer, "office-1", answer="accepted")


async def test_r8_who_enrolled_in_an_earlier_schedule_is_not_admitted_in_a_later_one(
    two: tuple[Case, Case],
) -> None:
    """Enrolment ends the other application in its round, without a message; an acceptance alone does not."""
    first, second = two
    await second.until_stage("completeness")
    await accepted(first)
    assert await second.stage() == "completeness"
    silent_from = len(await second.notices())
    await enrolled(first)
    await second.until_stage("withdrawn")
    assert len(await second.notices()) == silent_from


async def test_r8_of_two_enrolments_in_one_moment_one_is(two: tuple[Case, Case]) -> None:
    """Both have accepted; the office enrols them at once: the second is refused, and ends."""
    await accepted(*two)
    answers = await asyncio.gather(*map(enrolled, two), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    await asyncio.gather(*(case.until(lambda row: row["stage"] in ("enrolled", "withdrawn")) for case in two))
    assert len(refused) == 1
    assert refused[0].code in ("enrolled-before", "wrong-stage", "case-closed")
    assert Counter([await case.stage() for case in two]) == {"enrolled": 1, "withdrawn": 1}


async def test_r8_an_application_that_comes_after_the_enrolment_ends_at_once(both: Both) -> None:
    """And one of another year does not."""
    institute = both.institute
    row = person(round_id=EARLIER)
    first = await institute.apply(row)
    await accepted(first)
    await enrolled(first)
    await institute.pool.execute(
        "INSERT INTO iehe.rounds SELECT '2028-recommendation', route, title_ja, title_en, opens_at,"
        " closes_at, post_cutoff_at, enrol_by + 366, waitlist_until + 366"
        " FROM iehe.rounds WHERE round_id = $1",
        LATER,
    )
    await institute.pool.execute(
        "INSERT INTO iehe.round_places SELECT '2028-recommendation', programme, places FROM iehe.round_places"
        " WHERE round_id = $1",
        LATER,
    )
    number = row.application_no
    again = await institute.apply(
        row.model_copy(update={"application_no": f"{number}-B", "programme": "law", "round_id": LATER})
    )
    await again.until_stage("withdrawn")
    next_year = await institute.apply(
        row.model_copy(update={"application_no": f"{number}-C", "round_id": "2028-recommendation"})
    )
    await next_year.until_stage("completeness")


async def test_an_error_after_the_release_is_put_right_in_the_case(both: Both) -> None:
    """Who was rejected for a wrong score is offered a place beyond the limit, and nobody else hears of it."""
    made = await both.rounds.announce(NUMBER)
    await made.fixed()
    cases = await both.applied("law", "law", "law")
    await to_judging(made, cases, 90, 80, 70)
    await made.released()
    for case, stage in zip(cases, ("offered", "offered", "rejected"), strict=True):
        await case.until_stage(stage)
    await made.decide(OpenRejudgment, "head-1", error="score-wrong", reason_id=await made.text())
    await made.scores({cases[2].row.application_no: (95, 95)})
    owner = both.rounds.owner
    await made.decide(ConfirmRejudgment, "checker-1", hash=await made.recomputed())
    await made.forward(minutes=1)
    await cases[2].until_stage("offered")
    await made.until("state ->> 'rejudgment' IS NULL")
    assert [len(await case.notices("result-ready")) for case in cases] == [1, 1, 2]
    assert [await case.stage() for case in cases] == ["offered"] * 3
    given = "SELECT offered, limit_ FROM iehe.frames WHERE frame = $1 || '/law'"
    assert tuple(await owner.fetchrow(given, made.case_id)) == (3, 2)
    codec = both.institute.client.data_converter.payload_codec
    assert codec is not None
    events = await opened([event async for event in made.handle.fetch_history_events()], codec)
    readable = b64_of(WorkflowHistory(made.case_id, events).to_json())
    assert "confirm-rejudgment" in readable
    number = cases[2].row.application_no
    assert not re.findall(rf"{number}|(?<![0-9a-f.:])(?:admitted|extra|190|140)\b", readable)
