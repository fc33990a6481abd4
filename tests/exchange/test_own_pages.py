"""A student does by the link in a letter what is to be done: real letters, real page, real case."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from temporalio.client import Client

from activities.kernel.acting import acting_for
from activities.kernel.delivering import start_delivery
from activities.kernel.document_store import DocumentStore, open_store
from cases.finding import find_case
from cases.homes import home_of
from cases.own_pages import send_link
from embedded.mail import MailCatcher, caught_mails
from encryption.answer_links import token_of
from encryption.ring import KeyRing
from gateway.app import create_app
from gateway.context import Gateway
from schemas.exchange import commands
from schemas.kernel.document_commands import RejectDocument
from schemas.kernel.refusals import Refusal
from tests.documents.desk import png
from tests.exchange.office import BEGINS, Institute, Mobility

LINK = re.compile(r"http://gateway(/answers/[A-Za-z0-9_-]+)")
STUDENT, PARTNER = "student@example.com", "coordinator@example.edu"


@pytest.fixture
def store(tmp_path) -> DocumentStore:
    folder = tmp_path / "documents"
    folder.mkdir()
    return open_store(folder.as_uri(), {})


@pytest.fixture
async def browser(
    institute: Institute, client: Client, ring: KeyRing, store: DocumentStore
) -> AsyncIterator[httpx2.AsyncClient]:
    gateway = Gateway(institute.door, client, ring, None, "http://gateway", "http://ui", documents=store)
    door = httpx2.ASGITransport(create_app(gateway), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=door, base_url="http://gateway") as http:
        yield http


def links(mail: MailCatcher, to: str) -> list[str]:
    """The links in the letters to one reader, in the order in which they came."""
    letters = [each.text for each in caught_mails(mail.folder) if each.recipients[0] == to]
    return [found[1] for text in letters if (found := LINK.search(text))]


async def link(case: Mobility, mail: MailCatcher, to: str = STUDENT) -> str:
    """The link in the last letter, after all letters are out."""
    await case.sent()
    return links(mail, to)[-1]


async def press(browser: httpx2.AsyncClient, at: str, act: str, **values: str) -> httpx2.Response:
    """Fill in a form as the page shows it, and send it."""
    page = (await browser.get(at)).text
    seen = re.search(r'name="seen" value="([0-9]+)"', page)
    assert seen is not None
    return await browser.post(at, data={"act": act, "seen": seen[1], **values})


async def test_a_student_applies_by_the_link(institute: Institute, mail, browser) -> None:
    """Documents one by one, then the application: each reaches the case; what is done moves down the page."""
    case = await institute.nominate()
    await case.verify()
    at = await link(case, mail)
    page = await browser.get(at)
    assert page.status_code == 200
    assert page.text.count('type="file"') == 6
    for said in ("出願を提出する", "Hand in the application", "期限：", "Why:", "取り下げる"):
        assert said in page.text
    sent = await browser.post(at, data={"document": "photo"}, files={"file": ("x", png(), "image/png")})
    assert (sent.status_code, "受領しました" in sent.text) == (200, True)
    await case.until("state #>> '{documents,photo,state}' = 'received'")
    told = await press(browser, at, "submit-application")
    assert (told.status_code, "受け付けました" in told.text, "recorded" in told.text) == (200, True, True)
    await case.until("state ->> 'submitted_at' IS NOT NULL")
    after = await browser.get(at)
    assert 'value="submit-application"' not in after.text


async def test_the_page_shows_nothing_that_is_not_theirs(institute: Institute, mail, browser) -> None:
    """No name, no word of staff, no script, nothing from elsewhere; kept and found by nobody."""
    case = await institute.nominate()
    await case.verify()
    told = {"document": "photo", "version": 1, "sha256": "0" * 64, "size": 9, "media_type": "image/png"}
    await case.event("document-received", **told)
    words = await case.text("職員の見本の言葉 canary")
    await case.decide(RejectDocument, "office-1", document="photo", why="illegible", reason_id=words)
    for to in (STUDENT, PARTNER):
        page = await browser.get(await link(case, mail, to))
        assert page.status_code == 200
        for other in ("canary", "見本", "office-1", "2004", "S-1", STUDENT, "<script", "http://", "https://"):
            assert other not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "none"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in page.headers
    assert "読み取れません" in (await browser.get(await link(case, mail))).text


async def test_an_answer_pressed_twice_is_one_answer(institute: Institute, mail, browser) -> None:
    """The second press is told that it was recorded; looking changes nothing."""
    case = await institute.nominate()
    await case.accepted()
    at = await link(case, mail)
    page = (await browser.get(at)).text
    seen = re.search(r'name="seen" value="([0-9]+)"', page)
    assert seen is not None
    sent = {"act": "accept-place", "seen": seen[1]}
    first = await browser.post(at, data=sent)
    assert (first.status_code, "受け付けました" in first.text) == (200, True)
    row = await case.until_stage("pre-arrival")
    again = await browser.post(at, data=sent)
    assert (again.status_code, "すでに受け付けています" in again.text) == (200, True)
    assert (await case.until("true"))["version"] == row["version"]


async def test_what_is_over_is_refused_in_both_languages(institute: Institute, mail, browser) -> None:
    """After the lock nothing is taken any more, by the same link."""
    case = await institute.nominate()
    await case.verify()
    at = await link(case, mail)
    page = (await browser.get(at)).text
    seen = re.search(r'name="seen" value="([0-9]+)"', page)
    assert seen is not None
    await case.forward(days=60)
    await case.until_stage("expired")
    late = await browser.post(at, data={"act": "submit-application", "seen": seen[1]})
    assert late.status_code == 409
    assert "現在受け付けていません" in late.text
    assert "not possible now" in late.text
    assert "期限までに出願がありませんでした" in late.text


async def test_a_student_says_when_they_arrive_and_that_it_is_later(
    institute: Institute, mail, browser
) -> None:
    """On the clock of Japan, and by the rules: an unknown port and a day that is over are refused."""
    case = await institute.nominate()
    await case.coming()
    at = await link(case, mail)
    wrong = await press(browser, at, "plan-arrival", slot="2027-99-01T10:00", port="nrt")
    assert (wrong.status_code, "誤りのある項目" in wrong.text) == (400, True)
    assert (await press(browser, at, "plan-arrival", slot="2001-01-01T10:00", port="nrt")).status_code == 409
    assert (await press(browser, at, "plan-arrival", slot=f"{BEGINS}T10:00", port="moon")).status_code == 400
    assert (await press(browser, at, "plan-arrival", slot=f"{BEGINS}T10:00", port="sdj")).status_code == 200
    row = await case.until("state -> 'arrival' ->> 'port' = 'sdj'")
    assert f"{BEGINS}T01:00:00Z" in row["state"] or f"{BEGINS}T10:00:00+09:00" in row["state"]
    later = BEGINS + timedelta(days=2)
    assert (await press(browser, at, "delay-arrival", slot=f"{later}T11:00", port="nrt")).status_code == 200
    await case.until("(state -> 'arrival' ->> 'delayed')::boolean")


async def test_to_withdraw_is_asked_for_twice(institute: Institute, mail, browser) -> None:
    """The first press asks whether they are sure and changes nothing; the second ends the case."""
    case = await institute.nominate()
    await case.verify()
    at = await link(case, mail)
    version = (await case.until("true"))["version"]
    first = await press(browser, at, "withdraw", reason="family")
    assert (first.status_code, "確定する" in first.text, "cannot be undone" in first.text) == (
        200,
        True,
        True,
    )
    assert (await case.until("true"))["version"] == version
    assert (await press(browser, at, "withdraw", reason="home-cancelled", sure="yes")).status_code == 400
    second = await press(browser, at, "withdraw", reason="family", sure="yes")
    assert second.status_code == 200
    await case.until_stage("withdrawn")
    assert "取下げを受け付けました" in (await browser.get(at)).text


async def test_a_link_lives_thirty_days_longer_than_its_case(
    institute: Institute, mail, browser, ring: KeyRing
) -> None:
    """Then, and for a token of nobody's making, there is no such page, which does not say why."""
    case = await institute.nominate()
    await case.verify()
    at = await link(case, mail)
    await case.event("student-withdrew", reason="family")
    await case.until("closed_at IS NOT NULL")
    assert (await browser.get(at)).status_code == 200
    await institute.owner.execute(
        "UPDATE iehe.cases SET closed_at = now() - interval '31 days' WHERE case_id = $1", case.handle.id
    )
    gone = await browser.get(at)
    of_staff = await institute.owner.fetch(
        "SELECT notice_id FROM iehe.notices WHERE recipient_kind = 'staff'"
    )
    forged = [at[:-1], "/answers/x", *(f"/answers/{token_of(ring, row[0])}" for row in of_staff[:2])]
    for each in forged:
        answer = await browser.get(each)
        assert (answer.status_code, answer.text) == (404, gone.text)
    assert gone.status_code == 404


async def test_a_lost_link_is_sent_again_and_who_sent_it_is_logged(
    institute: Institute, client: Client, mail, browser
) -> None:
    """By the office, without a step of the case; the old link stays good."""
    case = await institute.nominate()
    await case.verify()
    old = await link(case, mail)
    version = (await case.until("true"))["version"]
    with acting_for("*"):
        row = await find_case(institute.door, case.handle.id)
        delivery = await send_link(institute.door, row, "student", "office-1")
        with pytest.raises(Refusal, match="no page in this process"):
            await send_link(institute.door, row, "advisor", "office-1")
    queue = home_of(case.handle.id).notices_queue
    await start_delivery(client, queue, delivery, f"resend/{delivery.by_hand}", "again")
    await case.sent()
    new = links(mail, STUDENT)[-1]
    assert new != old
    assert [(await browser.get(each)).status_code for each in (new, old)] == [200, 200]
    assert (await case.until("true"))["version"] == version
    logged = await institute.owner.fetchrow(
        "SELECT actor, details ->> 'reader' FROM iehe.administration_log WHERE act = 'send-link'"
    )
    assert tuple(logged or ()) == ("office-1", "student")


async def test_x9_the_coordinator_has_a_page_of_their_student(institute: Institute, mail, browser) -> None:
    """What to correct and until when, then that it is verified; neither house nor money."""
    case = await institute.nominate()
    await case.decide(commands.ReturnNomination, "office-1", version=1, reason="dates-wrong")
    at = await link(case, mail, PARTNER)
    page = (await browser.get(at)).text
    for said in ("推薦の内容を修正する", "期間が正しくありません", "The dates are not right"):
        assert said in page
    assert "<form" not in page
    await case.event("mobility-changed", revision=2, fields=["first"])
    await case.decide(commands.Verify, "office-1", version=2)
    assert "formally right" in (await browser.get(at)).text
