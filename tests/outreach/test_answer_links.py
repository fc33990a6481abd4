"""A lecturer answers by the link in the letter: real letters, real page, real case."""

import re
from collections.abc import AsyncIterator

import httpx2
import pytest

from embedded.mail import caught_mails
from encryption.answer_links import token_of
from gateway.app import create_app
from gateway.context import Gateway
from gateway.limits import REFUSED_PER_MINUTE
from schemas.outreach import commands
from schemas.outreach.stages import Stage
from tests.outreach.schools import Request

LINK = re.compile(r"http://gateway(/answers/[A-Za-z0-9_-]+)")


@pytest.fixture
async def browser(schools, client, ring) -> AsyncIterator[httpx2.AsyncClient]:
    gateway = Gateway(schools.door, client, ring, None, "http://gateway", "http://ui")
    # as a browser would see it: an error of ours is an answer
    door = httpx2.ASGITransport(create_app(gateway), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=door, base_url="http://gateway") as http:
        yield http


def letters(mail, to: str) -> list[str]:
    """The text of the caught letters to one reader, in the order in which they came."""
    return [each.text for each in caught_mails(mail.folder) if each.recipients[0].startswith(f"{to}@")]


def link_to(mail, lecturer: str, nth: int = -1) -> str:
    """The link in a lecturer's letter; the last one's by default."""
    return [found[1] for text in letters(mail, lecturer) if (found := LINK.search(text))][nth]


async def asked(schools) -> Request:
    request = await schools.ask()
    await request.to_offering()
    return request


async def test_a_yes_by_the_link_is_the_lecturers_decision(schools, mail, browser) -> None:
    """Looking changes nothing; sending the form is one decision, however often it is sent."""
    request = await asked(schools)
    link = link_to(mail, "lecturer-1")
    before = await request.until("true")
    for _ in range(3):
        assert (await browser.get(link)).status_code == 200
        assert (await browser.head(link)).status_code == 200
    assert (await request.until("true"))["version"] == before["version"]
    sent = {"answer": "yes", "date": request.dates[1].isoformat(), "remark": "プロジェクターが必要です"}
    told = await browser.post(link, data=sent)
    assert told.status_code == 200
    assert "ご回答を記録しました" in told.text
    assert "Your answer is recorded" in told.text
    row = await request.until_stage(Stage.OFFERED)
    again = await browser.post(link, data=sent)
    assert (again.status_code, "記録済み" in again.text, "recorded before" in again.text) == (200, True, True)
    assert (await request.until_stage(Stage.OFFERED))["version"] == row["version"]
    entry = await schools.owner.fetchrow(
        "SELECT actor_id, actor_kind FROM iehe.case_log WHERE case_id = $1 AND step = 'answer-lecture'",
        request.handle.id,
    )
    assert tuple(entry) == ("lecturer-1", "person")
    changed = await browser.post(link, data={"answer": "no"})
    assert changed.status_code == 409
    assert "回答済みです" in changed.text
    assert "answered already" in changed.text


async def test_a_no_asks_the_next(schools, mail, browser) -> None:
    """The second lecturer has a letter with a link of their own."""
    request = await asked(schools)
    await browser.post(link_to(mail, "lecturer-1"), data={"answer": "no"})
    await request.until("state -> 'asked' ->> 'lecturer-2' = 'asked'")
    await request.sent()
    await browser.post(link_to(mail, "lecturer-2"), data={"answer": "yes"})
    row = await request.until_stage(Stage.OFFERED)
    assert '"lecturer": "lecturer-2"' in row["state"]


async def test_the_page_says_in_both_languages_what_is_asked_and_names_nobody(schools, mail, browser) -> None:
    """Case, subject and dates; neither the lecturer nor the school nor its contact."""
    request = await asked(schools)
    page = await browser.get(link_to(mail, "lecturer-1"))
    for told in ("出講のお願い", "A request to give a lecture", request.handle.id, "はい", "Yes", "回答。"):
        assert told in page.text
    for at in request.dates:
        assert f"{at.year}年{at.month}月{at.day}日" in page.text
    assert page.text.count('name="date"') == len(request.dates) + 1
    for personal in (
        "見本",
        "lecturer-1",
        "高校 ",
        "花子",
        "sample@school",
        "<script",
        "http://",
        "https://",
    ):
        assert personal not in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "none"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers


async def test_calcom_11669_the_link_of_a_question_that_is_over_revives_nothing(
    schools, mail, browser
) -> None:
    """After new dates the old link is dead, also while the same lecturer is asked about the new ones."""
    request = await asked(schools)
    old = link_to(mail, "lecturer-1")
    moved = [each.replace(hour=15) for each in request.dates]
    await request.decide(
        commands.Reschedule, "office-1", dates=moved, reason="school-closed", school_agreed=True
    )
    await request.until_stage(Stage.CHECKED)
    assert (await browser.get(old)).status_code == 410
    told = await browser.post(old, data={"answer": "yes"})
    assert (told.status_code, "This question is over" in told.text) == (410, True)
    await request.decide(commands.NameLecturers, "office-1", lecturers=("lecturer-1",))
    await request.sent()
    told = await browser.post(old, data={"answer": "yes"})
    assert (told.status_code, "受付は終了しました" in told.text) == (410, True)
    await request.until_stage(Stage.OFFERING)
    assert (await browser.post(link_to(mail, "lecturer-1"), data={"answer": "yes"})).status_code == 200
    await request.until_stage(Stage.OFFERED)


async def test_the_link_of_a_cancelled_request_is_over(schools, mail, browser) -> None:
    """Nothing is asked any more, and the page says so."""
    request = await asked(schools)
    await request.event("school-cancelled")
    told = await browser.post(link_to(mail, "lecturer-1"), data={"answer": "yes"})
    assert (told.status_code, "This question is over" in told.text) == (410, True)
    assert (await request.until("true"))["stage"] == Stage.CANCELLED


async def test_a_late_yes_counts_while_nobody_else_has_accepted(schools, mail, browser) -> None:
    """Silence was taken for a no; the first letter's link and its reminders' still answer."""
    request = await asked(schools)
    await request.forward(days=11)
    await request.until("state -> 'asked' ->> 'lecturer-2' = 'asked'")
    await request.sent()
    links = {link_to(mail, "lecturer-1", nth) for nth in range(3)}
    assert len(links) == 3
    told = await browser.post(link_to(mail, "lecturer-1", 0), data={"answer": "yes"})
    assert told.status_code == 200
    await request.until_stage(Stage.OFFERED)
    late = await browser.post(link_to(mail, "lecturer-2"), data={"answer": "yes"})
    assert late.status_code == 410


async def test_a_link_that_is_not_whole_or_not_ours_is_no_page(schools, mail, browser) -> None:
    """Cut, altered, made by hand, of a letter that asks nothing, of long ago: one answer, with no reason."""
    request = await asked(schools)
    link = link_to(mail, "lecturer-1")
    other = "A" if link[-9] != "A" else "B"
    forged = [
        link[:-1],
        link[:-9] + other + link[-8:],
        "/answers/" + "a" * 106,
        "/answers/x",
        "/answers/" + "a" * 5000,
    ]
    ring = browser._transport.app.state.gateway.ring
    silent = await schools.owner.fetch("SELECT notice_id FROM iehe.notices WHERE NOT facts ? 'answer'")
    forged += [f"/answers/{token_of(ring, row[0])}" for row in silent]
    pages = [await browser.get(each) for each in forged]
    pages += [await browser.post(each, data={"answer": "yes"}) for each in forged]
    assert {(page.status_code, page.text) for page in pages} == {(404, pages[0].text)}
    await schools.owner.execute("UPDATE iehe.notices SET queued_at = queued_at - interval '181 days'")
    assert (await browser.get(link)).status_code == 404
    assert (await request.until("true"))["stage"] == Stage.OFFERING


async def test_who_has_left_answers_nothing(schools, mail, browser) -> None:
    """The link ends with the person's place here."""
    await asked(schools)
    await schools.owner.execute("UPDATE iehe.staff SET active = false WHERE staff_id = 'lecturer-1'")
    assert (await browser.post(link_to(mail, "lecturer-1"), data={"answer": "yes"})).status_code == 404


async def test_only_the_reader_of_a_question_has_a_link(schools, mail) -> None:
    """Letters that ask for no decision have none, and the office does not see the lecturer's."""
    request = await asked(schools)
    assert await request.letters() == ["request-received>school", "lecture-request>lecturer-1"]
    caught = caught_mails(mail.folder)
    texts = [(each.recipients[0], each.text) for each in caught]
    assert [to for to, text in texts if "/answers/" in text] == ["lecturer-1@univ.example.jp"]
    assert len(texts) == 2


@pytest.mark.parametrize(
    "sent", [{}, {"answer": "perhaps"}, {"answer": "yes", "date": "soon"}, {"answer": "no", "remark": "\0"}]
)
async def test_an_incomplete_form_is_shown_again(schools, mail, browser, sent) -> None:
    """What cannot be used is not recorded, and the form stands below what is said."""
    request = await asked(schools)
    told = await browser.post(link_to(mail, "lecturer-1"), data=sent)
    assert (told.status_code, "<form" in told.text, "Something is missing" in told.text) == (400, True, True)
    await request.until_stage(Stage.OFFERING)


async def test_a_large_body_and_many_guesses_are_refused(schools, mail, browser) -> None:
    """Bodies are as short as forms; who guesses links is stopped."""
    await asked(schools)
    link = link_to(mail, "lecturer-1")
    assert (await browser.post(link, data={"remark": "あ" * 30_000})).status_code == 413
    for _ in range(REFUSED_PER_MINUTE):
        assert (await browser.get("/answers/x")).status_code == 404
    assert (await browser.get("/answers/x")).status_code == 429
    assert (await browser.get(link)).status_code == 200


async def test_the_log_holds_no_link(schools, mail, browser, capfd) -> None:
    """A link is as good as a signature: lines about it name the route alone."""
    await asked(schools)
    link = link_to(mail, "lecturer-1")
    await browser.get(link)
    await browser.post(link, data={"answer": "yes"})
    out, err = capfd.readouterr()
    assert "/answers/:token" in out + err
    assert link.rpartition("/")[2] not in out + err


async def test_while_temporal_is_away_nothing_is_lost(schools, mail, browser) -> None:
    """The page says that it is not known, and that sending it again records it once."""
    request = await asked(schools)
    link = link_to(mail, "lecturer-1")
    gateway = browser._transport.app.state.gateway
    away = await type(gateway.client).connect(
        "127.0.0.1:1", lazy=True, data_converter=gateway.client.data_converter
    )
    lonely = create_app(Gateway(gateway.pool, away, gateway.ring, None, "http://gateway", "http://ui"))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(lonely), base_url="http://gateway", timeout=60
    ) as http:
        told = await http.post(link, data={"answer": "yes"})
    assert (told.status_code, "<form" in told.text) == (503, True)
    assert (await browser.post(link, data={"answer": "yes"})).status_code == 200
    await request.until_stage(Stage.OFFERED)
