"""A support case put right: who is written to, as another text; a referral turned away by a slip."""

import json
from typing import Any

from temporalio.client import WorkflowHistory

from schemas.kernel.case import Actor, Command, Receipt
from schemas.kernel.corrections import CorrectData
from schemas.kernel.taking_back import ConfirmTakeBack, TakeBack
from schemas.support import commands
from tests.corrections.doors import at_door
from tests.payloads import opened, without_what_was_sent
from tests.support.builder import ROLES
from tests.support.office import Case, Office
from tests.words import words_of


async def decided(office: Office, case: Case, command: type[Command], by: str, **more: Any) -> Receipt:
    client, who = office.skipper.client, Actor(id=by, roles=ROLES[by])
    return await at_door(office.door, client, case.handle.id, command, who, **more)


async def test_an_address_is_another_text_of_the_case(office: Office) -> None:
    """Both stay among its words, sealed; in the clear it is nowhere, and no letter tells of it."""
    case = await office.refer()
    new = {"contact": "canary-new@student.example.ac.jp"}
    await decided(office, case, CorrectData, "triage-1", reason="本人から", given=new, record="parties")
    words = await words_of(office.owner, office.skipper.client, case.handle.id)
    assert {"canary-new@student.example.ac.jp", "hanako@student.example.ac.jp"} <= set(words)
    row = await office.owner.fetchrow("SELECT * FROM iehe.corrections WHERE case_id = $1", case.handle.id)
    contact = await office.owner.fetchval(
        "SELECT contact_text FROM iehe.support_referrals WHERE case_id = $1", case.handle.id
    )
    assert json.loads(row["after"]) == {"contact": str(contact)}
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.pending_corrections") == 0
    codec = office.skipper.client.data_converter.payload_codec
    events = await opened([event async for event in case.handle.fetch_history_events()], codec)
    history = without_what_was_sent(WorkflowHistory(case.handle.id, events).to_json())
    assert "canary-new" not in history + str(dict(row))
    assert (
        await office.owner.fetchval("SELECT count(*) FROM iehe.notices WHERE message = 'data-corrected'") == 0
    )


async def test_whose_address_is_added_hears_and_whose_is_taken_out_hears_no_more(office: Office) -> None:
    """Who has referred is written to from then on, as one who gave their address at once."""
    silent, said = await office.refer(referrer=None), await office.refer()
    await said.until_sent("referral-received")
    for case, address in ((silent, "hanae@example.ac.jp"), (said, None)):
        await case.assign()
        new = {"referrer_email": address}
        await decided(office, case, CorrectData, "triage-1", reason="電話で", given=new, record="parties")
        await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
    assert await silent.until_sent("contact-made") == ["referrer"]
    kept = "SELECT count(*) FROM iehe.notices WHERE case_id = $1 AND message = 'contact-made'"
    assert await office.owner.fetchval(kept, said.handle.id) == 0


async def test_a_referral_turned_away_by_a_slip_is_judged(office: Office) -> None:
    """The referrer was told of another office: a senior confirms, the referrer hears, clocks run again."""
    case = await office.refer()
    sent = await case.decide(commands.Misdirect, "triage-1", code="library")
    await case.until_sent("referred-elsewhere")
    proposed = await decided(office, case, TakeBack, "triage-1", reason="押し間違い", taken=sent.version)
    assert proposed.stage == "misdirected"
    done = await decided(office, case, ConfirmTakeBack, "head-1")
    assert (done.stage, done.outcome) == ("referred", None)
    await case.until_sent("referral-taken-up")
    await case.triage()
