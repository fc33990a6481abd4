"""Corrections of an applicant and an application, through the doors, on real servers."""

import asyncio
import json

import asyncpg
import pytest
from temporalio.client import WorkflowHistory

from cases.corrections import keep_values
from embedded.mail import MailCatcher, caught_mails
from schemas.kernel.corrections import CorrectData
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.gateway.office import Desk, desk  # noqa: F401
from tests.office import Case, Institute, actor, person
from tests.payloads import opened, without_what_was_sent
from tests.workflows.conftest import (  # noqa: F401
    institute,
    mortal_worker,
    notices,
    pool,
    vacant,
    worker_pool,
)
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name

NAMES = {"family_name": "訂正", "given_name": "済子"}
CANARY = "カナリア訂正"


async def on_record(case: Case) -> asyncpg.Record:
    row = await case.institute.pool.fetchrow(
        "SELECT p.*, a.programme FROM iehe.applications a JOIN iehe.people p USING (person_id) "
        "WHERE a.case_id = $1",
        case.case_id,
    )
    assert row is not None
    return row


async def waiting(case: Case) -> int:
    return await case.institute.pool.fetchval("SELECT count(*) FROM iehe.pending_corrections")


async def history(case: Case) -> list[asyncpg.Record]:
    return await case.institute.pool.fetch(
        "SELECT * FROM iehe.corrections WHERE case_id = $1 ORDER BY version", case.case_id
    )


async def corrected(desk: Desk, case: Case, record: str = "applicant", by: str = "office-1", **values):
    body = {"record": record, "values": values, "reason": "窓口で確認"}
    return await desk.decide(case.case_id, "correct-data", body, by)


async def in_completeness(institute: Institute, **changes) -> Case:
    case = await institute.apply(person(**changes))
    await case.until_stage("completeness")
    return case


async def test_what_is_corrected_is_on_record_with_its_history(institute: Institute, desk: Desk) -> None:
    """The person's row says the new values, normalised as a file's; what was before stays beside them."""
    case = await in_completeness(institute)
    answer = await corrected(
        desk, case, family_kana="ていせい", birth_date="平成20年5月6日", phone="０９０-1234-5678"
    )
    assert answer.status_code == 200, answer.text
    row = await on_record(case)
    assert (row["family_kana"], str(row["birth_date"]), row["phone"]) == (
        "テイセイ",
        "2008-05-06",
        "09012345678",
    )
    (kept,) = await history(case)
    assert json.loads(kept["before"])["family_kana"] == case.row.family_kana
    assert json.loads(kept["after"])["family_kana"] == "テイセイ"
    assert (kept["made_by"], kept["fields"]) == ("office-1", ["birth_date", "family_kana", "phone"])
    assert await waiting(case) == 0
    assert [each["message"] for each in await case.notices("data-corrected")] == ["data-corrected"]


async def test_old_and_new_address_hear_of_it(
    institute: Institute, desk: Desk, mail: MailCatcher, eventually
) -> None:
    """The new address is told what was corrected; the old one, without a name, that it is used no more."""
    case = await in_completeness(institute)
    await case.until_notices(len(await case.notices()))
    assert (await corrected(desk, case, email="right@example.com")).status_code == 200
    await case.until_notices(len(await case.notices()))
    mails = {each.subject: each for each in caught_mails(mail.folder)}
    old = mails["このメールアドレスの登録を変更しました"]
    new = mails["登録内容を訂正しました"]
    assert (old.recipients, new.recipients) == ((case.row.email,), ("right@example.com",))
    assert case.row.given_name not in old.text
    assert "letters-misdirected" in await case.tasks()


async def test_stale_and_unfit_corrections_leave_nothing(institute: Institute, desk: Desk) -> None:
    """Another version seen, no such field, a value that no file would bring: refused, and nothing waits."""
    case = await in_completeness(institute)
    before = await on_record(case)
    body = {"record": "applicant", "values": NAMES, "reason": "窓口で確認"}
    stale = await desk.decide(case.case_id, "correct-data", body, version='"9"')
    assert stale.status_code == 412, stale.text
    unfit = await corrected(desk, case, email="not an address")
    assert "email: email-invalid" in unfit.text
    assert "not an address" not in unfit.text
    assert (await corrected(desk, case, nickname="x")).status_code == 400
    assert (await corrected(desk, case, birth_date="")).status_code == 400
    assert (await corrected(desk, case, family_name=case.row.family_name)).status_code == 400
    unexplained = {"record": "applicant", "values": NAMES}
    assert (await desk.decide(case.case_id, "correct-data", unexplained)).status_code == 400
    assert (await corrected(desk, case, by="auditor-1", **NAMES)).status_code == 403
    assert await on_record(case) == before
    assert (await waiting(case), await history(case)) == (0, [])


async def test_the_same_request_twice_is_one_correction(institute: Institute, desk: Desk) -> None:
    """Asked again, also at once, it is answered with the first receipt."""
    case = await in_completeness(institute)
    body = {"record": "applicant", "values": NAMES, "reason": "窓口で確認"}
    answers = await asyncio.gather(
        *(desk.decide(case.case_id, "correct-data", body, key="once") for _ in range(4))
    )
    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["version"] for each in answers}) == 1
    assert (len(await history(case)), await waiting(case)) == (1, 0)


async def test_the_page_shows_values_only_when_asked(
    institute: Institute, desk: Desk, iehe: CommandLine
) -> None:
    """Who, when and which fields stand on the page; what they said and say only with what is personal."""
    case = await in_completeness(institute)
    number = case.row.application_no
    given = ("applicant", "family_name=訂正", "--reason", "窓口で確認")
    await iehe.ok("case", "correct-data", case.case_id, *given, by="office-1")
    shown = await iehe.ok("case", "show", number, by="office-1")
    (entry,) = shown["corrections"]
    assert (entry["fields"], entry["made_by"]) == (["family_name"], "office-1")
    assert "訂正" not in json.dumps(shown, ensure_ascii=False)
    whole = await iehe.ok("case", "show", number, "--personal", by="office-1")
    assert whole["corrections"][0]["after"] == {"family_name": "訂正"}
    assert whole["corrections"][0]["before"] == {"family_name": case.row.family_name}


async def test_a_twin_that_the_typing_error_hid_is_found(institute: Institute, desk: Desk) -> None:
    """With the right name and birth date another application is the same person's, and a person is asked."""
    first = await in_completeness(institute)
    row = first.row
    second = await in_completeness(institute)
    assert "resolve-duplicate" not in await second.tasks()
    same = {name: str(getattr(row, name)) for name in ("family_kana", "given_kana", "birth_date")}
    same |= {"given_name": row.given_name}
    assert (await corrected(desk, second, **same)).status_code == 200
    assert (await second.state())["duplicates"] == [first.case_id]
    assert "resolve-duplicate" in await second.tasks()


async def test_a_reviewer_who_is_now_related_is_looked_at(institute: Institute, desk: Desk) -> None:
    """A corrected relation to staff asks the office about a reviewer who was drawn before."""
    case = await institute.apply()
    reviewer, *_ = await case.to_review()
    answer = await corrected(desk, case, "application", related_staff=f"職員{reviewer}")
    assert answer.status_code == 200, answer.text
    assert f"check-conflict:{reviewer}" in await case.tasks()


async def test_programme_is_of_the_round_and_before_the_review(institute: Institute, desk: Desk) -> None:
    """It can be corrected to one that the round has, until the review begins; the case is found under it."""
    case = await in_completeness(institute)
    assert "programme-not-of-round" in (await corrected(desk, case, "application", programme="alchemy")).text
    done = await corrected(desk, case, "application", programme="education")
    assert done.status_code == 200, done.text
    assert (await case.state())["programme"] == "education"
    label = "SELECT value FROM iehe.case_labels WHERE case_id = $1 AND name = 'programme'"
    assert await institute.pool.fetchval(label, case.case_id) == "education"
    await case.to_review()
    late = await corrected(desk, case, "application", programme="science")
    assert (late.status_code, "review" in late.text) == (409, True)
    assert (await waiting(case), (await on_record(case))["programme"]) == (0, "education")


async def test_corrected_values_are_nowhere_but_in_the_database(
    institute: Institute, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither history, state, log nor tasks hold what was corrected."""
    case = await in_completeness(institute)
    values = {
        "family_name": CANARY,
        "family_kana": "カナリア",
        "address": f"{CANARY}県",
        "email": "canary@example.com",
    }
    assert (await corrected(desk, case, **values)).status_code == 200
    await case.until_notices(len(await case.notices()))
    codec = institute.client.data_converter.payload_codec
    events = await opened([event async for event in case.handle.fetch_history_events()], codec)
    places = {
        "history": without_what_was_sent(WorkflowHistory(case.case_id, events).to_json()),
        "state": json.dumps(await case.state(), ensure_ascii=False),
        "log": str([dict(each) for each in await case.log()]),
        "tasks": str([dict(each) for each in (await case.tasks()).values()]),
        "output": caplog.text,
    }
    assert '"correct-data' in places["history"] or "correct-data" in places["history"]
    assert [name for name, text in places.items() if "カナリア" in text or "canary@" in text] == []


async def test_killed_after_writing_it_is_applied_once(
    vacant: Institute, desk: Desk, client, worker_pool, notices, mortal_worker
) -> None:
    """The worker dies when the database has it and Temporal does not: asked again, it stands, once."""
    doomed = await mortal_worker("written:correct-data")
    case = await vacant.apply()
    await case.until_stage("completeness")
    body = {"record": "applicant", "values": NAMES, "reason": "窓口で確認"}
    asking = asyncio.create_task(desk.decide(case.case_id, "correct-data", body, key="k-1"))
    assert await doomed.wait() == 9
    asking.cancel()
    async with running_worker(client, worker_pool, notices):
        again = await desk.decide(case.case_id, "correct-data", body, key="k-1")
    assert again.status_code == 200, again.text
    assert (len(await history(case)), await waiting(case)) == (1, 0)
    assert (await case.steps()).count(CorrectData.step) == 1


async def test_killed_before_it_was_sent_it_is_applied_once(institute: Institute, desk: Desk) -> None:
    """The door dies when the values are stored and nobody was asked: the same request takes them up."""
    case = await in_completeness(institute)
    key, who = "k-door", actor("office-1")
    doomed = CorrectData(command_id=key, actor=who, record="applicant")
    assert (await keep_values(institute.pool, case.case_id, doomed, "applicant", NAMES))[1]
    assert (await waiting(case), await history(case)) == (1, [])
    body = {"record": "applicant", "values": NAMES, "reason": "窓口で確認"}
    assert (await desk.decide(case.case_id, "correct-data", body, key=key)).status_code == 200
    assert (await waiting(case), len(await history(case))) == (0, 1)
    # and what was taken over is not stored again by who comes late
    assert not (await keep_values(institute.pool, case.case_id, doomed, "applicant", NAMES))[1]
    shown = (await desk.get(f"/cases/{case.case_id}")).json()
    assert shown["corrections"][0]["fields"] == ["family_name", "given_name"]
    assert "email" in shown["correctable"]["applicant"]
    assert NAMES["given_name"] not in json.dumps(shown, ensure_ascii=False)


async def test_one_without_its_values_changes_nothing(institute: Institute) -> None:
    """Made after its values were swept away it is refused, whole."""
    case = await in_completeness(institute)
    before = await case.version()
    gone = {"record": "applicant", "values_id": "6f1a2f0e-3d7e-4d0a-9d39-0c8b6a4f1f11"}
    with pytest.raises(Exception, match="correction-gone"):
        await case.decide(CorrectData, "office-1", **gone, reason_id=await case.text())
    assert await case.version() == before
