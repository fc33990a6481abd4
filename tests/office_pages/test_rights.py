"""Who may do what on the pages: every route, every role, every way in; what nobody was given is denied."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urljoin
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import Mount, Route

from office import changes, routes
from tests.exchange.office import STUDENT, TERM
from tests.office_pages.browser import COOKIE, code_of
from tests.office_pages.institute import STAFF, House, Person, house
from tests.office_pages.ledger import changed, ledger, quiet
from tests.support.office import CANARIES

__all__ = ["house"]

pytestmark = pytest.mark.timeout(180)
KEY = f"page-{'0' * 32}"
EVERYBODY = frozenset(STAFF) - {"leaver-1", "member-2", "member-3", "member-4", "duty-2", "officer-2"}
"""One of each role, and more where one sees what the other does not."""
ADMISSION = frozenset({"office-1", "head-1"})
OUTREACH = frozenset({"connection-1", "connection-head"})
EXCHANGE = frozenset({"exchange-1", "exchange-head"})
DORMITORY = frozenset({"house-1", "house-head"})
SUPPORT = frozenset(
    name
    for name, roles in STAFF.items()
    if {"triage_officer", "head_of_support", "counsellor", "duty_officer", "harassment_officer"} & {*roles}
)
"""Who enters what comes from elsewhere."""
SEES: Mapping[str, frozenset[str]] = {
    "admission": ADMISSION | {"auditor-1", "REVIEWERS"},
    "outreach": OUTREACH | {"auditor-1", "lecturer-1"},
    "support": frozenset({"triage-1", "support-head", "counsellor-1", "lead-1", "auditor-1"}),
    "exchange": EXCHANGE | {"auditor-1", "faculty-1", "committee-1", "registrar-1"},
    "dormitory": DORMITORY | {"auditor-1"},
}
"""Who sees the case of each process; of reviewers those who were drawn."""
ENTERS = {
    "admission": ADMISSION,
    "outreach": OUTREACH,
    "support": SUPPORT,
    "exchange": EXCHANGE,
    "dormitory": DORMITORY,
}
SUPPORT_ROLES = frozenset(
    {"triage-1", "counsellor-1", "counsellor-2", "nurse-1", "lead-1", "support-head"}
) | {*("vice-1", "duty-1", "duty-2", "access-1", "officer-1", "officer-2")}
BOARDS = {
    "support": SUPPORT_ROLES | {"auditor-1"},
    "exchange": SEES["exchange"],
    "dormitory": DORMITORY,
    "round": ADMISSION | {"checker-1"},
}


@dataclass(frozen=True)
class Look:
    """A request that a route answers.

    Args:
        path: with the case of a room in braces, or `{notice}`.
        may: who is let through.
        answer: their status; of what a form without its fields is told.
        others: that of everybody else.
        also: that of those who see it and may not do it, with their status.
        form: what is sent by who may not, which would do something if they might.
        sent: what is sent by who may, which does nothing.
    """

    path: str
    may: Collection[str]
    answer: int = 200
    others: int = 404
    also: tuple[Collection[str], int] = ((), 0)
    form: Mapping[str, Any] = field(default_factory=dict)
    sent: Mapping[str, Any] = field(default_factory=dict)


def _of_each(path: str, **more: Any) -> list[Look]:
    return [Look(path.format(f"{{{room}}}"), who, **more) for room, who in SEES.items()]


def _facts(**more: Any) -> list[Look]:
    named = {
        "admission": "document-received",
        "outreach": "school-confirmed",
        "exchange": "application-submitted",
    }
    return [
        Look(
            f"/cases/{{{room}}}/facts/{name}",
            SEES[room] & ENTERS[room],
            also=(SEES[room] - ENTERS[room], 403),
            **more,
        )
        for room, name in named.items()
    ]


WORKS = ADMISSION | OUTREACH | EXCHANGE | DORMITORY
WORKS |= {"auditor-1", "checker-1", "committee-1", "faculty-1", "registrar-1", "support-head", "triage-1"}
"""Who sees all the work of a process."""
KEEPS = frozenset({"admin-1", "counsellor-1"})
"""Who keeps the channels of the counsellor."""
ABSENCE = {"begins_at": "2030-01-01T09:00", "ends_at": "2030-01-02T09:00", "key": KEY, "step": "do"}
DECISIONS = {
    "admission": ("assign-reviewers", ADMISSION),
    "outreach": ("answer-lecture", {"lecturer-1"}),
    "support": ("signal-danger", SEES["support"] - {"auditor-1"}),
    "exchange": ("withdraw", EXCHANGE),
    "dormitory": ("draw", DORMITORY),
}
DECIDE = {"key": KEY, "case_version": "1", "step": "do", "reason": "x"}
MATRIX: Mapping[tuple[str, str], list[Look]] = {
    ("GET", "/"): [Look("/", EVERYBODY), Look("/?whose=role&due=later", EVERYBODY)],
    ("GET", "/changes"): [Look("/changes", EVERYBODY)],
    ("GET", "/cases"): [Look("/cases", EVERYBODY), Look("/cases?state=all", EVERYBODY)],
    ("GET", "/cases/{room}/{subject}"): _of_each("/cases/{}"),
    ("GET", "/cases/{room}/{subject}/do/{name}"): [
        Look(f"/cases/{{{room}}}/do/{name}", who) for room, (name, who) in DECISIONS.items()
    ],
    ("POST", "/cases/{room}/{subject}/do/{name}"): [
        Look(f"/cases/{{{room}}}/do/{name}", who, answer=400, form=DECIDE)
        for room, (name, who) in DECISIONS.items()
    ],
    ("GET", "/cases/{room}/{subject}/facts/{name}"): _facts(),
    ("POST", "/cases/{room}/{subject}/facts/{name}"): _facts(
        answer=400, form={"key": KEY, "step": "do", "item": "transcript"}
    ),
    ("GET", "/cases/{room}/{subject}/documents/{name}/{version}"): [
        Look("/cases/{exchange}/documents/photo/1", EXCHANGE, also=(SEES["exchange"] - EXCHANGE, 404))
    ],
    ("POST", "/cases/{room}/{subject}/documents/{name}"): [
        Look(
            "/cases/{exchange}/documents/photo",
            EXCHANGE,
            answer=400,
            also=(SEES["exchange"] - EXCHANGE, 403),
        )
    ],
    ("POST", "/cases/{room}/{subject}/notes"): [
        Look(
            "/cases/{admission}/notes",
            ADMISSION,
            answer=400,
            also=({"auditor-1"}, 409),
            form={"key": KEY, "words": "x"},
        ),
        Look(
            "/cases/{support}/notes",
            SEES["support"] - {"auditor-1"},
            answer=400,
            form={"key": KEY, "words": "x"},
        ),
    ],
    ("GET", "/notices/{notice_id}"): [
        Look("/notices/{notice}", OUTREACH | {"auditor-1"}),
    ],
    ("POST", "/notices/{notice_id}"): [
        Look(
            "/notices/{notice}",
            OUTREACH,
            answer=400,
            also=({"auditor-1"}, 409),
            form={"key": KEY, "revision": "0", "act": "hold", "reason": "x"},
        ),
    ],
    ("GET", "/done/{room}/{subject}/{version}"): _of_each("/done/{}/1"),
    ("GET", "/start"): [Look("/start", EVERYBODY)],
    ("GET", "/start/{room}"): [
        Look(f"/start/{room}", who) for room, who in ENTERS.items() if room != "support"
    ]
    + [Look("/start/support", EVERYBODY)],
    ("POST", "/start/{room}"): [
        Look(f"/start/{room}", who, answer=400, form={"key": KEY, "step": "do"})
        for room, who in ENTERS.items()
        if room != "support"
    ],
    ("GET", "/boards/{room}"): [Look(f"/boards/{room}", who) for room, who in BOARDS.items()],
    ("GET", "/boards/{room}/{name}"): [
        Look("/boards/support/list-support-queue", SUPPORT_ROLES),
        Look("/boards/support/plan-support-shift", {"support-head", "duty-1", "duty-2"}),
        Look("/boards/support/show-support-report", {"support-head", "vice-1", "auditor-1"}),
        Look("/boards/exchange/list-exchange-agreements", SEES["exchange"]),
        Look("/boards/exchange/import-exchange-agreements", EXCHANGE),
        Look("/boards/dormitory/import-dormitory-beds", DORMITORY),
        Look("/boards/round/import-round-scores", ADMISSION),
        Look("/boards/round/verify-round-lists", ADMISSION | {"checker-1"}),
        Look("/boards/round/open-round-list", ADMISSION | {"checker-1"}),
    ],
    ("POST", "/boards/{room}/{name}"): [
        Look("/boards/support/plan-support-shift", {"support-head", "duty-1", "duty-2"}, answer=400),
        Look("/boards/exchange/decide-exchange-match", EXCHANGE, answer=400, form={"key": KEY}),
        Look("/boards/dormitory/import-dormitory-beds", DORMITORY, answer=400),
        Look("/boards/round/import-round-scores", ADMISSION, answer=400),
    ],
    ("GET", "/bulk"): [Look(f"/bulk?case={{{room}}}", who) for room, who in SEES.items()],
    ("POST", "/bulk"): [
        Look(
            "/bulk",
            SEES[room] & set(who),
            answer=404,
            form={"case": f"{{{room}}}@1", "bulk_decision": name, "key": KEY, "step": "do"},
        )
        for room, (name, who) in DECISIONS.items()
    ],
    ("GET", "/bulk/{bulk_id}"): [Look("/bulk/00000000-0000-4000-8000-000000000000", ())],
    ("GET", "/break-glass"): [Look("/break-glass", EVERYBODY)],
    ("POST", "/break-glass"): [
        Look(
            "/break-glass",
            SUPPORT_ROLES - {"vice-1", "access-1"},
            answer=400,
            others=409,
            form={"key": KEY, "case": "{support}", "reason": "x"},
        )
    ],
    ("GET", "/search"): [Look("/search?q=x", EVERYBODY)],
    ("GET", "/overview"): [Look("/overview", WORKS)],
    ("GET", "/inbox"): [Look("/inbox", WORKS), Look("/inbox?state=applied", WORKS)],
    ("GET", "/inbox/event"): [Look("/inbox/event?source=x&id=y", (), answer=404)],
    ("POST", "/inbox/event"): [Look("/inbox/event?source=x&id=y", (), form={"act": "retry"})],
    ("POST", "/inbox/facts"): [
        Look(
            "/inbox/facts",
            (),
            form={"fact": "x", "process": "support-case"},
            others=403,
            also=({"triage-1"}, 404),
        )
    ],
    ("GET", "/audit"): [Look("/audit", {"admin-1", "auditor-1"})],
    ("POST", "/export/{name}.{ending}"): [
        Look(f"/export/{name}", who, answer=400, sent={"nothing": "x"})
        for name, who in (
            ("cases.csv", WORKS),
            ("tasks.xlsx", WORKS),
            ("audit.csv", {"admin-1", "auditor-1"}),
            ("staff.csv", ()),
            ("cases.exe", ()),
        )
    ],
    ("GET", "/people"): [Look("/people", WORKS | {"admin-1"})],
    ("GET", "/people/{staff_id}"): [
        Look("/people/reviewer-1", ADMISSION | {"admin-1", "auditor-1", "reviewer-1"}),
        Look("/people/counsellor-1", {"admin-1", "counsellor-1", "support-head", "triage-1"}),
        Look("/people/nobody-at-all", ()),
    ],
    ("POST", "/people/{staff_id}/absence"): [
        Look("/people/reviewer-1/absence", {"admin-1", "reviewer-1"}, answer=422, form=ABSENCE),
        Look("/people/counsellor-1/absence", {"admin-1", "counsellor-1"}, answer=422, form=ABSENCE),
    ],
    ("POST", "/people/{staff_id}/back"): [
        Look("/people/reviewer-1/back", {"admin-1", "reviewer-1"}, answer=303),
    ],
    ("POST", "/people/{staff_id}/channels"): [
        Look("/people/counsellor-1/channels", KEEPS, answer=422, form={"channel": "mail"}),
    ],
    ("POST", "/people/{staff_id}/channels/test"): [
        Look("/people/counsellor-1/channels/test", KEEPS, answer=409, form={"channel": "mail"}),
    ],
    ("POST", "/people/{staff_id}/channels/confirm"): [
        Look("/people/counsellor-1/channels/confirm", KEEPS, answer=422, form={"code": "12345678"}),
    ],
    ("POST", "/people/{staff_id}/channels/remove"): [
        Look("/people/counsellor-1/channels/remove", KEEPS, answer=409, form={"channel": "mail"}),
    ],
    ("GET", "/places"): [Look("/places", WORKS | {"admin-1"})],
    ("GET", "/places/{frame}"): [
        Look(f"/places/exchange/{TERM}:persons", SEES["exchange"] | {"admin-1"}),
    ],
    ("POST", "/places/{frame}"): [
        Look(
            f"/places/exchange/{TERM}:persons",
            {"admin-1"},
            answer=400,
            form={"key": KEY, "places": "1", "step": "do"},
        ),
    ],
    ("GET", "/admission/imports"): [Look("/admission/imports", ADMISSION)],
    ("GET", "/admission/imports/new"): [Look("/admission/imports/new", ADMISSION)],
    ("POST", "/admission/imports/new"): [Look("/admission/imports/new", ADMISSION, answer=422)],
    ("GET", "/admission/imports/checked/{key}"): [
        Look("/admission/imports/checked/x", ADMISSION, answer=410)
    ],
    ("GET", "/admission/imports/checked/{key}/copy"): [
        Look("/admission/imports/checked/x/copy", ADMISSION, answer=410),
    ],
    ("POST", "/admission/imports/checked/{key}"): [
        Look("/admission/imports/checked/x", ADMISSION, answer=410)
    ],
    ("GET", "/admission/imports/{batches}"): [
        Look("/admission/imports/00000000-0000-4000-8000-000000000000", ())
    ],
    ("GET", "/admission/rounds"): [Look("/admission/rounds", ADMISSION | {"auditor-1"})],
    ("GET", "/admission/rounds/new"): [Look("/admission/rounds/new", {"head-1"})],
    ("POST", "/admission/rounds/new"): [Look("/admission/rounds/new", {"head-1"}, answer=400)],
    ("GET", "/admission/rounds/{round_id}"): [
        Look("/admission/rounds/2027-comprehensive", ADMISSION | {"auditor-1"}),
    ],
    ("POST", "/admission/rounds/{round_id}"): [
        Look("/admission/rounds/2027-comprehensive", {"head-1"}, answer=400),
    ],
    ("GET", "/help"): [Look("/help", EVERYBODY)],
    ("GET", "/accessibility"): [Look("/accessibility", EVERYBODY)],
}
"""For every route who passes, and what everybody else is told."""
KNOWN = [pytest.param(*each, id=" ".join(each)) for each in MATRIX]
POSTS = [pytest.param(path, id=path) for method, path in MATRIX if method == "POST"]


def declared() -> Iterator[tuple[str, str]]:
    """Method and path of every route of the pages."""
    for route in routes.routes():
        if isinstance(route, Route):
            yield from ((method, route.path_format) for method in (route.methods or ()) if method != "HEAD")
        else:
            assert isinstance(route, Mount)
            assert route.path == "/static"


def test_every_route_is_in_the_table():
    """A route that nobody has said anything of fails here; and no entry is of a route that is gone."""
    assert sorted(declared()) == sorted(MATRIX)


@pytest.fixture(scope="module")
async def places(house: House) -> dict[str, str]:
    """The cases by room, a notice, and a document that is kept."""
    person = await house.at("exchange-1")
    file = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xd9"
    kept = await person.post(
        f"/cases/{house.cases['exchange']}/documents/photo", files={"file": ("photo.jpg", file, "image/jpeg")}
    )
    assert kept.status_code == 303, kept.text
    notice = "SELECT notice_id FROM iehe.notices WHERE case_id = $1 ORDER BY notice_id LIMIT 1"
    reviewers = await house.owner.fetch(
        "SELECT assignee FROM iehe.tasks WHERE case_id = $1 AND role = 'reviewer'", house.cases["admission"]
    )
    await quiet(house.owner)
    return house.cases | {
        "notice": await house.owner.fetchval(notice, house.cases["outreach"]),
        "reviewers": " ".join(row["assignee"] for row in reviewers),
    }


def people(who: Collection[str], places: Mapping[str, str]) -> frozenset[str]:
    """Staff ids; `REVIEWERS` are those of the case."""
    named = {*who}
    return frozenset(
        named - {"REVIEWERS"} | ({*places["reviewers"].split()} if "REVIEWERS" in named else set())
    )


def expected(look: Look, who: str, places: Mapping[str, str]) -> int:
    for names, status in ((look.may, look.answer), look.also):
        if who in people(names, places):
            return status
    return look.others


async def ask(person: Person, method: str, path: str, form: Mapping[str, Any]) -> int:
    """The status; of a stream nothing else is read."""
    body = {"data": {"csrf": person.csrf, **form}} if method == "POST" else {}
    request = person.http.build_request(method, urljoin(person.url, path), headers=person.own, **body)
    answer = await person.http.send(request, stream=True)
    await answer.aclose()
    return answer.status_code


def filled(form: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    return {name: str(value).format(**places) for name, value in form.items()}


@pytest.mark.parametrize(("method", "path"), KNOWN)
async def test_every_role_is_answered_as_the_table_says(house, places, method, path):
    """The right status for everybody; who may not changes nothing, with a form that would do something."""
    before, found, wanted = await ledger(house.owner), {}, {}
    for look in MATRIX[method, path]:
        where = look.path.format(**places)
        for who in sorted(EVERYBODY):
            status = expected(look, who, places)
            # who may is sent away by the form alone: it lacks its key
            form = look.sent if who in people(look.may, places) else filled(look.form, places)
            wanted[look.path, who] = status
            found[look.path, who] = await ask(await house.at(who), method, where, form)
    wrong = {each: (found[each], wanted[each]) for each in wanted if found[each] != wanted[each]}
    assert wrong == {}
    # that somebody is back is noted, whether or not they were away
    noted = {"administration_log"} if path.endswith("/back") else set()
    assert {*changed(before, await ledger(house.owner))} <= noted


async def test_nobody_signed_in_is_sent_to_sign_in(house, places):
    """From every route, with and without a form, and with a cookie that is made up."""
    stranger = house.stranger()
    before = await ledger(house.owner)
    for cookie in ("", "x" * 43, "é", "x" * 5000):
        headers = {"Origin": house.url, "Sec-Fetch-Site": "same-origin"}
        headers |= {"Cookie": f"{COOKIE}={quote(cookie)}"} if cookie else {}
        for (method, _), looks in MATRIX.items():
            for look in looks:
                path, form = look.path.format(**places), filled(look.form, places)
                answer = await stranger.request(
                    method, path, headers=headers, **({"data": form} if method == "POST" else {})
                )
                if method == "POST" and answer.status_code == 403:
                    continue  # what was typed is kept on the page on which they sign in
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/sign-in?to="), (method, path)
    assert changed(before, await ledger(house.owner)) == []


async def test_looking_changes_nothing(house, places):
    """GET and HEAD of everything, by who may: only who has read what is on record after it."""
    before = await quiet(house.owner)
    for (method, _), looks in MATRIX.items():
        for look in looks if method == "GET" else ():
            for who in sorted(people(look.may, places))[:2]:
                person, path = await house.at(who), look.path.format(**places)
                assert await ask(person, "GET", path, {}) == look.answer
                assert await ask(person, "HEAD", path, {}) == look.answer
    for room, case_id in house.cases.items():
        person = await house.at(min(SEES[room] - {"REVIEWERS", "auditor-1"}))
        for tab in ("now", "facts", "documents", "messages", "words", "timeline", "reads"):
            assert (await person.get(f"/cases/{case_id}?tab={tab}")).status_code == 200, (room, tab)
    assert changed(before, await ledger(house.owner)) == []


@pytest.mark.parametrize("path", POSTS)
async def test_what_no_page_of_the_session_has_sent_is_refused(house, places, path):
    """Without a token, with another session's, or from elsewhere: 403 and all stands as it stood."""
    before = await quiet(house.owner)
    for look in MATRIX["POST", path]:
        if not look.may:
            continue
        who = min(people(look.may, places))
        person, other = await house.at(who), await house.person(who)
        url, form = urljoin(house.url, look.path.format(**places)), filled(look.form, places)
        mine = {"csrf": person.csrf, **form}
        for token in ({}, {"csrf": ""}, {"csrf": other.csrf}, {"csrf": [person.csrf, person.csrf]}):
            answer = await person.http.post(url, data={**form, **token}, headers=person.own)
            assert answer.status_code == 403, (look.path, token)
        for headers in (
            {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
            {"Origin": "https://evil.example"},
            {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
            {"Origin": house.url, "Sec-Fetch-Site": "cross-site"},
            {"Origin": house.url, "Sec-Fetch-Site": "same-site"},
            {},
        ):
            answer = await person.http.post(url, data=mine, headers=headers)
            assert (answer.status_code, code_of(answer)) == (403, "foreign-request"), (look.path, headers)
    assert changed(before, await ledger(house.owner)) == []


OUT = {(303, "/sign-in"), (403, "")}
"""To the page for signing in, or there with what was typed."""


async def everywhere(person: Person, places: Mapping[str, str]) -> set[tuple[int, str]]:
    """Every route once, with what it answers and where that leads."""
    found = set()
    for (method, _), looks in MATRIX.items():
        body = {"data": {"csrf": person.csrf, "key": KEY}} if method == "POST" else {}
        url = urljoin(person.url, looks[0].path.format(**places))
        answer = await person.http.request(method, url, headers=person.own, **body)
        found.add((answer.status_code, answer.headers.get("location", "").partition("?")[0]))
    return found


async def pages_of(person: Person, places: Mapping[str, str]) -> AsyncIterator[tuple[str, httpx2.Response]]:
    """Every list, and every page that is asked for with something of a case in its address."""
    lists = [
        "/",
        "/?whose=mine",
        "/?whose=role",
        "/cases",
        "/cases?state=all",
        "/cases?state=overdue",
        "/start",
    ]
    lists += [f"/?due={due}" for due in ("overdue", "today", "week", "later")]
    lists += [f"/boards/{room}" for room in BOARDS]
    lists += [
        "/inbox",
        "/inbox?state=applied",
        "/overview",
        "/people",
        "/people/counsellor-1",
        "/places",
        "/audit",
        "/admission/rounds",
    ]
    lists += [f"/search?q={quote(name)}" for name in ("support", "counsellor")]
    lists += ["/?process=support-case", "/cases?process=support-case&state=all", "/cases?stage=assigned"]
    lists += [look.path for look in MATRIX["GET", "/boards/{room}/{name}"]]
    for path in lists:
        yield path, await person.get(path)


OUT_OF_SIGHT = sorted(
    {STAFF[name]: name for name in sorted(EVERYBODY - SUPPORT_ROLES - {"auditor-1"}, reverse=True)}.values()
)
"""One of each role that has no part in support."""


async def test_what_is_out_of_sight_is_in_no_page(house, places):
    """Neither a name nor the id of a confidential case is anywhere in what others are answered."""
    subject = places["support"].partition("/")[2]
    for who in [*OUT_OF_SIGHT, "counsellor-2", "nurse-1", "officer-1", "access-1"]:
        person = await house.at(who)
        async for path, page in pages_of(person, places):
            for canary in (subject, *CANARIES):
                assert canary.encode() not in page.content, (who, path, canary)
        for path in (
            f"/cases/{places['support']}",
            f"/done/{places['support']}/1",
            f"/bulk?case={places['support']}",
        ):
            page = await person.get(path)
            assert page.status_code == 404
            for canary in (subject, *CANARIES):
                assert canary.encode() not in page.content, (who, path, canary)


async def test_an_auditor_reads_what_is_done_and_nothing_personal(house, places):
    """Names and words of people are on none of the auditor's pages."""
    auditor = await house.at("auditor-1")
    names = [*CANARIES, STUDENT["mail"], "志願者"]
    for case_id in house.cases.values():
        for tab in ("now", "facts", "documents", "messages", "words", "timeline", "reads"):
            page = await auditor.get(f"/cases/{case_id}?tab={tab}")
            for name in names:
                assert name not in page.text, (case_id, tab, name)


async def test_who_has_nothing_is_told_of_nothing(house):
    """All counts are nought, and no part of the pages beside the tasks is offered."""
    for who in ("nobody-1",):
        page = (await (await house.at(who)).get("/")).text
        assert re.findall(r"<strong>([\d,]+)</strong></a>", page) == ["0"] * 4, who
        assert "/cases" not in page


async def test_what_is_not_seen_is_as_what_is_not_there(house, places):
    """The answer of a case out of sight is that of one that is made up, byte for byte."""
    person = await house.at("lecturer-1")
    for room in ("admission", "support", "exchange", "dormitory"):
        subject = places[room].partition("/")[2]
        made_up = subject[:-1] + ("A" if subject[-1] != "A" else "B")
        for path in ("/cases/{}/{}", "/cases/{}/{}/do/withdraw", "/cases/{}/{}/facts/x", "/done/{}/{}/1"):
            there, nowhere = [await person.get(path.format(room, each)) for each in (subject, made_up)]
            assert there.status_code == nowhere.status_code == 404, path
            assert there.content == nowhere.content, path


async def test_an_id_of_another_room_is_no_way_in(house, places):
    """A subject under the name of another process, another person's run, another's notice: not there."""
    person = await house.at("office-1")
    rooms = [each.partition("/") for each in house.cases.values()]
    for room, _, _ in rooms:
        for own, _, subject in rooms:
            if room != own:
                answer = await person.get(f"/cases/{room}/{subject}")
                assert (answer.status_code, subject in answer.text) == (404, False)
    for path in (f"/notices/{places['notice']}", f"/bulk/{uuid4()}", "/boards/office-1/office-1"):
        assert (await person.get(path)).status_code == 404, path


async def test_a_stream_tells_of_what_is_seen_alone(house, places, monkeypatch):
    """Who sees support's tasks hears of a new one; who does not hears nothing, and no stream has a word."""
    monkeypatch.setattr(changes, "EVERY", 0.1)
    house.app.state.marks._at = float("-inf")
    triage, other = await house.at("triage-1"), await house.at("house-1")

    async def told(person: Person) -> str:
        async with person.http.stream("GET", f"{house.url}/changes") as answer:
            started.release()
            return "".join([each async for each in answer.aiter_text()])

    started = asyncio.Semaphore(0)
    hears, silent = asyncio.create_task(told(triage)), asyncio.create_task(told(other))
    for _ in range(2):
        await started.acquire()
    case = await house.counselling.refer()
    async with asyncio.timeout(20):
        assert "event: changed\ndata: tasks\n\n" in (text := await hears)
    assert case.reference not in text
    assert not silent.done()
    silent.cancel()
    await asyncio.gather(silent, return_exceptions=True)


async def test_a_session_that_was_ended_is_out_at_once(house, places):
    """On every route, in another browser of the same person."""
    here, there = await house.person("registrar-1"), await house.person("registrar-1")
    assert (await there.get("/")).status_code == 200
    assert (await here.post("/sessions/end-others")).status_code == 303
    assert await everywhere(there, places) <= OUT
    await here.post("/sign-out")
    assert await everywhere(here, places) <= OUT


async def test_who_leaves_is_out_at_once(house, places, monkeypatch):
    """On every route, with the session that they have; a stream that is open ends by itself."""
    monkeypatch.setattr(changes, "EVERY", 0.1)
    person = await house.person("leaver-1")
    assert (await person.get("/")).status_code == 200
    async with person.http.stream("GET", f"{house.url}/changes") as answer, asyncio.timeout(10):
        told = answer.aiter_text()
        assert (await anext(told)).startswith(":")
        await house.owner.execute("UPDATE iehe.staff SET active = false WHERE staff_id = 'leaver-1'")
        assert not [each async for each in told if not each.startswith(":")]
    assert await everywhere(person, places) <= OUT


async def test_who_loses_a_role_loses_what_it_showed(house, places):
    """At the next request, without signing in again."""
    person = await house.person("connection-head")
    path = f"/cases/{places['outreach']}"
    assert (await person.get(path)).status_code == 200
    change = "UPDATE iehe.staff SET roles = $1 WHERE staff_id = 'connection-head'"
    try:
        await house.owner.execute(change, [])
        assert (await person.get(path)).status_code == 404
        assert places["outreach"] not in (await person.get("/cases?state=all")).text
    finally:
        await house.owner.execute(change, ["head_of_connection"])
