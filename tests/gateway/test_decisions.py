"""Decisions over HTTP: who, what, which version; once, and refused in words that a person understands."""

import asyncio
import json
import time
from contextlib import ExitStack

import httpx2
import pytest

from cases import decisions as deciding
from cases.decisions import NOT_FROM_OUTSIDE
from cases.registry import PROCESSES
from encryption.ring import ensure_ring
from gateway.app import create_app
from gateway.context import Gateway
from gateway.decisions import body_model
from schemas.admission.commands import ConfirmEligibility
from schemas.admission.identifiers import PROCESS
from schemas.kernel.patience import ANSWER_WITHIN
from tests.frozen import frozen
from tests.gateway.office import Desk, desk, lonely_desk, settings_for  # noqa: F401
from tests.office import actor
from tests.words import vault_of, words_of
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workers.http_process import pools
from workers.staff_tokens import staff_tokens
from workers.worker import running_worker

# ruff: noqa: F811 - fixtures are imported and asked for by name

BODIES = {
    "permit-late": {"item": "transcript", "until": "2027-02-10T17:00:00+09:00", "reason": "理由"},
    "resolve-duplicate": {"same_person": True, "duplicate_of": ["admission/A2027-000001"], "reason": "理由"},
    "reopen-duplicate": {"reason": "理由"},
    "confirm-eligibility": {"eligible": True},
    "decide-accommodation": {"result": "granted", "reason": "理由"},
    "assign-reviewers": {"reviewers": ["reviewer-1"]},
    "accept-review": {"no_conflict": True},
    "decline-review": {"conflict": True},
    "release-reviewer": {"reviewer": "reviewer-1", "reason": "理由"},
    "submit-scores": {"points": {"academic": 9}, "remark": "所見"},
    "cast-vote": {"choice": "admit", "reason": "理由"},
    "close-ballot": {},
    "judge-conflict": {"member": "member-1", "conflict": False, "reason": "同姓の別人"},
    "record-decision": {"decision": "offered", "reason": "理由"},
    "answer-offer": {"answer": "accepted"},
    "record-enrolment": {"result": "enrolled"},
    "withdraw": {"reason": "other-university"},
    "rejudge": {"reason": "理由"},
    "change-policy": {"version": "2027-1"},
    "reassign-task": {"task": "check-eligibility", "assignee": "office-1"},
    "complete-task": {"task": "look-at-event:3"},
    "move-deadline": {"deadline": "completeness", "due_at": "2027-02-10T17:00:00+09:00"},
    "pause-deadline": {"deadline": "completeness"},
    "resume-deadline": {"deadline": "completeness"},
    "cancel-deadline": {"deadline": "completeness"},
    "correct-data": {"record": "applicant", "values": {"family_name": "見本"}, "reason": "窓口で確認"},
    "take-back": {"taken": 1, "reason": "理由"},
    "confirm-take-back": {},
    "refuse-take-back": {"reason": "理由"},
}
COMMANDS = PROCESSES[PROCESS].commands


def test_every_decision_has_an_example() -> None:
    """The bodies below are one for each decision of the process."""
    assert BODIES.keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_body_says_nothing_about_who_acts(name) -> None:
    """No body has the frame of its command, and each takes its own fields."""
    model = body_model(COMMANDS[name])

    assert NOT_FROM_OUTSIDE.isdisjoint(model.model_fields)
    model.model_validate_json(json.dumps(BODIES[name]), strict=True)


async def test_every_decision_reaches_its_rule(institute, desk) -> None:
    """Each decision is answered by the case's own rules: done, or refused with one of their codes."""
    case = await institute.apply()
    await case.until_stage("completeness")
    people = {"accept-review": "reviewer-1", "cast-vote": "member-1"}
    answers = {}
    for name, body in BODIES.items():
        if name != "withdraw":
            answers[name] = await desk.decide(case.case_id, name, body, people.get(name, "head-1"))

    codes = {name: answer.json().get("code", "done") for name, answer in answers.items()}
    assert {answer.status_code for answer in answers.values()} <= {200, 400, 403, 404, 409}, codes
    assert codes["pause-deadline"] == codes["resume-deadline"] == "done"
    assert (answers["record-decision"].status_code, codes["record-decision"]) == (409, "wrong-stage")
    assert (answers["cast-vote"].status_code, codes["cast-vote"]) == (404, "no-such-case")
    assert "invalid-request" not in codes.values()


async def test_decision_is_made_by_the_person_of_the_token(institute, desk) -> None:
    """The answer tells the stage in both languages, the log who decided; the words are in the database."""
    case = await institute.apply()
    await case.complete()
    version = await case.version()

    answer = await desk.decide(
        case.case_id, "confirm-eligibility", {"eligible": True, "reason": "確認済み"}, version=f'"{version}"'
    )

    told = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (200, f'"{told["version"]}"')
    assert (told["stage"], told["stage_text"]["ja"], told["repeated"]) == ("review", "審査", False)
    entry = (await case.log())[version]
    assert (entry["actor_id"], entry["step"]) == ("office-1", "confirm-eligibility")
    assert await words_of(institute.pool, institute.client) == ["確認済み"]


@pytest.mark.parametrize("extra", [{"actor": {"id": "head-1"}}, {"command_id": "c"}, {"case_version": 1}])
async def test_frame_in_the_body(institute, desk, extra) -> None:
    """A body that says who acts is refused by pointer."""
    case = await institute.apply()
    await case.until_stage("completeness")

    answer = await desk.decide(case.case_id, "confirm-eligibility", {"eligible": True} | extra)

    assert answer.status_code == 400
    assert answer.json()["faults"] == [{"at": f"/{next(iter(extra))}", "code": "extra_forbidden"}]


async def test_refusals_say_why(institute, desk) -> None:
    """Stale 412, wrong stage 409, missing role 403, unknown 404, no version 428: each in both languages."""
    case = await institute.apply()
    await case.until_stage("completeness")
    eligible = {"eligible": True}

    stale = await desk.decide(case.case_id, "pause-deadline", {"deadline": "completeness"}, version='"77"')
    wrong = await desk.decide(case.case_id, "confirm-eligibility", eligible)
    role = await desk.decide(case.case_id, "change-policy", {"version": "x"})
    foreign = await desk.decide(case.case_id, "accept-review", {}, "reviewer-1")
    unknown = await desk.decide("admission/NONE-1", "confirm-eligibility", eligible)
    path = f"/cases/{case.case_id}/decisions/confirm-eligibility"
    unseen = await desk.post(path, eligible, Idempotency_Key="k")
    keyless = await desk.post(path, eligible, If_Match="*")

    answers = (stale, wrong, role, foreign, unknown, unseen, keyless)
    assert [(each.status_code, each.json()["code"]) for each in answers] == [
        (412, "stale-version"),
        (409, "wrong-stage"),
        (403, "role-missing"),
        (404, "no-such-case"),
        (404, "no-such-case"),
        (428, "version-missing"),
        (400, "invalid-request"),
    ]
    assert all(each.json()["message"]["ja"] and each.json()["message"]["en"] for each in answers)
    assert "--version" not in stale.text


async def test_quorum_missing(institute, desk) -> None:
    """The chair cannot close a ballot before the quorum has voted."""
    case = await institute.apply()
    await case.to_committee()

    answer = await desk.decide(case.case_id, "close-ballot", {}, "chair-1")

    assert (answer.status_code, answer.json()["code"]) == (409, "quorum-missing")


async def test_closed_case(institute, desk) -> None:
    """After the end a decision is refused, and one made before is still answered."""
    case = await institute.apply()
    await case.until_stage("completeness")
    first = await desk.decide(case.case_id, "withdraw", {"reason": "other-university"}, key="end")
    await case.result()

    again = await desk.decide(case.case_id, "withdraw", {"reason": "other-university"}, key="end")
    other = await desk.decide(case.case_id, "withdraw", {"reason": "other-university"}, key="end-2")

    assert first.status_code == 200, first.text
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert again.json()["version"] == first.json()["version"]
    assert (other.status_code, other.json()["code"]) == (409, "case-closed")


async def test_same_request_at_once(institute, desk) -> None:
    """Twenty times the same at the same moment: one entry in the log, one text, one version told."""
    case = await institute.apply()
    await case.complete()
    body = {"eligible": True, "reason": "確認済み"}

    answers = await asyncio.gather(
        *(desk.decide(case.case_id, "confirm-eligibility", body, key="once") for _ in range(20))
    )

    assert {each.status_code for each in answers} == {200}
    assert len({each.json()["version"] for each in answers}) == 1
    assert (await case.steps()).count("confirm-eligibility") == 1
    assert await institute.pool.fetchval("SELECT count(*) FROM iehe.texts") == 1


async def test_same_request_later_has_the_version_of_the_first_answer(institute, desk) -> None:
    """With what the case did by itself in the same transaction: reviewers were drawn."""
    case = await institute.apply()
    await case.complete()
    body = {"eligible": True, "reason": "確認済み"}

    first, again = [
        (await desk.decide(case.case_id, "confirm-eligibility", body, key="once")).json() for _ in range(2)
    ]

    assert (again["version"], again["stage"], again["repeated"]) == (first["version"], first["stage"], True)
    assert "draw-reviewers" in await case.steps()


async def test_key_belongs_to_one_request(institute, desk) -> None:
    """The same key with another body, or for another decision, is refused."""
    case = await institute.apply()
    await case.until_stage("completeness")
    first = await desk.decide(case.case_id, "pause-deadline", {"deadline": "completeness"}, key="mine")

    body = await desk.decide(case.case_id, "pause-deadline", {"deadline": "post"}, key="mine")
    step = await desk.decide(case.case_id, "resume-deadline", {"deadline": "completeness"}, key="mine")

    assert first.status_code == 200
    assert [body.status_code, step.status_code] == [422, 422]
    assert body.json()["code"] == "key-used-otherwise"


async def test_refused_decision_leaves_no_text(institute, desk) -> None:
    """A reason whose decision was refused is not kept, and nothing of it is said back."""
    case = await institute.apply()
    await case.until_stage("completeness")

    wrong = await desk.decide(
        case.case_id, "record-decision", {"decision": "offered", "reason": "秘"}, "head-1"
    )
    task = await desk.decide(case.case_id, "complete-task", {"task": "見本花子", "reason": "秘"})

    assert (wrong.status_code, task.status_code) == (409, 404)
    assert "見本花子" not in task.text
    assert "秘" not in wrong.text
    assert await institute.pool.fetchval("SELECT count(*) FROM iehe.texts") == 0


async def test_nobody_to_answer(desk, lonely_desk, institute) -> None:
    """No Temporal, or no workflow: 503, and a repeat with the same key is harmless."""
    case = await institute.apply()
    await case.until_stage("completeness")
    body = {"deadline": "completeness"}

    away = await lonely_desk.decide(case.case_id, "pause-deadline", body, key="same")
    await case.handle.terminate("lost")
    lost = await desk.decide(case.case_id, "pause-deadline", body, key="same")

    assert (away.status_code, away.json()["code"]) == (503, "not-sent")
    assert (lost.status_code, lost.json()["code"]) == (503, "workflow-lost")
    assert away.headers["retry-after"]


async def test_no_worker(vacant, desk, client, worker_pool, notices, monkeypatch) -> None:
    """Without a worker the decision waits; the answer says that repeating is safe, and it is."""
    async with running_worker(client, worker_pool, notices):
        case = await vacant.apply()
        await case.complete()
    monkeypatch.setattr(deciding, "ANSWER_WITHIN", deciding.ANSWER_WITHIN / 30)
    late = await desk.decide(case.case_id, ConfirmEligibility.step, {"eligible": True}, key="late")
    monkeypatch.undo()
    async with running_worker(client, worker_pool, notices):
        done = await desk.decide(case.case_id, ConfirmEligibility.step, {"eligible": True}, key="late")

    assert (late.status_code, late.json()["code"]) == (503, "no-answer")
    assert done.status_code == 200
    assert (await case.steps()).count(ConfirmEligibility.step) == 1


async def test_a_database_that_freezes_in_the_middle_is_told_in_time(
    institute, desk, client, postgres, pool, monkeypatch
):
    """Whether a decision is made is not known then, and that is said within the bound, with its id."""
    case = await institute.apply()
    await case.complete()
    row = await pool.fetchrow("SELECT * FROM iehe.cases WHERE case_id = $1", case.case_id)
    command = ConfirmEligibility(command_id="late", actor=actor("office-1"), eligible=True)
    with monkeypatch.context() as hurry, ExitStack() as ice:
        for name in ("ANSWER_WITHIN", "PROBE_WITHIN"):
            hurry.setattr(deciding, name, getattr(deciding, name) / 5)

        async def frozen_now():
            ice.enter_context(frozen(postgres.child.pid))
            return client

        began = time.monotonic()
        with pytest.raises(deciding.NotDecided) as told:
            await deciding.decide(pool, frozen_now, row, command, {}, vault_of(client))
        took = time.monotonic() - began
    assert told.value.code == "no-answer"
    assert took <= ANSWER_WITHIN.total_seconds() / 5 + 1
    done = await desk.decide(case.case_id, ConfirmEligibility.step, {"eligible": True}, key="late")
    assert done.status_code == 200


async def test_what_staff_ask_of_a_frozen_database_is_answered_in_time(database, client, postgres, tmp_path):
    """By connections that had been open before: 503 within the bound, for lists and decisions alike."""
    staff, inbox = await pools(database.url("office"))
    settings = settings_for(tmp_path)
    gateway = Gateway(
        staff, client, ensure_ring(tmp_path / "ring"), staff_tokens(settings), "http://g", "http://ui"
    )
    door = httpx2.ASGITransport(create_app(gateway))
    async with httpx2.AsyncClient(transport=door, base_url="http://g") as http:
        desk = Desk(http, settings)
        began = time.monotonic()
        with frozen(postgres.child.pid):
            answers = await asyncio.gather(
                desk.get("/tasks"), desk.get("/cases"), desk.decide("admission/A2027-000001", "withdraw", {})
            )
        took = time.monotonic() - began
    staff.terminate()
    inbox.terminate()
    assert [answer.status_code for answer in answers] == [503] * 3
    assert took < ANSWER_WITHIN.total_seconds()
