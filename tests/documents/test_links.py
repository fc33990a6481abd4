"""What is missing is asked for by a letter, and sent by its link: real letters, real page, real case."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from activities.kernel.acting import acting_for
from activities.kernel.document_store import DocumentStore
from cases.documents import listed
from cases.finding import find_case
from embedded.mail import caught_mails
from encryption.answer_links import token_of
from gateway.app import create_app
from gateway.context import Gateway
from schemas.kernel.document_commands import AcceptDocument, ChaseDocuments, RejectDocument, WaiveDocument
from tests.documents.desk import LETTER, LIMIT, PLAN, pdf, png
from tests.outreach.schools import Request, Schools

LINK = re.compile(r"http://gateway(/answers/[A-Za-z0-9_-]+)")


@pytest.fixture
async def browser(
    schools: Schools, client: Any, ring: Any, store: DocumentStore
) -> AsyncIterator[httpx2.AsyncClient]:
    gateway = Gateway(schools.door, client, ring, None, "http://gateway", "http://ui", documents=store)
    door = httpx2.ASGITransport(create_app(gateway), raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=door, base_url="http://gateway") as http:
        yield http


async def chased(schools: Schools, mail: Any) -> tuple[Request, str]:
    """A request whose school was asked for what is missing, and the link in the letter."""
    request = await schools.ask()
    await request.decide(ChaseDocuments, "office-1")
    await request.sent()
    return request, links(mail)[-1]


def links(mail: Any) -> list[str]:
    return [found[1] for each in caught_mails(mail.folder) if (found := LINK.search(each.text))]


async def send(browser: httpx2.AsyncClient, link: str, content: bytes, name: str = LETTER) -> httpx2.Response:
    return await browser.post(
        link, data={"document": name}, files={"file": ("../../x.exe", content, "text/html")}
    )


async def known(schools: Schools, request: Request, name: str = LETTER) -> dict[str, Any]:
    with acting_for("*"):
        case = await find_case(schools.door, request.handle.id)
        return next(each for each in await listed(schools.door, case) if each["name"] == name)


async def test_what_is_sent_by_the_link_reaches_the_case(schools, mail, browser) -> None:
    """Through store, inbox and relay; the letter names what is missing, and a second send is the same one."""
    request, link = await chased(schools, mail)
    (letter,) = [each.text for each in caught_mails(mail.folder) if "/answers/" in each.text]
    for said in ("依頼状：未提出、期限", "教室の図：未提出", "下記のページからご提出ください"):
        assert said in letter
    page = await browser.get(link)
    assert page.status_code == 200
    assert page.text.count('type="file"') == 2
    told = await send(browser, link, png())
    assert (told.status_code, "受領しました" in told.text, "Received" in told.text) == (200, True, True)
    row = await request.until(f"state #>> '{{documents,{LETTER},state}}' = 'received'")
    again = await send(browser, link, png())
    assert (again.status_code, "受領済み" in again.text) == (200, True)
    document = await known(schools, request)
    assert [(each["by"], each["media_type"]) for each in document["versions"]] == [("school", "image/png")]
    assert (await request.until("true"))["version"] == row["version"]


async def test_the_page_shows_what_is_missing_and_nothing_else_of_the_case(schools, mail, browser) -> None:
    """No name, no word of staff, no script, no link out; what is settled is not offered."""
    request, link = await chased(schools, mail)
    await request.decide(
        WaiveDocument, "office-1", document=PLAN, reason_id=await request.text("職員の見本の言葉")
    )
    page = await browser.get(link)
    assert page.text.count('type="file"') == 1
    assert "依頼状" in page.text
    for other in (
        request.reference,
        "見本",
        "言葉",
        "花子",
        "office-1",
        "<script",
        "http://",
        "https://",
        "教室の図",
    ):
        assert other not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "none"
    assert "set-cookie" not in page.headers


async def test_what_is_sent_back_can_be_sent_again_by_the_same_link(schools, mail, browser) -> None:
    """Until it is accepted; then the link is over."""
    request, link = await chased(schools, mail)
    await send(browser, link, pdf())
    await request.until(f"state #>> '{{documents,{LETTER},state}}' = 'received'")
    await request.decide(RejectDocument, "office-1", document=LETTER, why="illegible")
    assert (await send(browser, link, png())).status_code == 200
    await request.until(f"state #>> '{{documents,{LETTER},version}}' = '2'")
    await request.decide(AcceptDocument, "office-1", document=LETTER)
    assert (await send(browser, link, pdf("another"))).status_code == 400
    await request.decide(WaiveDocument, "office-1", document=PLAN)
    over = await browser.get(link)
    assert (over.status_code, "No document is asked for" in over.text) == (410, True)
    assert (await send(browser, link, pdf("another"))).status_code == 410


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 400, "empty"),
        (b"MZ" + b"\0" * 100, 400, "by its content, none of"),
        (pdf("x" * 2 * LIMIT), 413, "The body is longer"),
        (pdf("x" * (LIMIT - 100)), 400, "larger than"),
    ],
    ids=["empty", "program", "far-too-large", "too-large"],
)
async def test_what_cannot_be_kept_is_said_on_the_page(schools, mail, browser, content, status, said) -> None:
    """With the form below it, and nothing reaches the case."""
    request, link = await chased(schools, mail)
    before = (await request.until("true"))["version"]
    told = await send(browser, link, content)
    assert told.status_code == status
    assert said in told.text
    assert (await request.until("true"))["version"] == before


async def test_a_form_without_a_file_or_for_another_document_is_shown_again(schools, mail, browser) -> None:
    """Also one that is no form at all."""
    _, link = await chased(schools, mail)
    told = [
        await browser.post(link, data={"document": LETTER}),
        await browser.post(link, data={"document": LETTER}, files={"other": ("x", pdf())}),
        await send(browser, link, pdf(), "passport"),
        await browser.post(link, content=b"--x", headers={"Content-Type": "multipart/form-data"}),
        await browser.post(link, content=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"}),
    ]
    assert {(each.status_code, "<form" in each.text) for each in told} == {(400, True)}


async def test_a_link_that_is_not_ours_or_of_long_ago_takes_nothing(schools, mail, browser, ring) -> None:
    """One answer, with no reason; and a letter that asks for nothing has no page."""
    _, link = await chased(schools, mail)
    silent = await schools.owner.fetch(
        "SELECT notice_id FROM iehe.notices WHERE message = 'request-received'"
    )
    forged = [link[:-1], *(f"/answers/{token_of(ring, row[0])}" for row in silent)]
    assert len(forged) == 2
    await schools.owner.execute("UPDATE iehe.notices SET queued_at = queued_at - interval '181 days'")
    for each in (*forged, link):
        assert (await browser.get(each)).status_code == 404
        assert (await send(browser, each, pdf())).status_code == 404


async def test_who_is_chased_again_on_the_same_day_hears_it_once(schools, mail, browser) -> None:
    """By whomever; on the next day a second time."""
    request, _ = await chased(schools, mail)
    await request.decide(ChaseDocuments, "head-1")
    await request.sent()
    assert len(links(mail)) == 1
    await request.forward(days=1, hours=1)
    await request.decide(ChaseDocuments, "office-1", document=LETTER)
    await request.sent()
    assert len(links(mail)) == 2
