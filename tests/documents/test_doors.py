"""Documents over HTTP: raw bodies with limits, lists, hand-outs as files."""

import contextlib
import hashlib

import httpx2
import pytest

from gateway.case_documents import UPLOADS
from gateway.documents.openapi import openapi
from tests.documents.conftest import Office
from tests.documents.desk import LETTER, LIMIT, PLAN, pdf, png
from tests.gateway.office import Desk as Door

FILE = "application/octet-stream"


def path(case_id: str, name: str = "") -> str:
    return f"/cases/{case_id}/documents{'/' if name else ''}{name}"


async def put(
    door: Door, case_id: str, content: bytes, by: str = "office-1", name: str = LETTER, kind: str = FILE
) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {door.token(by)}", "Content-Type": kind}
    return await door.http.put(path(case_id, name), content=content, headers=headers)


async def test_a_file_is_put_listed_and_got(office: Office, door: Door) -> None:
    """Put twice it is one version; what is got is a file that no browser shows as a page."""
    case_id = await office.request()
    first, again = await put(door, case_id, png()), await put(door, case_id, png())
    assert (first.status_code, again.status_code) == (201, 200)
    hashed = hashlib.sha256(png()).hexdigest()
    told = {"case_id": case_id, "document": LETTER, "version": 1, "sha256": hashed}
    assert first.json() == again.json() == told | {"bytes": len(png()), "media_type": "image/png"}
    await office.deliver(case_id)
    listed = (await door.get(path(case_id))).json()["documents"]
    assert [(each["name"], each["state"], each["from"]) for each in listed] == [
        (LETTER, "received", "school"),
        (PLAN, "wanted", "school"),
    ]
    assert listed[0]["versions"][0]["by"] == "office-1"
    got = await door.get(path(case_id, LETTER))
    assert (got.status_code, got.content) == (200, png())
    assert got.headers["content-type"] == "image/png"
    assert got.headers["content-disposition"] == 'attachment; filename="letter-1.png"'
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.document_reads") == 1


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", FILE, 400, "document-empty"),
        (pdf("x" * LIMIT), FILE, 413, "body-too-large"),
        (b"MZ" + b"\0" * 99, FILE, 400, "document-of-other-type"),
        (pdf(), "multipart/form-data; boundary=x", 415, "unsupported-media-type"),
    ],
    ids=["empty", "large", "program", "form"],
)
async def test_what_may_not_be_kept_is_a_problem(
    office: Office, door: Door, content: bytes, kind: str, status: int, code: str
) -> None:
    """Each with its code, and nothing in the store."""
    case_id = await office.request()
    told = await put(door, case_id, content, kind=kind)
    assert (told.status_code, told.json()["code"]) == (status, code)
    assert office.objects() == []


async def test_who_may_do_nothing_with_a_case_does_nothing_with_its_documents(
    office: Office, door: Door
) -> None:
    """Neither a stranger nor a lecturer; who only reads a case may not have what is personal."""
    case_id = await office.request()
    await office.owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) "
        "VALUES ('auditor-1', 'a', 'a@example.ac.jp', '{auditor}')"
    )
    await office.received(case_id)
    for by in ("lecturer-1", "nobody"):
        answers = [await put(door, case_id, pdf(), by), await door.get(path(case_id), by)]
        answers.append(await door.get(path(case_id, LETTER), by))
        assert {each.status_code for each in answers} <= {403, 404}, answers
    assert (await door.get(path(case_id), "auditor-1")).status_code == 200
    assert (await put(door, case_id, png(), "auditor-1")).status_code == 403
    assert (await door.get(path(case_id, LETTER), "auditor-1")).status_code == 403
    assert (await door.http.get(path(case_id, LETTER))).status_code == 401
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.document_reads") == 0


async def test_a_document_that_is_not_there_is_not_found(office: Office, door: Door) -> None:
    """Unknown, not received, or another version."""
    case_id = await office.request()
    await office.received(case_id)
    for name in ("passport", PLAN, f"{LETTER}?version=2"):
        assert (await door.get(path(case_id, name))).status_code == 404
    assert (await put(door, case_id, pdf(), name="passport")).status_code == 404
    assert (await door.get(path(case_id, f"{LETTER}?version=0"))).status_code == 400


async def test_while_the_store_is_away_the_door_says_so(office: Office, door: Door) -> None:
    """503, and whoever tries again later is served."""
    case_id = await office.request()
    await office.received(case_id)
    office.folder.rename(office.folder.with_name("away"))
    office.folder.touch()
    told = [await put(door, case_id, png()), await door.get(path(case_id, LETTER))]
    assert [(each.status_code, each.json()["code"]) for each in told] == [(503, "documents-unreachable")] * 2
    office.folder.unlink()
    office.folder.with_name("away").rename(office.folder)
    assert (await door.get(path(case_id, LETTER))).content == pdf()


async def test_files_in_memory_are_few_at_a_time(office: Office, door: Door) -> None:
    """One too many is asked to come again, and is served when another one is done."""
    case_id = await office.request()
    with contextlib.ExitStack() as others:
        for _ in range(8):
            others.enter_context(UPLOADS.by("all"))
        told = await put(door, case_id, pdf())
        assert (told.status_code, told.json()["code"]) == (503, "too-many-at-once")
    assert (await put(door, case_id, pdf())).status_code == 201


def test_the_doors_are_described() -> None:
    """The list, the put with its file, the hand-out as a file."""
    paths = openapi()["paths"]
    assert set(paths["/cases/{case_id}/documents"]) == {"get"}
    one = paths["/cases/{case_id}/documents/{name}"]
    assert set(one) == {"get", "put"}
    assert "*/*" in one["get"]["responses"]["200"]["content"]
    assert FILE in one["put"]["requestBody"]["content"]
