"""What another site cannot do, and what every answer says to a browser."""

import asyncio
import re

import httpx2
import pytest

from office.app import create_app
from office.context import Office
from office.guard import CONTENT_SECURITY_POLICY, headers_of
from tests.frozen import frozen
from tests.office_pages.browser import Browser, code_of

UNSAFE = (
    "/sign-out",
    "/sessions/1/end",
    "/sessions/end-others",
    "/language",
    "/session/extend",
)
STATE = "SELECT staff_id, language, seen_at FROM iehe.office_sessions ORDER BY number"


@pytest.fixture
async def office(near, link) -> Browser:
    """A browser in which office-1 is signed in, beside another one."""
    assert (await near.get(await link())).status_code == 303
    assert (await near.another().get(await link())).status_code == 303
    return near


def foreign(url: str) -> dict[str, dict[str, str]]:
    """Headers that no page of ours sends a form with."""
    return {
        "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        "another site that hides": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        "a sister": {"Origin": url, "Sec-Fetch-Site": "same-site"},
        "cross-site alone": {"Sec-Fetch-Site": "cross-site"},
        "a foreign origin alone": {"Origin": "https://evil.example"},
        "another port": {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-origin"},
        "nothing": {},
    }


@pytest.mark.parametrize("path", UNSAFE)
async def test_what_another_site_sends_changes_nothing(office, rows, path):
    """403, whatever it knows of the form; all stands as it stood."""
    token = await office.token()
    before = await rows.fetch(STATE)
    for name, headers in foreign(office.url).items():
        answer = await office.post(path, {"csrf": token, "language": "en"}, headers)
        assert (answer.status_code, code_of(answer)) == (403, "foreign-request"), name
    assert await rows.fetch(STATE) == before


@pytest.mark.parametrize("path", UNSAFE)
async def test_a_form_without_the_sessions_token_changes_nothing(office, rows, path):
    """None, one that is made up, two, and that of another session."""
    mine = await office.token()
    others = await office.others[0].token()
    before = await rows.fetch(STATE)
    for token in ({}, {"csrf": "x"}, {"csrf": others}, {"csrf": [mine, mine]}):
        answer = await office.post(path, {"language": "en", **token})
        assert (answer.status_code, 'name="csrf"' in answer.text) == (403, True), token
    assert await rows.fetch(STATE) == before


async def test_what_was_typed_outlasts_the_session(office, rows, link):
    """Whoever was signed out while typing signs in in another tab and sends the same form once more."""
    token = await office.token()
    await rows.execute("DELETE FROM iehe.office_sessions")
    lost = await office.post("/break-glass", {"csrf": token, "case": "x/Y", "reason": "理由 & <more>"})
    assert lost.status_code == 403
    assert 'value="理由 &amp; &lt;more&gt;"' in lost.text
    assert token not in lost.text
    await office.get(await link())
    asked = await office.post("/break-glass", {"csrf": "", "case": "x/Y", "reason": "理由 & <more>"})
    fresh = re.search(r'name="csrf" value="([^"]+)"', asked.text)
    assert asked.status_code == 403
    assert fresh is not None
    assert fresh[1] == await office.token()


async def test_an_old_browser_is_known_by_its_origin(office):
    """Without Sec-Fetch-Site our own origin is enough, and needed; a reload by the person passes."""
    token = await office.token()
    for headers in ({"Origin": office.url}, {"Origin": office.url, "Sec-Fetch-Site": "none"}):
        assert (await office.post("/session/extend", {"csrf": token}, headers)).status_code == 303


async def test_nobody_signed_in_changes_nothing(near):
    """A form of who is signed in no more is shown again, with the way to sign in."""
    answer = await near.post("/language", {"language": "en"})
    assert (answer.status_code, 'href="/sign-in"' in answer.text) == (403, True)
    assert 'name="language" value="en"' in answer.text


async def test_a_form_that_cannot_be_read(office):
    """400 or 413, and nothing of what was sent."""
    own = {"Origin": office.url, "Sec-Fetch-Site": "same-origin"}
    broken = {**own, "Content-Type": "multipart/form-data"}
    answer = await office.http.post(f"{office.url}/language", content=b"x", headers=broken)
    assert (answer.status_code, code_of(answer)) == (400, "form-unreadable")
    plain = {**own, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await office.http.post(f"{office.url}/language", content=b"\xff\xfe", headers=plain)
    assert (answer.status_code, code_of(answer)) == (400, "form-unreadable")
    answer = await office.http.post(f"{office.url}/language", content=b"x" * 300_000, headers=plain)
    assert (answer.status_code, code_of(answer)) == (413, "body-too-large")


async def test_every_answer_has_the_headers(office):
    """Pages, redirections, refusals, what is not there."""
    for path, status in (("/sessions", 200), ("/nothing", 404), ("/livez", 200), ("/sign-in/start", 404)):
        answer = await office.get(path)
        assert answer.status_code == status
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["x-robots-tag"] == "none"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


async def test_over_https_browsers_stay_there(gateway):
    """Strict-Transport-Security only where the pages are reached by https."""
    office = Office(gateway, "https://office.example.ac.jp", None, links=False, temporal_ui="")
    assert headers_of(office)["Strict-Transport-Security"].startswith("max-age=")


async def test_what_is_not_there_is_a_page(near):
    """In the reader's language, without what was asked for; a wrong method likewise."""
    answer = await near.get("/tanaka-hanako", **{"accept-language": "ja"})
    assert (answer.status_code, code_of(answer)) == (404, "page-not-found")
    assert 'lang="ja"' in answer.text
    assert "tanaka" not in answer.text
    answer = await near.get("/sign-out")
    assert (answer.status_code, code_of(answer)) == (405, "method-not-allowed")


async def test_while_the_database_is_away(near, link, postgres):
    """503 and when to come again, in words; afterwards all goes on."""
    assert (await near.get(await link())).status_code == 303
    with frozen(postgres.child.pid):
        answer = await near.get("/sessions")
    assert (answer.status_code, code_of(answer)) == (503, "database-unreachable")
    assert answer.headers["retry-after"]
    async with asyncio.timeout(20):
        while (await near.get("/sessions")).status_code != 200:
            await asyncio.sleep(0.05)


async def test_a_fault_of_ours_is_a_page(gateway):
    """500 with a code; what went wrong is in the log alone."""
    app = create_app(Office(gateway, "http://127.0.0.1:1", None, links=False, temporal_ui=""))

    async def broken(_request):
        raise ZeroDivisionError("himitsu")

    app.router.add_route("/broken", broken)
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as http:
        answer = await http.get("/broken")
    assert (answer.status_code, code_of(answer)) == (500, "fault")
    assert "himitsu" not in answer.text
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
