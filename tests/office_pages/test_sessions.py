"""Sessions: they hold for as long as was said and no longer, and end at once when somebody ends them."""

from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from office.context import Office
from office.sessions import (
    FRESH_MINUTES,
    Session,
    SignInNeeded,
    cookie_name,
    keep_cookie,
    require_fresh,
    session_of,
)
from schemas.kernel.case import Actor
from tests.office_pages.browser import Browser, code_of


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/sessions")).status_code == 200


@pytest.fixture
async def office(near, link) -> Browser:
    """A browser in which office-1 is signed in."""
    assert (await near.get(await link())).status_code == 303
    return near


async def another(office: Browser, link, staff_id: str = "office-1") -> Browser:
    """A second browser of the same or another person."""
    other = office.another()
    assert (await other.get(await link(staff_id))).status_code == 303
    return other


async def test_the_cookie_is_for_this_host_and_no_script(near, link):
    """Over http on this machine a plain name; HttpOnly, SameSite=Lax, the whole path, for ten hours."""
    answer = await near.get(await link())
    (cookie,) = (each for each in answer.headers.get_list("set-cookie") if each.startswith("iehe-office="))
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=36000"} == parts


async def test_over_https_the_cookie_is_bound_to_the_host(gateway):
    """`__Host-`, Secure, and no other domain."""
    office = Office(gateway, "https://office.example.ac.jp", None, links=False, temporal_ui="")
    answer = Response()
    keep_cookie(answer, office, "x")
    assert cookie_name(office) == "__Host-iehe-office"
    assert "Secure" in answer.headers["set-cookie"]
    assert "domain" not in answer.headers["set-cookie"].lower()


async def test_only_a_hash_of_the_id_is_stored(office, rows):
    """Who reads the table cannot sign in with it; nothing of the browser is kept."""
    shown = office.http.cookies["iehe-office"]
    (row,) = await rows.fetch("SELECT * FROM iehe.office_sessions")
    assert len(shown) == 43
    assert shown not in str(dict(row))
    assert set(row.keys()) == {
        *("number", "id_hash", "staff_id", "csrf", "language", "begun_at", "signed_in_at", "seen_at")
    }


@pytest.mark.parametrize(
    ("aged", "holds"),
    [
        ("seen_at = now() - interval '59 minutes'", True),
        ("seen_at = now() - interval '61 minutes'", False),
        ("begun_at = now() - interval '599 minutes'", True),
        ("begun_at = now() - interval '601 minutes'", False),
    ],
)
async def test_a_session_ends_unused_and_at_last(office, rows, aged, holds):
    """After an hour without use, and after ten hours whatever is done."""
    await rows.execute(f"UPDATE iehe.office_sessions SET {aged}")  # noqa: S608 - a test's own words
    assert await is_in(office) == holds


async def test_use_is_written_once_a_minute_and_puts_off_the_end(office, rows):
    """A page within a minute writes nothing; later ones put off the end for want of use."""
    seen = "SELECT seen_at FROM iehe.office_sessions"
    before = await rows.fetchval(seen)
    assert await is_in(office)
    assert await rows.fetchval(seen) == before
    await rows.execute("UPDATE iehe.office_sessions SET seen_at = now() - interval '59 minutes'")
    assert await is_in(office)
    assert await rows.fetchval("SELECT seen_at > now() - interval '1 minute' FROM iehe.office_sessions")


@pytest.mark.parametrize(
    ("path", "mode"), [("/sessions", "cors"), ("/sessions?by-itself", "navigate")], ids=["script", "refresh"]
)
async def test_a_page_that_asks_by_itself_does_not_put_off_the_end(office, rows, path, mode):
    """The progress of an import or of many decisions is no use, however long it is watched."""
    await rows.execute("UPDATE iehe.office_sessions SET seen_at = now() - interval '59 minutes'")
    answer = await office.get(path, **{"Sec-Fetch-Mode": mode})
    assert answer.status_code == 200
    assert not await rows.fetchval("SELECT seen_at > now() - interval '1 minute' FROM iehe.office_sessions")


async def test_staying_longer_does_not_move_the_longest_stay(office, rows):
    """`/session/extend` counts as use; ten hours after the beginning it is over all the same."""
    token = await office.token()
    aged = "seen_at = now() - interval '30 seconds', begun_at = now() - interval '9 hours'"
    await rows.execute(f"UPDATE iehe.office_sessions SET {aged}")  # noqa: S608 - a test's own words
    answer = await office.post("/session/extend", {"csrf": token, "to": "/sessions"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sessions")
    row = await rows.fetchrow(
        "SELECT seen_at > now() - interval '20 seconds' AS seen, "
        "ends_at - begun_at AS stay FROM iehe.office_sessions_in_force"
    )
    assert row["seen"]
    assert row["stay"].total_seconds() <= 36000


async def test_own_sessions_are_listed_and_ended(office, link):
    """The list has one's own alone; one that is ended is out at its next request."""
    other = await another(office, link)
    strange = await another(office, link, "head-1")
    page = (await office.get("/sessions")).text
    assert page.count('action="/sessions/') == 3  # two of one's own, and all others at once
    assert (await office.send("/sessions/2/end")).status_code == 303
    assert not await is_in(other)
    assert await is_in(strange)
    refused = await office.send("/sessions/3/end")
    assert (refused.status_code, code_of(refused)) == (404, "session-not-found")
    assert await is_in(strange)


async def test_all_others_are_ended_at_once(office, link):
    """This one goes on, and so does everybody else's."""
    others = [await another(office, link) for _ in range(2)]
    strange = await another(office, link, "head-1")
    assert (await office.send("/sessions/end-others")).status_code == 303
    assert [await is_in(each) for each in (*others, office, strange)] == [False, False, True, True]


async def test_signing_out_ends_the_session_itself(office, rows):
    """The browser forgets its cookie, and whoever has a copy of it is out too."""
    copy = office.http.cookies["iehe-office"]
    answer = await office.send("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert office.keeps() == set()
    assert await rows.fetchval("SELECT count(*) FROM iehe.office_sessions") == 0
    assert not (await office.get("/sessions", cookie=f"iehe-office={copy}")).is_success


async def test_who_leaves_is_out_at_once(office, rows):
    """Their sessions, bindings and links go with them."""
    await rows.execute("SELECT iehe.staff_left('office-1')")
    assert not await is_in(office)
    assert await rows.fetchval("SELECT count(*) FROM iehe.office_sessions") == 0


async def test_who_is_no_longer_active_is_out_at_once(office, rows):
    """Also where the record was changed by nothing of ours."""
    await rows.execute("UPDATE iehe.staff SET active = false WHERE staff_id = 'office-1'")
    assert not await is_in(office)


async def test_roles_are_those_on_record_now(office, rows, gateway):
    """A role that is taken is gone at the next request; one that this release does not know is none."""
    app = Starlette()
    app.state.office = Office(gateway, office.url, None, links=True, temporal_ui="")
    cookie = f"iehe-office={office.http.cookies['iehe-office']}".encode()
    scope = {"type": "http", "app": app, "headers": [(b"cookie", cookie)], "query_string": b""}
    assert (await session_of(Request(dict(scope)))).actor.roles == ("admissions_office",)
    await rows.execute("UPDATE iehe.staff SET roles = '{auditor,unheard-of}' WHERE staff_id = 'office-1'")
    assert (await session_of(Request(dict(scope)))).actor.roles == ("auditor",)


async def test_the_language_is_the_sessions(office):
    """It is kept for the session, whatever the browser prefers, also where a page refuses."""
    assert 'lang="ja"' in (await office.get("/sessions", **{"accept-language": "en"})).text
    assert (await office.send("/language", language="en", to="/sessions")).headers["location"] == "/sessions"
    assert 'lang="en"' in (await office.get("/sessions", **{"accept-language": "ja"})).text
    refused = await office.send("/sessions/99/end")
    assert refused.headers["content-language"] == "en"
    assert (await office.send("/language", language="xx")).status_code == 400


async def test_a_fresh_proof_is_asked_for(near, rows):
    """Whoever showed who they are longer ago than was said is asked again."""
    now = datetime.now(UTC)

    def shown(minutes: float) -> Session:
        return Session(1, Actor(id="office-1", roles=()), "x", "ja", now - timedelta(minutes=minutes), now)

    require_fresh(shown(FRESH_MINUTES - 1))
    with pytest.raises(SignInNeeded) as asked:
        require_fresh(shown(FRESH_MINUTES + 1))
    assert asked.value.again
    with pytest.raises(SignInNeeded):
        require_fresh(shown(3), minutes=2)


async def test_rows_of_ended_sessions_go(office, link, rows):
    """Whoever signs in takes what is over with it."""
    await rows.execute("UPDATE iehe.office_sessions SET seen_at = now() - interval '2 hours'")
    await another(office, link, "head-1")
    assert [row["staff_id"] for row in await rows.fetch("SELECT staff_id FROM iehe.office_sessions")] == [
        "head-1"
    ]
