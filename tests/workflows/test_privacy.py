"""Canaries: personal data marked as such appears in nothing that is not the database's personal tables."""

import json
from datetime import timedelta

from google.protobuf.json_format import MessageToJson
from temporalio.client import WorkflowHistory

from embedded.mail import MailCatcher, caught_mails
from schemas.admission.commands import (
    AcceptReview,
    CastVote,
    ConfirmEligibility,
    DeclineReview,
    PermitLate,
    RecordDecision,
    SubmitScores,
)
from tests.office import GOOD, Institute, Refused, person
from tests.payloads import opened, without_what_was_sent

CANARY = "カナリア"
ASCII_CANARY = "canary-7f3a"


async def test_canaries_stay_in_the_database(institute: Institute, mail: MailCatcher, capsys, caplog) -> None:
    """Names, addresses and free text reach neither history, visibility, log, error nor subject of a mail."""
    row = person(
        family_name=CANARY,
        given_name=f"{CANARY}名",
        family_kana=CANARY,
        given_kana=f"{CANARY}メイ",
        email=f"{ASCII_CANARY}@example.com",
        phone="0901234567",
        address=f"{CANARY}県{ASCII_CANARY}",
        school_name=f"{CANARY}高校",
        school_contact_email=f"school-{ASCII_CANARY}@example.ac.jp",
        guardian_name=f"{CANARY}親",
        related_staff=f"{CANARY}先生",
        statement=f"私は{CANARY}です {ASCII_CANARY}",
    )
    case = await institute.apply(row)
    secret = await case.text(f"{CANARY} {ASCII_CANARY}")
    first = await case.to_review()
    await case.until_notices(len(await case.notices()))
    await case.decide(DeclineReview, first[0], conflict=True)
    await case.until(lambda r: len(json.loads(r["state"])["reviews"]) == 4)
    state = await case.state()
    active = [r for r, review in state["reviews"].items() if review["state"] == "invited"]
    for reviewer in active:
        await case.decide(AcceptReview, reviewer, no_conflict=True)
        await case.decide(SubmitScores, reviewer, points=GOOD, remark_id=secret)
    await case.until_task("vote:chair-1")
    await case.until_notices(len(await case.notices()))
    for member in ("chair-1", "member-1", "member-2", "member-3", "member-4"):
        await case.decide(CastVote, member, choice="admit", reason_id=secret)
    await case.decide(
        PermitLate,
        "office-1",
        item="offer-reply",
        until=await case.now() + timedelta(days=30),
        reason_id=secret,
    )
    await case.decide(RecordDecision, "head-1", decision="offered", reason_id=secret)
    try:
        await case.decide(ConfirmEligibility, "office-1", eligible=True)
    except Refused as refused:
        errors = str(refused)
    await case.event("offer-answered", answer=CANARY)
    await case.event("withdrawal-requested", reason="personal")
    await case.until_notices(len(await case.notices()))

    codec = institute.client.data_converter.payload_codec
    events = await opened([event async for event in case.handle.fetch_history_events()], codec)
    history = without_what_was_sent(WorkflowHistory(case.case_id, events).to_json())
    (description,) = await opened([(await case.handle.describe()).raw_description], codec)
    output = capsys.readouterr()
    log = [dict(entry) for entry in await case.log()]
    subjects = [caught.subject for caught in caught_mails(mail.folder)]

    assert "\\u30ab" not in history  # the canary's first letter, had JSON escaped it
    assert '\\"application_no\\"' in history  # what is searched is not encrypted
    places = {
        "history": history,
        "visibility": without_what_was_sent(MessageToJson(description)),
        "output": output.out + output.err,
        "python log": caplog.text,
        "case log": str(log),
        "case state": json.dumps(await case.state(), ensure_ascii=False),
        "subjects": str(subjects),
        "error": errors,
        "tasks": str([dict(r) for r in (await case.tasks()).values()]),
    }
    found = [place for place, text in places.items() if CANARY in text or ASCII_CANARY in text]
    assert found == []
    assert len(subjects) > 10
