"""Signing in: by a real OpenID provider, and by links of the command line."""

import asyncio
import dataclasses
import io
import logging
import re
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import structlog

from office import pending_sign_in
from office.bindings import Shown, sign_in
from office.context import Provider
from office.local_paths import local_path
from office.problems import _WORDS, problem
from office.provider import METADATA
from tests.office_pages.browser import Browser, code_of, query_of
from tests.office_pages.conftest import CLIENT
from workers.logs import configure

SECRET = "of one test: 100 % + &=?"
SESSIONS = "SELECT count(*) FROM iehe.office_sessions"
SUBJECTS = "SELECT count(*) FROM iehe.office_subjects"
LINKS = "SELECT count(*) FROM iehe.office_links"


def invited(page) -> str:
    """Where the page of an invitation leads on to."""
    found = re.search(r'href="(/sign-in/start\?invitation=[^"]+)"', page.text)
    assert found, page.text
    return found[1].replace("&amp;", "&")


async def bind(browser: Browser, invite, account: str = "tanaka", staff_id: str = "office-1") -> None:
    """Sign in by an invitation."""
    start = invited(await browser.get(await invite(staff_id)))
    assert (await browser.sign_in(account, start)).status_code == 303


async def test_the_whole_way(browser, invite, rows):
    """Invited, bound and signed in; later by the account alone, back to the page that was asked for."""
    await bind(browser, invite)
    assert "office-1" in (await browser.get("/sessions")).text
    other = browser.another()
    asked = await other.get("/sessions?order=new")
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?to=/sessions%3Forder%3Dnew")
    page = await other.get(asked.headers["location"])
    start = re.search(r'href="(/sign-in/start[^"]+)"', page.text)[1].replace("&amp;", "&")
    answer = await other.sign_in("tanaka", start)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions?order=new")
    assert (await other.get("/sessions")).status_code == 200
    assert await rows.fetchval(SESSIONS) == 2


async def test_what_the_provider_is_asked(browser, issuer):
    """A code, by the query, with PKCE's S256; for the subject alone, and how old the proof is."""
    answer = await browser.get("/sign-in/start")
    asked = query_of(answer.headers["location"])
    assert answer.headers["location"].startswith(issuer)
    assert asked["response_type"], asked["response_mode"] == ("code", "query")
    assert (asked["scope"], asked["code_challenge_method"], asked["max_age"]) == ("openid", "S256", "36000")
    assert asked["redirect_uri"] == f"{browser.url}/sign-in/callback"
    assert {len(asked[name]) for name in ("state", "nonce", "code_challenge")} == {43}
    (cookie,) = answer.headers.get_list("set-cookie")
    assert {"httponly", "samesite=lax", "path=/", "max-age=600"} <= {
        part.strip().lower() for part in cookie.split(";")
    }
    assert asked["state"] not in cookie
    assert asked["nonce"] not in cookie


async def test_each_tab_has_a_state_of_its_own(browser, invite):
    """Two sign-ins begun in one browser both come to their end."""
    await bind(browser, invite)
    await browser.be("tanaka")
    first = await browser.to_callback("/sign-in/start?to=/one")
    second = await browser.to_callback("/sign-in/start?to=/two")
    assert query_of(first)["state"] != query_of(second)["state"]
    assert (await browser.get(first)).headers["location"] == "/one"
    assert (await browser.get(second)).headers["location"] == "/two"


async def test_a_browser_keeps_only_so_many(browser):
    """Whoever begins again and again does not end with requests too long to be read."""
    for _ in range(pending_sign_in.AT_ONCE + 3):
        await browser.get("/sign-in/start")
    assert len(browser.keeps()) == pending_sign_in.AT_ONCE


async def test_an_account_that_is_nobodys_is_told_what_to_do(browser, rows):
    """A page of its own; nothing of the account is stored."""
    answer = await browser.sign_in("stranger")
    assert (answer.status_code, code_of(answer)) == (403, "subject-not-bound")
    assert "iehe staff invite" in answer.text
    assert browser.keeps() == set()
    assert [await rows.fetchval(each) for each in (SESSIONS, SUBJECTS)] == [0, 0]


async def test_an_invitation_binds_once(browser, invite, rows):
    """Used up, it is refused; a second one for the person or the account too, and changes nothing."""
    path = await invite()
    start = invited(await browser.get(path))
    assert (await browser.sign_in("tanaka", start)).status_code == 303
    assert code_of(await browser.get(path)) == "invitation-over"
    again = await browser.another().sign_in("suzuki", start)
    assert (again.status_code, code_of(again)) == (404, "invitation-over")
    for account, staff_id in (("suzuki", "office-1"), ("tanaka", "head-1")):
        start = invited(await browser.get(await invite(staff_id)))
        refused = await browser.another().sign_in(account, start)
        assert (refused.status_code, code_of(refused)) == (409, "subject-bound-already")
    assert await rows.fetchval(LINKS) == 2  # neither was used up
    assert [row["staff_id"] for row in await rows.fetch("SELECT staff_id FROM iehe.office_subjects")] == [
        "office-1"
    ]
    entries = await rows.fetch("SELECT actor, act, subject FROM iehe.administration_log")
    assert [tuple(row) for row in entries] == [("office-1", "bind-subject", "office-1")]
    assert "tanaka" not in str(await rows.fetch("TABLE iehe.office_subjects"))


async def test_looking_at_an_invitation_does_not_use_it_up(browser, invite):
    """Programs that open links of mails take nothing away; after seven days it is over."""
    path = await invite()
    for _ in range(3):
        assert (await browser.get(path)).status_code == 200
    assert (await browser.sign_in("tanaka", invited(await browser.get(path)))).status_code == 303


async def test_an_invitation_holds_seven_days(browser, invite, rows):
    """Also when it was opened before and is used afterwards."""
    path = await invite()
    start = invited(await browser.get(path))
    hold = "SELECT ends_at - now() > interval '167 hours' FROM iehe.office_links"
    assert await rows.fetchval(hold)
    await rows.execute("UPDATE iehe.office_links SET ends_at = now() - interval '1 second'")
    assert (await browser.get(path)).status_code == 404
    assert code_of(await browser.sign_in("tanaka", start)) == "invitation-over"
    assert await rows.fetchval(SUBJECTS) == 0


async def refused_callback(browser: Browser, url: str, code: str, status: int, rows) -> None:
    """A callback that signs nobody in."""
    answer = await browser.get(url)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert "iehe-office" not in browser.keeps()
    assert (await browser.get("/sessions")).status_code == 303


async def test_a_state_of_another_browser_or_nobodys_is_refused(browser, invite, rows):
    """Nobody is signed in by an address that somebody else has begun."""
    await bind(browser, invite)
    await browser.be("tanaka")
    begun = await browser.to_callback()
    for url in (
        begun,
        f"{browser.url}/sign-in/callback?code=x&state=made-up",
        f"{browser.url}/sign-in/callback?code=x",
        f"{begun}&state=x",
    ):
        await refused_callback(browser.another(), url, "sign-in-unknown", 400, rows)


async def test_a_sign_in_holds_ten_minutes(browser, invite, rows, gateway, monkeypatch):
    """Whoever comes back later begins anew."""
    await bind(browser, invite)
    other = browser.another()
    await other.be("tanaka")
    begun = await other.to_callback()
    late = pending_sign_in.time.time() + pending_sign_in.SECONDS + 1
    known = pending_sign_in.kept
    monkeypatch.setattr(
        pending_sign_in, "kept", lambda request, office, state: known(request, office, state, lambda: late)
    )
    await refused_callback(other, begun, "sign-in-unknown", 400, rows)


@pytest.mark.parametrize("iss", ["https://another.example", None], ids=["of another", "missing"])
async def test_an_answer_of_another_issuer_is_refused(browser, invite, rows, iss):
    """RFC 9207: the provider says that it names itself, so an answer that does not is not its own."""
    await bind(browser, invite)
    other = browser.another()
    await other.be("tanaka")
    said = query_of(await other.to_callback())
    assert said.pop("iss") == browser.provider
    url = f"{browser.url}/sign-in/callback?{urlencode(said | ({'iss': iss} if iss else {}))}"
    await refused_callback(other, url, "sign-in-not-believed", 403, rows)


async def test_a_code_is_taken_once(browser, invite, rows):
    """The same address again is not known any more; with a copy of the cookie the provider refuses it."""
    await bind(browser, invite)
    other = browser.another()
    await other.be("tanaka")
    begun = await other.to_callback()
    kept = {each.name: each.value for each in other.http.cookies.jar if "sign-in" in each.name}
    assert (await other.get(begun)).status_code == 303
    assert not any("sign-in" in name for name in other.keeps())
    assert code_of(await other.get(begun)) == "sign-in-unknown"
    thief = browser.another()
    for name, value in kept.items():
        thief.http.cookies.set(name, value, domain="127.0.0.1")
    await refused_callback(thief, begun, "sign-in-not-believed", 403, rows)


async def test_a_code_of_another_sign_in_is_refused(browser, invite, rows):
    """A code that was slipped in fails by PKCE, and what it was for by the nonce."""
    await bind(browser, invite)
    other = browser.another()
    await other.be("tanaka")
    first, second = query_of(await other.to_callback()), query_of(await other.to_callback())
    url = f"{browser.url}/sign-in/callback?{urlencode(first | {'code': second['code']})}"
    await refused_callback(other, url, "sign-in-not-believed", 403, rows)


async def test_a_token_with_another_nonce_is_refused(browser, invite, rows, monkeypatch):
    """Also when its signature, issuer, audience and time are right."""
    await bind(browser, invite)
    other = browser.another()
    await other.be("tanaka")
    begun = await other.to_callback()
    known = pending_sign_in.kept

    def changed(request, office, state):
        return dataclasses.replace(known(request, office, state), nonce="another")

    monkeypatch.setattr(pending_sign_in, "kept", changed)
    await refused_callback(other, begun, "sign-in-not-believed", 403, rows)


async def test_a_token_for_somebody_else_is_refused(serve, issuer, invite, rows):
    """A provider that issues for another client, or is another one, signs nobody in here."""
    async with serve(Provider(issuer, "another-client")) as browser:
        answer = await browser.get("/sign-in/start")
        assert answer.status_code == 303
        shown = await browser.http.get(answer.headers["location"])
        assert shown.status_code == 400  # the provider knows no such client
    assert await rows.fetchval(SESSIONS) == 0


@pytest.mark.parametrize("way", ["basic", "post"])
async def test_a_client_with_a_secret_signs_in_with_it(serve, issuer, invite, rows, monkeypatch, way):
    """As the provider takes it, whatever letters it has; with another secret nobody is signed in."""
    client = f"{CLIENT}-{way}"
    metadata = await METADATA.of(issuer)
    assert not metadata.posts_secret
    known = dataclasses.replace(metadata, posts_secret=way == "post")
    monkeypatch.setitem(METADATA._known, issuer, (time.monotonic(), known))
    async with serve(Provider(issuer, client, SECRET)) as browser:
        await bind(browser, invite)
        assert (await browser.get("/sessions")).status_code == 200
    async with serve(Provider(issuer, client, "another")) as browser:
        begun = await browser.to_callback()
        answer = await browser.get(begun)
        assert (answer.status_code, code_of(answer)) == (503, "client-not-accepted")
    assert await rows.fetchval(SESSIONS) == 1


async def test_who_is_not_let_in_is_told(browser, rows):
    """The provider's own words, which anybody can write into the address, are not repeated."""
    await browser.be("tanaka", deny=True)
    begun = await browser.to_callback()
    url = f"{begun}&error_description=Call+this+number"
    answer = await browser.get(url)
    assert (answer.status_code, code_of(answer)) == (403, "sign-in-refused")
    assert "Call this number" not in answer.text


async def test_a_provider_that_is_away(serve):
    """503 and what to do; nothing is begun."""
    async with serve(Provider("http://127.0.0.1:9", CLIENT)) as browser:
        answer = await browser.get("/sign-in/start")
        assert (answer.status_code, code_of(answer)) == (503, "provider-unreachable")
        assert answer.headers["retry-after"]
        assert browser.keeps() == set()


async def test_the_way_back_is_never_to_another_site(browser, invite):
    """Whatever an address says, the browser goes on to a page of ours."""
    await bind(browser, invite)
    for to in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/sign-in"):
        answer = await browser.another().sign_in("tanaka", f"/sign-in/start?{urlencode({'to': to})}")
        assert answer.headers["location"] == "/"
    assert local_path("/cases/A-1?tab=log&x=%2F") == "/cases/A-1?tab=log&x=%2F"


async def test_shown_again_the_session_goes_on_under_another_id(browser, invite, rows):
    """The proof is a new one, the number and the forms stay, and the id of before opens nothing."""
    await bind(browser, invite)
    await rows.execute("UPDATE iehe.office_sessions SET signed_in_at = now() - interval '2 hours'")
    token, before = await browser.token(), browser.http.cookies["iehe-office"]
    page = await browser.get("/sign-in/again?to=/sessions")
    start = re.search(r'href="(/sign-in/start[^"]+)"', page.text)[1].replace("&amp;", "&")
    asked = query_of((await browser.get(start)).headers["location"])
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    answer = await browser.sign_in("tanaka", start)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    assert await browser.token() == token
    assert await rows.fetchval("SELECT signed_in_at > now() - interval '1 minute' FROM iehe.office_sessions")
    assert await rows.fetchval(SESSIONS) == 1
    old = await browser.another().get("/sessions", cookie=f"iehe-office={before}")
    assert old.status_code == 303


async def test_shown_again_by_somebody_else_is_refused(browser, invite, rows):
    """A colleague at the same desk does not make the session theirs."""
    await bind(browser, invite)
    await bind(browser.another(), invite, "suzuki", "head-1")
    await rows.execute("UPDATE iehe.office_sessions SET signed_in_at = now() - interval '2 hours'")
    answer = await browser.sign_in("suzuki", "/sign-in/start?again=1")
    assert (answer.status_code, code_of(answer)) == (403, "another-person")
    assert not await rows.fetchval(
        "SELECT bool_or(signed_in_at > now() - interval '1 hour') FROM iehe.office_sessions"
    )


async def test_a_provider_that_does_not_say_when_makes_nothing_fresh(gateway, rows):
    """Without auth_time one is signed in, and what asks for a fresh proof stays closed."""
    async with gateway.pool.acquire() as connection:
        shown = Shown("https://op.example", "s", None)
        insert = "INSERT INTO iehe.office_subjects VALUES ($1, $2, 'office-1', 'admin-1')"
        await rows.execute(insert, shown.issuer, shown.subject_hash)
        assert await sign_in(connection, shown, None, "ja")
    assert await rows.fetchval("SELECT signed_in_at < now() - interval '9 years' FROM iehe.office_sessions")


async def test_a_link_signs_in_once(near, link, rows):
    """Used, it is over; looking whether it is there does not use it."""
    path = await link()
    assert (await near.http.head(f"{near.url}{path}")).status_code == 200
    assert (await near.get(path)).status_code == 303
    assert "office-1" in (await near.get("/sessions")).text
    again = await near.another().get(path)
    assert (again.status_code, code_of(again)) == (404, "link-over")
    assert await rows.fetchval(SESSIONS) == 1


async def test_a_link_is_used_by_one_of_many(near, link):
    """Of twenty browsers that open it at once, one is signed in."""
    path = await link()
    answers = await asyncio.gather(*(near.another().get(path) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 19


async def test_a_link_holds_sixty_seconds_and_a_newer_one_replaces_it(near, link, rows):
    """Neither an old nor an earlier one signs in."""
    path = await link()
    assert await rows.fetchval(
        "SELECT ends_at BETWEEN now() + interval '50 s' AND now() + interval '60 s' FROM iehe.office_links"
    )
    newer = await link()
    assert (await near.get(path)).status_code == 404
    await rows.execute("UPDATE iehe.office_links SET ends_at = now() - interval '1 second'")
    assert (await near.get(newer)).status_code == 404
    assert await rows.fetchval(SESSIONS) == 0


async def test_a_link_of_who_has_left_is_nobodys(near, link, rows):
    """Inactive since it was made."""
    path = await link()
    await rows.execute("UPDATE iehe.staff SET active = false WHERE staff_id = 'office-1'")
    assert (await near.get(path)).status_code == 404


async def test_no_link_signs_in_where_a_provider_does(browser, link, rows):
    """Refused, and the link is not used up."""
    answer = await browser.get(await link())
    assert (answer.status_code, code_of(answer)) == (403, "links-refused")
    assert await rows.fetchval(LINKS) == 1


async def test_another_site_signs_nobody_in_by_its_own_link(near, link, rows):
    """A page that sends the browser there could have it act for somebody else."""
    answer = await near.get(await link(), **{"sec-fetch-site": "cross-site"})
    assert (answer.status_code, code_of(answer)) == (403, "links-refused")
    assert (await near.get("/sign-in/start")).status_code == 404


async def test_a_browser_has_one_session(near, link, rows):
    """Whoever signs in where somebody else was ends that session."""
    assert (await near.get(await link())).status_code == 303
    assert (await near.get(await link("head-1"))).status_code == 303
    assert [row["staff_id"] for row in await rows.fetch("SELECT staff_id FROM iehe.office_sessions")] == [
        "head-1"
    ]


async def test_the_pages_say_how_to_sign_in(serve, issuer):
    """The command to run, the provider, or that there is no way; in the reader's language."""
    for provider, links, said in (
        (None, True, "iehe office login"),
        (Provider(issuer, CLIENT), False, "/sign-in/start"),
        (None, False, "IEHE_OIDC_ISSUER"),
    ):
        async with serve(provider, links=links) as browser:
            page = await browser.get("/sign-in?language=ja&to=/tasks")
            assert said in page.text
            assert '<html lang="ja">' in page.text
            assert page.text.count("<h1>") == 1
            assert '<html lang="en">' in (await browser.get("/sign-in", **{"accept-language": "en"})).text


async def test_who_is_nobody_is_sent_to_sign_in(browser):
    """And back to where they were afterwards."""
    answer = await browser.get("/sessions")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=/sessions")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged while the test runs; logging is put back afterwards."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level, sys.unraisablehook)
    stream = io.StringIO()
    configure("json", "debug", stream)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level, sys.unraisablehook = before


async def test_the_log_tells_nothing_of_who_and_how(browser, invite, lines):
    """No link, code, state, nonce, subject or token: routes by their patterns, and codes."""
    path = await invite()
    start = invited(await browser.get(path))
    await browser.be("tanaka-no-himitsu")
    begun = await browser.to_callback(start)
    assert (await browser.get(begun)).status_code == 303
    assert code_of(await browser.get(f"{begun}&iss=x")) == "sign-in-unknown"
    said, token = query_of(begun), await browser.token()
    told = lines.getvalue()
    assert '"route":"/invitations/:key"' in told.replace('": "', '":"')
    for secret in (path.rpartition("/")[2], said["code"], said["state"], "tanaka", token, "eyJ"):
        assert secret not in told
    assert browser.http.cookies["iehe-office"] not in told


def test_every_refusal_has_both_languages():
    """What is wrong and what to do."""
    for code in _WORDS:
        made = problem(code, url="x", most=1)
        assert re.search("[ぁ-ん]", made.japanese)
        assert made.english
