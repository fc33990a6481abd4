"""Whatever is sent to the pages: no error of ours, nothing kept of it, and no word of it in a log."""

import asyncio
import re
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.kernel.texts import storable
from tests.office_pages.browser import COOKIE
from tests.office_pages.institute import House, Person, hidden, house
from tests.office_pages.ledger import changed, ledger, quiet
from tests.office_pages.test_rights import KEY, MATRIX, SEES

__all__ = ["house"]

pytestmark = pytest.mark.timeout(180)
EXAMPLES = settings(
    max_examples=120,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
LIMIT = 256 * 1024
NASTY = (
    *(
        "..",
        ".",
        "%2f",
        "%2e%2e",
        "%252e",
        "%00",
        "a%00b",
        "%ff",
        "%c0%af",
        "%ed%a0%80",
        "\\",
        "%5c",
        "..%2f..",
    ),
    *(
        "%E2%80%AE",
        "%EF%BC%8F",
        "%F0%9F%98%80",
        "a" * 3000,
        "'",
        "%22",
        "%3Cscript%3E",
        "$%7B7*7%7D",
        "%7B%7B7*7%7D%7D",
    ),
    *("-1", "0", "99999999999999999999", "1e9", "%D9%A3", "NaN", "%20", "%0d%0aSet-Cookie:x=1", ";", "null"),
)
KNOWN = ("cases", "do", "facts", "documents", "notes", "notices", "done", "start", "boards", "bulk", "static")
texts = st.sampled_from(
    [*(each.replace("%", "") for each in NASTY), "\0", "a\0b", "９" * 9, "1" * 5000]
) | st.text(st.characters(codec="utf-8"), max_size=60)


@pytest.fixture
async def office(house: House) -> Person:
    return await house.at("office-1")


@st.composite
def paths(draw: Any) -> str:
    """A path of a route in which some parts are nasty, or one of such parts alone."""
    part = st.sampled_from(NASTY) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).map(
        lambda text: quote(text, safe="")
    )
    if draw(st.booleans()):
        return "/" + "/".join(draw(st.lists(part | st.sampled_from(KNOWN), max_size=6)))
    route = draw(st.sampled_from([path for _, path in MATRIX]))
    known = {"room": st.sampled_from(list(SEES)) | part}
    return re.sub(r"{(\w+)}", lambda match: draw(known.get(match[1], part)), route)


@EXAMPLES
@given(
    path=paths(),
    query=st.lists(
        st.tuples(st.sampled_from(["cursor", "case", "tab", "said", "state", "label"]) | texts, texts),
        max_size=3,
    ),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "PUT", "OPTIONS", "DELETE", "POST"]),
)
async def test_no_address_is_an_error_of_ours(office, path, query, method):
    """Any path and query: a page, a redirection or a refusal; a made-up part is nowhere in it as it came."""
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
    raw = f"{path}?{asked}".encode("ascii")[:15_000]
    url = httpx2.URL(office.url).copy_with(raw_path=raw)
    async with office.http.stream(method, url, headers=office.own) as answer:
        assert answer.status_code < 500, (method, raw)
        assert "set-cookie" not in answer.headers
        if "event-stream" not in answer.headers.get("content-type", ""):
            text = (await answer.aread()).decode()
            assert "<script>" not in text


@pytest.fixture(scope="module")
async def chosen(house: House) -> dict[str, str]:
    """A case for forms, and a notice of it."""
    case_id = await house.eligible()
    told = "SELECT notice_id FROM iehe.notices WHERE case_id = $1 LIMIT 1"
    return house.cases | {"admission": case_id, "notice": await house.owner.fetchval(told, case_id)}


NAMES = (
    "key",
    "case_version",
    "version",
    "step",
    "reason",
    "item",
    "eligible",
    "case",
    "note",
    "words",
    "act",
    "revision",
    "decision",
)
STEPS = st.sampled_from(["check", "do", "do-next", "keep", "drop", "change", "ask", "x"])
values = st.one_of(texts, st.sampled_from([KEY, "1", "0", "yes", "confirm-eligibility"]), STEPS)


@EXAMPLES
@given(
    path=st.sampled_from(
        sorted({look.path for (m, _), looks in MATRIX.items() if m == "POST" for look in looks})
    ),
    form=st.dictionaries(st.sampled_from(NAMES) | texts, values, max_size=8),
    key=st.booleans(),
    version=st.sampled_from(["1", "0", "999999999", "9999999999", "-1", "１", ""]),
)
async def test_no_form_is_an_error_of_ours(house, chosen, office, path, form, key, version):
    """Any fields with any values in a form with its token."""
    given = {**form, "case_version": version, **({"key": KEY} if key else {})}
    if "admission" in path and not key:
        path = "/cases/{admission}/do/confirm-eligibility"
    answer = await office.post(path.format(**chosen), given)
    assert answer.status_code < 500, (path, given)


async def test_a_draft_of_anything_that_can_be_stored(house, chosen, office):
    """Kept and shown again, or refused; never an error."""
    path = f"/cases/{chosen['admission']}/do/confirm-eligibility"
    for words in ("\0", "a" * 9000, "あ" * 9000, "😀" * 4000, "\\" * 9000, '"' * 9000, "\x01" * 9000):
        form = {**hidden((await office.get(path)).text), "step": "keep", "reason": words}
        answer = await office.post(path, form)
        assert answer.status_code in (303, 422), (len(words), answer.status_code)
        if answer.status_code == 303 and storable(words):
            assert (await office.get(path)).status_code == 200


BODIES: dict[str, tuple[str, bytes, set[int]]] = {
    "too large": ("application/x-www-form-urlencoded", b"a=" + b"x" * (LIMIT + 1), {413}),
    "much too large": ("application/x-www-form-urlencoded", b"a=" + b"x" * (2 * LIMIT), {413}),
    "a thousand fields and one": ("application/x-www-form-urlencoded", b"&".join([b"a=b"] * 1001), {400}),
    "no utf-8": ("application/x-www-form-urlencoded", b"a=\xff\xfe", {400}),
    "json": ("application/json", b'{"csrf": "x"}', {403}),
    "nothing": ("", b"", {403}),
    "multipart without a boundary": ("multipart/form-data", b"x", {400}),
    "multipart that is cut": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx',
        {400, 403},
    ),
    "multipart with a file nobody asked for": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nx\r\n--b--\r\n',
        {400, 403, 413},
    ),
    "multipart with many parts": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1001 + b"--b--\r\n",
        {400, 413},
    ),
    "multipart with a large part": (
        "multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"x" * (LIMIT + 1) + b"\r\n--b--\r\n",
        {400, 413},
    ),
    "multipart of headers alone": (
        "multipart/form-data; boundary=b",
        b"--b\r\n" + b"X-A: " + b"y" * 70_000,
        {400, 403, 413},
    ),
}
ROUTES = (
    "/cases/{admission}/do/confirm-eligibility",
    "/cases/{admission}/facts/document-received",
    "/cases/{admission}/notes",
    "/notices/{notice}",
    "/start/admission",
    "/bulk",
    "/break-glass",
    "/language",
)


@pytest.mark.parametrize("body", BODIES)
async def test_no_body_is_an_error_of_ours(house, chosen, office, body):
    """Refused with a code before anything is done; all stands as it stood."""
    kind, content, statuses = BODIES[body]
    before = await quiet(house.owner)
    for path in ROUTES:
        headers = {**office.own, **({"Content-Type": kind} if kind else {})}
        answer = await office.http.post(house.url + path.format(**chosen), content=content, headers=headers)
        assert answer.status_code in statuses, (path, answer.status_code)
    assert changed(before, await ledger(house.owner)) == []


async def test_a_file_whose_length_is_not_said_or_too_great_is_refused(house):
    """Before it is read, whatever it says of itself."""
    person = await house.at("exchange-1")
    url = f"{house.url}/cases/{house.cases['exchange']}/documents/photo"

    async def parts() -> Any:
        yield b"--b\r\n"

    kind = {**person.own, "Content-Type": "multipart/form-data; boundary=b"}
    answer = await person.http.post(url, content=parts(), headers=kind)
    assert answer.status_code == 413
    at = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    head = (
        f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: {at.netloc}\r\nOrigin: {house.url}\r\n"
        f"Cookie: {COOKIE}={person.http.cookies[COOKIE]}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: 30000000\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(5):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_nothing_that_was_sent_or_shown_is_in_the_log(house, chosen, office, capfd):
    """No token, no cookie, no typed word, no query and no id of a person or case: only route and status."""
    words = "kanaria-words"
    path = f"/cases/{chosen['admission']}/do/confirm-eligibility"
    question = await office.get(path)
    for step, typed in (("check", words), ("keep", words), ("do", "\0" + words), ("check", words * 400)):
        await office.press(question, step, eligible="yes", reason=typed)
    for asked in (
        "/?whose=kanaria-words",
        "/search?q=kanaria-words",
        "/cases?label=kanaria-words:x",
        "/kanaria-words",
    ):
        await office.get(asked)
    await office.post("/break-glass", {"key": KEY, "case": words, "reason": words})
    await office.post(f"/cases/{chosen['admission']}/notes", {"key": KEY, "words": words, "note": words})
    await office.http.post(house.url + path, data={"csrf": words}, headers={"Origin": f"https://{words}"})
    log = "".join(capfd.readouterr())
    assert "/cases/:room/:subject/do/:name" in log
    cookie = office.http.cookies[COOKIE]
    for secret in (words, office.csrf, cookie, "office-1", chosen["admission"].partition("/")[2], KEY):
        assert secret not in log
