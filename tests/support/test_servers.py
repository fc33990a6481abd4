"""Support cases before real servers: door, relay, worker, mail, and what must be found nowhere."""

import asyncio
import json

from temporalio.client import WorkflowHistory

from schemas.kernel.case import Acknowledge
from schemas.support import commands
from tests.support.office import CANARIES, Office
from tests.words import words_of


async def test_a_referral_becomes_a_case_with_its_clocks(office: Office) -> None:
    """From the helpdesk's event to a triaged case with an owner, spoken to, resolved, closed."""
    case = await office.refer()
    assert await case.until_sent("referral-received") == ["referrer"]
    await case.assign()
    assert await case.until_sent("case-yours") == ["counsellor-1"]
    await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
    assert await case.until_sent("contact-made") == ["referrer"]
    await case.decide(commands.Resolve, "counsellor-1", code="helped")
    await case.forward(days=20)
    row = await case.until("closed_at IS NOT NULL")
    assert row["outcome"] == "closed"


async def test_the_same_ticket_is_the_same_case_and_its_id_tells_nothing(office: Office) -> None:
    """Facts under the ticket's number reach the case; the number is no part of its id."""
    case = await office.refer()
    assert case.reference not in case.handle.id
    await case.event("early-alert", course="algebra-1", code="absent")
    steps = await office.owner.fetch("SELECT step FROM iehe.case_log WHERE case_id = $1", case.handle.id)
    assert "early-alert" in [row["step"] for row in steps]


async def test_e06_danger_is_paged_and_climbs_in_moved_time(office: Office) -> None:
    """At once to the first, every five minutes, then the second; answered, nobody more (iris 542)."""
    case = await office.refer(danger=True)
    assert await case.until_sent("page") == ["duty-1"]
    await case.forward(minutes=16)
    assert await case.until_sent("page", 4) == ["duty-1", "duty-1", "duty-1", "duty-2"]
    await case.decide(Acknowledge, "duty-2", deadline="page")
    await case.forward(minutes=20)
    assert await case.sent("page") == ["duty-1", "duty-1", "duty-1", "duty-2"]
    assert (await office.owner.fetchval("SELECT count(*) FROM iehe.support_pages")) == 4


async def test_p01_names_and_words_are_found_where_they_belong_alone(office: Office) -> None:
    """In no history, search attribute, inbox, log, mail: only in the sealed texts of the case."""
    case = await office.refer()
    await case.assign()
    await case.event("message-arrived", thread="t1", direction="in", words="もう行きたくない（見本）")
    await case.until_sent("case-news")
    found = [*CANARIES, "行きたくない"]
    texts = await words_of(office.owner, office.skipper.client, case.handle.id)
    assert any("花子" in (words or "") for words in texts), "what is looked for elsewhere is here"
    history: WorkflowHistory = await case.handle.fetch_history()
    decoded = [
        await office.skipper.client.data_converter.decode([payload])
        for event in history.events
        for payload in _payloads(event)
    ]
    places = {
        "history": history.to_json(),
        "decoded": json.dumps(decoded, default=str, ensure_ascii=False),
        "attributes": str((await case.handle.describe()).typed_search_attributes),
        "mail": "\n".join(path.read_text(errors="replace") for path in office.mail.folder.rglob("*.eml")),
    }
    for table in (
        "events",
        "cases",
        "case_log",
        "tasks",
        "notices",
        "support_referrals",
        "deadlines",
        "texts",
    ):
        rows = await office.owner.fetch(f"SELECT t::text FROM iehe.{table} t")  # noqa: S608 - names from here
        places[table] = "\n".join(row[0] for row in rows)
    for place, text in places.items():
        for canary in found:
            allowed = place == "mail" and canary in ("見本 太郎", "taro@", "hanako")
            assert allowed or canary not in text, f"{canary} in {place}"


def _payloads(event):
    for _name, value in event.ListFields():
        if hasattr(value, "input") and value.input.payloads:
            yield from value.input.payloads


async def test_e18_whom_it_is_against_gets_nothing_from_the_first_message_on(office: Office) -> None:
    """Named in the referral: out of the first page already."""
    case = await office.refer(danger=True, concerned=["duty-1"])
    assert await case.until_sent("page") == ["duty-2"]
    rows = await office.owner.fetch("SELECT recipient_id FROM iehe.notices WHERE recipient_id = 'duty-1'")
    assert rows == []


async def test_invariant_2_acknowledgement_against_timer_has_one_outcome(office: Office) -> None:
    """Both at the same moment: either the page was out first or it never goes out."""
    case = await office.refer(danger=True)
    await case.until_sent("page")
    await asyncio.gather(
        case.forward(minutes=5), case.decide(Acknowledge, "duty-1", deadline="page"), return_exceptions=True
    )
    steps = [
        row["step"]
        for row in await office.owner.fetch(
            "SELECT step FROM iehe.case_log WHERE case_id = $1 ORDER BY version", case.handle.id
        )
    ]
    assert steps.count("acknowledge") == 1
    assert "remind" not in steps[steps.index("acknowledge") :]


async def test_e04_a_silent_owner_loses_the_case_in_moved_time(office: Office) -> None:
    """By the database: one owner or one queue at every moment."""
    case = await office.refer()
    await case.assign()
    await case.forward(days=8)
    await case.until("stage = 'triaged'")
    rows = await office.owner.fetch(
        "SELECT owner, until FROM iehe.support_ownership WHERE case_id = $1 ORDER BY since, version",
        case.handle.id,
    )
    assert [row["until"] is None for row in rows].count(True) == 1
    assert rows[-1]["owner"] is None
