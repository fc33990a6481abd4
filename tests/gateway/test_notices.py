"""Queued notices and notes over HTTP: read and acted on by right, once for a request, refused by code."""

from uuid import uuid4

import pytest

from tests.gateway.office import Desk, desk  # noqa: F401
from tests.office import Case, Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def queued(institute: Institute, case: Case) -> str:
    """A notice of a step that nobody delivers yet."""
    notice_id = uuid4().hex
    await institute.pool.execute(
        "INSERT INTO iehe.notices (notice_id, case_id, version, process, message, recipient_kind, "
        "recipient_id, facts, queued_at) VALUES ($1, $2, 9999, 'admission-review', 'rejected', 'applicant', "
        "$3, '{}', now())",
        *(notice_id, case.case_id, case.row.application_no),
    )
    return notice_id


@pytest.fixture
async def case(institute: Institute) -> Case:
    case = await institute.apply()
    await case.until_stage("completeness")
    return case


async def act(desk: Desk, notice: str, name: str, body: dict, key: str, by: str = "office-1", seen="*"):
    headers = {"Idempotency_Key": key, "If_Match": seen}
    return await desk.post(f"/notices/{notice}/{name}", body, by, **headers)


async def test_a_notice_is_held_changed_released_and_cancelled(institute, desk, case) -> None:
    """Each act with its revision as ETag; the same request again is answered as the first."""
    notice = await queued(institute, case)
    held = await act(desk, notice, "hold", {"reason": "確認中"}, "k-1", seen='"0"')
    again = await act(desk, notice, "hold", {"reason": "確認中"}, "k-1", seen='"0"')
    changed = await act(desk, notice, "words", {"ja": "先日の件", "reason": "依頼"}, "k-2", seen='"1"')
    restored = await act(desk, notice, "words", {"reason": "不要"}, "k-3")
    released = await act(desk, notice, "release", {}, "k-4")
    cancelled = await act(desk, notice, "cancel", {"reason": "宛先違い"}, "k-5")

    assert [each.status_code for each in (held, again, changed, restored, released, cancelled)] == [200] * 6
    assert (held.json()["repeated"], again.json()["repeated"], again.json()["revision"]) == (False, True, 1)
    assert held.headers["etag"] == '"1"'
    assert held.json()["held_since"]
    assert (changed.json()["act"], restored.json()["act"]) == ("change", "restore")
    assert (released.json()["state"], released.json()["held_since"]) == ("queued", None)
    assert cancelled.json()["state"] == "suppressed"


async def test_a_notice_is_read_as_it_will_be_sent(institute, desk, case) -> None:
    """Letters, words and reasons with what is personal alone; who and when without it."""
    notice = await queued(institute, case)
    await act(desk, notice, "words", {"ja": "先日の件", "reason": "依頼"}, "k-1")

    plain = await desk.get(f"/notices/{notice}")
    whole = await desk.get(f"/notices/{notice}?personal=true")

    assert (plain.json()["letters"], plain.headers["etag"]) == (None, '"1"')
    for words in ("先日の件", "依頼", case.row.email, case.row.given_name):
        assert words not in plain.text
        assert words in whole.text
    (entry,) = plain.json()["history"]
    assert (entry["act"], entry["staff_id"], entry["reason"]) == ("change", "office-1", None)
    letter = whole.json()["letters"][0]
    assert (letter["language"], letter["sent"]) == ("ja", True)
    assert "先日の件" in letter["text"]


async def test_who_may_not_is_refused_by_code(institute, desk, case) -> None:
    """By role, by sight, by revision, by key; what a request says wrong is told by its place."""
    notice = await queued(institute, case)

    async def code(*given, **more) -> tuple[int, str]:
        answer = await act(desk, *given, **more)
        return answer.status_code, answer.json()["code"]

    why = {"reason": "確認中"}
    assert await code(notice, "hold", why, "k-1", by="auditor-1") == (403, "role-missing")
    assert await code(notice, "hold", why, "k-1", by="reviewer-1") == (404, "no-such-notice")
    assert await code("f" * 32, "hold", why, "k-1") == (404, "no-such-notice")
    assert await code(notice, "hold", why, "k-2", seen='"7"') == (412, "stale-notice")
    assert await code(notice, "release", {}, "k-3") == (409, "notice-not-held")
    assert await code(notice, "hold", {}, "k-4") == (400, "invalid-request")
    assert await code(notice, "words", why | {"ja": "鐘\a"}, "k-5") == (400, "invalid-request")
    await act(desk, notice, "hold", why, "k-6")
    assert await code(notice, "hold", {"reason": "別の理由"}, "k-6") == (422, "key-used-otherwise")
    reader = await desk.get(f"/notices/{notice}?personal=true", "auditor-1")
    assert (reader.status_code, reader.json()["code"]) == (403, "role-missing")
    await institute.pool.execute("UPDATE iehe.notices SET state = 'sending' WHERE notice_id = $1", notice)
    assert await code(notice, "cancel", why, "k-7") == (409, "notice-being-sent")


async def test_notes_are_written_corrected_and_withdrawn(desk, case) -> None:
    """One is made once for a request; its versions stay; the page of the case has no words of it."""
    path = f"/cases/{case.case_id}/notes"
    first = await desk.post(path, {"note": "電話あり"}, Idempotency_Key="k-1")
    again = await desk.post(path, {"note": "電話あり"}, Idempotency_Key="k-1")
    note = f"{path}/{first.json()['note_id']}"
    fixed = await desk.post(note, {"note": "電話あり（母）"}, Idempotency_Key="k-2", If_Match='"1"')
    stale = await desk.post(note, {"note": "三"}, Idempotency_Key="k-3", If_Match='"1"')
    gone = await desk.post(
        f"{note}/withdraw", {"reason": "別件"}, "head-1", Idempotency_Key="k-4", If_Match="*"
    )

    assert [each.status_code for each in (first, again, fixed, stale, gone)] == [201, 200, 200, 412, 200]
    assert again.json()["repeated"]
    (told,) = (await desk.get(path, "auditor-1")).json()["notes"]
    assert (told["withdrawn"], told["body"], told["reason"]) == (True, None, "別件")
    assert [each["body"] for each in told["versions"]] == ["電話あり", "電話あり（母）", "別件"]
    assert "電話あり" not in (await desk.get(f"/cases/{case.case_id}")).text


async def test_notes_are_not_for_who_sees_only_their_own_part(desk, case, institute) -> None:
    """Who does not see the case has none; who sees it and not its work is told the role that is missing."""
    path = f"/cases/{case.case_id}/notes"
    assert (await desk.get(path, "reviewer-1")).status_code == 404
    await institute.pool.execute(
        "INSERT INTO iehe.case_people (staff_id, case_id, role) VALUES ('reviewer-1', $1, 'reviewer')",
        case.case_id,
    )
    assert (await desk.get(f"/cases/{case.case_id}", "reviewer-1")).status_code == 200
    for answer in (
        await desk.get(path, "reviewer-1"),
        await desk.post(path, {"note": "一"}, "reviewer-1", Idempotency_Key="k-1"),
        await desk.post(path, {"note": "一"}, "auditor-1", Idempotency_Key="k-1"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "role-missing")
