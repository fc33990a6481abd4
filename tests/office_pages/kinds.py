"""Every kind of page of the offices, who looks at it, and how they get there."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from playwright.async_api import Page
from starlette.routing import BaseRoute, Mount, Route

from office import routes, session_pages, sign_in
from office.case import TABS

Way = Callable[[Page], Awaitable[None]]
NOBODY: Final = ""
_CASE: Final = "/cases/{room}/{subject}"
_FILL: Final = """() => {
  const form = document.querySelector('main form[method=post]');
  for (const set of form.querySelectorAll('fieldset')) {
    const radios = [...set.querySelectorAll(':scope > .choice > input[type=radio]')];
    if (radios.length && !radios.some((each) => each.checked)) radios[0].checked = true;
    const boxes = [...set.querySelectorAll(':scope > .choice > input[type=checkbox]')];
    if (boxes.length && !boxes.some((each) => each.checked)) boxes[0].checked = true;
  }
  for (const each of form.querySelectorAll('select')) {
    if (!each.value) each.value = ([...each.options].find((option) => option.value) || {}).value || '';
  }
  const plain = { date: '2027-05-10', 'datetime-local': '2027-05-10T10:00' };
  const others = 'input:not([type=hidden], [type=radio], [type=checkbox], [type=file])';
  for (const each of form.querySelectorAll(others)) {
    if (!each.value) each.value = plain[each.type] || (each.inputMode === 'decimal' ? '1' : 'sample');
  }
  for (const each of form.querySelectorAll('textarea')) if (!each.value) each.value = '見本の文';
}"""


@dataclass(frozen=True)
class Kind:
    """A kind of page.

    Args:
        name: what it is called in reports.
        who: looks at it; nobody: who is not signed in.
        path: where, with the names of the stack's cases in braces.
        of: the routes whose answer it is, by method and path.
        way: what they do there, until the page is shown.
        status: of the page.
    """

    name: str
    who: str
    path: str
    of: tuple[str, ...] = ()
    way: Way | None = None
    status: HTTPStatus = HTTPStatus.OK


async def press(page: Page, button: str) -> None:
    """Press a button and wait for what comes."""
    async with page.expect_navigation():
        await page.click(button)


async def fill(page: Page) -> None:
    """Fill in the form with something for every field that is empty."""
    await page.evaluate(_FILL)


def _step(step: str, *, filled: bool = True, then: str | None = None) -> Way:
    async def way(page: Page) -> None:
        if filled:
            await fill(page)
        await press(page, f"main form[method=post] button[name=step][value={step}]")
        if then is not None:
            await press(page, f"main form[method=post] button[name=step][value={then}]")

    return way


async def _stale(page: Page) -> None:
    """Decide upon a version that the case had before."""
    await fill(page)
    await page.evaluate("() => { document.querySelector('main [name=case_version]').value -= 1; }")
    await press(page, "button[name=step][value=check]")
    await press(page, "button[name=step][value=do]")


async def _fact_checked(page: Page) -> None:
    """A fact that happens now: none is taken that lies ahead."""
    await fill(page)
    await page.fill("[name=happened_at]", "")
    await press(page, "main form[method=post] button[name=step][value=check]")


async def _draft(page: Page) -> None:
    """Keep a draft and come back to it."""
    here = page.url
    await fill(page)
    await press(page, "button[name=step][value=keep]")
    await page.goto(here)


async def _sent(page: Page) -> None:
    """Send the form as it is."""
    await press(page, "main form[method=post] button[type=submit]")


async def _filled_and_sent(page: Page) -> None:
    await fill(page)
    await _sent(page)


async def _forged(page: Page) -> None:
    """Send a form that was not made for this session."""
    await page.evaluate("() => { for (const each of document.getElementsByName('csrf')) each.value = 'x'; }")
    await press(page, "form[action='/language'] button")


async def _noted(page: Page) -> None:
    """A note, and one that says nothing."""
    await page.fill("#note-new", "見本のメモ")
    await press(page, "form:has(#note-new) button.main")


async def _empty_note(page: Page) -> None:
    await press(page, "form:has(#note-new) button.main")


async def _wrong_code(page: Page) -> None:
    """A channel of one's own, and a code that nobody has sent."""
    await page.select_option("#f-channel", "mail")
    await press(page, "form[action$='/channels'] button")
    await page.fill("#f-code", "12345678")
    await press(page, "form[action$='/channels/confirm'] button")


async def _chosen(page: Page) -> None:
    """Choose the two first cases of a list."""
    boxes = page.locator("input[name=case]")
    await boxes.nth(0).check()
    await boxes.nth(1).check()
    await press(page, "form[action='/bulk'] button")


async def _bulk_form(page: Page) -> None:
    await _chosen(page)
    await press(page, "button[name=bulk_decision]")


async def _bulk_check(page: Page) -> None:
    await _bulk_form(page)
    await fill(page)
    await press(page, "button[name=step][value=check]")


async def _bulk_run(page: Page) -> None:
    await _bulk_check(page)
    await press(page, "button[name=step][value=do]")
    await page.wait_for_selector("[data-done]")


SAMPLES: Final = Path(__file__).parents[2] / "docs" / "samples"


def _file(name: str, then: str | None = None) -> Way:
    """Choose a file of the samples and send it; and what is pressed on the page that comes."""

    async def way(page: Page) -> None:
        await page.set_input_files("input[type=file]", SAMPLES / name)
        await press(page, "main form[enctype] button[type=submit]")
        if then is not None:
            await press(page, then)

    return way


_ASK, _SEND = f"GET {_CASE}/do/{{name}}", f"POST {_CASE}/do/{{name}}"
_ASK_FACT, _SEND_FACT = f"GET {_CASE}/facts/{{name}}", f"POST {_CASE}/facts/{{name}}"
_TABS: Final = {"documents": ("exchange-1", "mobility"), "words": ("counsellor-1", "support")}
_LIST: Final = "/cases?process=admission-review&stage=submitted"

OWN: Final = (
    Kind("tasks", "office-1", "/", ("GET /",)),
    Kind("tasks of one's own", "reviewer-8", "/?whose=mine", ("GET /",)),
    Kind("tasks of support", "triage-1", "/?whose=role", ("GET /",)),
    Kind("tasks of nobody", "auditor-1", "/?whose=mine", ("GET /",)),
    Kind("cases", "office-1", _LIST, ("GET /cases",)),
    Kind("cases of all processes", "auditor-1", "/cases?state=all", ("GET /cases",)),
    *(
        Kind(
            f"case, {tab}",
            _TABS.get(tab, ("office-1", ""))[0],
            f"/cases/{{{_TABS.get(tab, ('', 'review'))[1]}}}?tab={tab}",
            (f"GET {_CASE}",),
        )
        for tab in TABS
    ),
    Kind("case of a reviewer", "reviewer-8", "/cases/{review}", (f"GET {_CASE}",)),
    Kind("case of the committee", "committee-1", "/cases/{committee}", (f"GET {_CASE}",)),
    Kind("case of support", "counsellor-1", "/cases/{support}", (f"GET {_CASE}",)),
    Kind("case of outreach", "connection-1", "/cases/{checked}", (f"GET {_CASE}",)),
    Kind("case of exchange", "exchange-1", "/cases/{mobility}", (f"GET {_CASE}",)),
    Kind("case of a house", "house-1", "/cases/{house}?tab=facts", (f"GET {_CASE}",)),
    Kind("decision", "office-1", "/cases/{eligibility}/do/confirm-eligibility", (_ASK,)),
    Kind("decision of a reviewer", "reviewer-8", "/cases/{review}/do/submit-scores", (_ASK,)),
    Kind("decision of the committee", "committee-1", "/cases/{committee}/do/cast-vote", (_ASK,)),
    Kind("decision of triage", "triage-1", "/cases/{referral}/do/triage", (_ASK,)),
    Kind("decision with people to choose", "office-1", "/cases/{review}/do/assign-reviewers", (_ASK,)),
    Kind("check", "office-1", "/cases/{eligibility}/do/confirm-eligibility", (_SEND,), _step("check")),
    Kind(
        "decision with faults",
        "office-1",
        "/cases/{eligibility}/do/confirm-eligibility",
        (_SEND,),
        _step("check", filled=False),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Kind(
        "decision upon a case that has changed",
        "office-1",
        "/cases/{eligibility}/do/confirm-eligibility",
        (_SEND,),
        _stale,
        HTTPStatus.CONFLICT,
    ),
    Kind("decision with a draft", "committee-3", "/cases/{committee}/do/cast-vote", (_ASK, _SEND), _draft),
    Kind("done", "office-1", "/done/{review}/7?said=decided", ("GET /done/{room}/{subject}/{version:int}",)),
    Kind("fact", "office-1", "/cases/{incomplete}/facts/document-received", (_ASK_FACT,)),
    Kind(
        "fact, checked",
        "office-1",
        "/cases/{incomplete}/facts/document-received",
        (_SEND_FACT,),
        _fact_checked,
    ),
    Kind("note", "counsellor-1", "/cases/{support}?tab=words", (f"POST {_CASE}/notes",), _noted),
    Kind(
        "note that says nothing",
        "counsellor-1",
        "/cases/{support}?tab=words",
        (f"POST {_CASE}/notes",),
        _empty_note,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Kind("notice", "exchange-1", "/notices/{notice}", ("GET /notices/{notice_id}",)),
    Kind(
        "notice, refused",
        "exchange-1",
        "/notices/{notice}",
        ("POST /notices/{notice_id}",),
        _sent,
        HTTPStatus.CONFLICT,
    ),
    Kind("new case", "triage-1", "/start", ("GET /start",)),
    Kind("new case of support", "triage-1", "/start/support", ("GET /start/{room}",)),
    Kind("new case of outreach", "connection-1", "/start/outreach", ("GET /start/{room}",)),
    Kind("new case of exchange", "exchange-1", "/start/exchange", ("GET /start/{room}",)),
    Kind("new case of a house", "house-1", "/start/dormitory", ("GET /start/{room}",)),
    Kind(
        "new case with faults",
        "exchange-1",
        "/start/exchange",
        ("POST /start/{room}",),
        _step("check", filled=False),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Kind("boards of support", "support-head-1", "/boards/support", ("GET /boards/{room}",)),
    Kind("boards of exchange", "exchange-1", "/boards/exchange", ("GET /boards/{room}",)),
    Kind("boards of the houses", "house-1", "/boards/dormitory", ("GET /boards/{room}",)),
    Kind("boards of a round", "office-1", "/boards/round", ("GET /boards/{room}",)),
    Kind("file of scores", "office-1", "/boards/round/import-round-scores", ("GET /boards/{room}/{name}",)),
    Kind("board", "counsellor-1", "/boards/support/list-support-queue", ("GET /boards/{room}/{name}",)),
    Kind(
        "board of a process",
        "exchange-1",
        "/boards/exchange/show-exchange-pipeline",
        ("GET /boards/{room}/{name}",),
    ),
    Kind(
        "board to be asked for",
        "support-head-1",
        "/boards/support/show-support-report",
        ("GET /boards/{room}/{name}",),
    ),
    Kind("act", "support-head-1", "/boards/support/open-support-incident", ("GET /boards/{room}/{name}",)),
    Kind(
        "act, checked",
        "support-head-1",
        "/boards/support/open-support-incident",
        ("POST /boards/{room}/{name}",),
        _step("check"),
    ),
    Kind(
        "act, done",
        "support-head-1",
        "/boards/support/open-support-incident",
        ("POST /boards/{room}/{name}",),
        _step("check", then="do"),
    ),
    Kind(
        "file", "exchange-1", "/boards/exchange/import-exchange-nominations", ("GET /boards/{room}/{name}",)
    ),
    Kind("several cases", "office-1", _LIST, ("GET /bulk",), _chosen),
    Kind("several cases, form", "office-1", _LIST, ("POST /bulk",), _bulk_form),
    Kind("several cases, check", "office-1", _LIST, ("POST /bulk",), _bulk_check),
    Kind("several cases, answers", "office-1", _LIST, ("GET /bulk/{bulk_id:uuid}",), _bulk_run),
    Kind("breaking glass", "counsellor-1", "/break-glass", ("GET /break-glass",)),
    Kind(
        "breaking glass without a reason",
        "counsellor-1",
        "/break-glass",
        ("POST /break-glass",),
        _sent,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Kind("somebody", "head-1", "/people/reviewer-8", ("GET /people/{staff_id}",)),
    Kind("oneself", "reviewer-8", "/people/reviewer-8", ("GET /people/{staff_id}",)),
    Kind(
        "oneself, with a wrong code",
        "counsellor-1",
        "/people/counsellor-1",
        ("POST /people/{staff_id}/channels", "POST /people/{staff_id}/channels/confirm"),
        _wrong_code,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Kind("places of a frame", "exchange-1", "/places/{frame}", ("GET /places/{frame:path}",)),
    Kind(
        "import, checked with faults",
        "office-1",
        "/admission/imports/new",
        ("POST /admission/imports/new", "GET /admission/imports/checked/{key}"),
        _file("applications-faulty.csv"),
    ),
    Kind(
        "import, what will happen",
        "office-1",
        "/admission/imports/new",
        ("POST /admission/imports/new", "GET /admission/imports/checked/{key}"),
        _file("applications.csv"),
    ),
    Kind("rounds", "head-1", "/admission/rounds", ("GET /admission/rounds",)),
    Kind("round", "head-1", "/admission/rounds/2027-general", ("GET /admission/rounds/{round_id}",)),
    Kind(
        "round, refused",
        "head-1",
        "/admission/rounds/new",
        ("POST /admission/rounds/new",),
        _step("check", filled=False),
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Kind("help", "office-1", "/help", ("GET /help",)),
    Kind("accessibility", "office-1", "/accessibility", ("GET /accessibility",)),
    Kind("sessions", "office-1", "/sessions", ("GET /sessions",)),
    Kind("sign-in", NOBODY, "/sign-in", ("GET /sign-in",)),
    Kind("sign-in again", "office-1", "/sign-in/again", ("GET /sign-in/again",)),
    Kind(
        "link that is over",
        NOBODY,
        "/sign-in/link/x",
        ("GET /sign-in/link/{key}",),
        None,
        HTTPStatus.NOT_FOUND,
    ),
    Kind("no such page", "office-1", "/nowhere", (), None, HTTPStatus.NOT_FOUND),
    Kind("forged form", "office-1", "/help", ("POST /language",), _forged, HTTPStatus.FORBIDDEN),
)
"""The pages of this table; those that need no more than an address follow from the routes."""

BY: Final = {
    "/search": ("office-1", "?q=A2027"),
    "/audit": ("auditor-1", ""),
    "/admission/imports/new": ("office-1", ""),
}
"""Who looks, and with which question, at a page that follows from its route; else the head of admissions."""
NO_PAGES: Final = {
    "GET /changes": "a stream, which a page reads",
    "POST /export/{name}.{ending}": "a file",
    "POST /people/{staff_id}/absence": "answers with the page of the person",
    "POST /people/{staff_id}/back": "answers with the page of the person",
    "POST /people/{staff_id}/channels/test": "answers with the page of the person",
    "POST /people/{staff_id}/channels/remove": "answers with the page of the person",
    "POST /places/{frame:path}": "question, check and done are those of an act",
    "POST /admission/imports/checked/{key}": "on to the progress of the import",
    "GET /admission/imports/checked/{key}/copy": "a file",
    "GET /admission/imports/{batches}": "tests/office_pages/test_days.py follows it to its end",
    "POST /admission/rounds/{round_id}": "question, check and done are those of an act",
    "GET /inbox/event": "the sample has no event that cannot be delivered",
    "POST /inbox/event": "answers with the list of what came in",
    "POST /inbox/facts": "answers with the list of what came in",
    f"GET {_CASE}/documents/{{name}}/{{version:int}}": "a file",
    f"POST {_CASE}/documents/{{name}}": "answers with the tab of documents",
    "POST /sessions/{number}/end": "answers with the page of sessions",
    "POST /sessions/end-others": "answers with the page of sessions",
    "POST /session/extend": "answers with the page that it was sent from",
    "POST /sign-out": "answers with the page of signing in",
    "GET /sign-in/start": "on to the provider, of which the stack has none",
    "GET /sign-in/callback": "comes from the provider, of which the stack has none",
    "GET /invitations/{key}": "on to the provider, of which the stack has none",
}
"""Routes that show no page of their own, and why."""


def pages() -> list[Kind]:
    """Every kind of page: those of the table, and each route that an address alone leads to."""
    told = {each for kind in OWN for each in kind.of}
    found = list(OWN)
    for path, method in routes_of_pages():
        name = f"{method} {path}"
        if method == "GET" and "{" not in path and name not in told and name not in NO_PAGES:
            who, query = BY.get(path, ("head-1", ""))
            found.append(Kind(path, who, f"{path}{query}", (name,)))
    return found


def routes_of_pages() -> Iterator[tuple[str, str]]:
    """Path and method of every route of the pages."""
    every: list[BaseRoute] = [*sign_in.routes(), *session_pages.routes(), *routes.routes()]
    for each in every:
        if isinstance(each, Mount):
            continue
        assert isinstance(each, Route)
        for method in sorted((each.methods or set()) - {"HEAD"}):
            yield each.path, method
