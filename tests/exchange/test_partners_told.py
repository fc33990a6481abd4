"""What home universities are told and may ask: our side of a mobility, nothing else (X1, X6, X7, X9, X12)."""

import json
from uuid import uuid4

import pytest

from cases.texts import keep_text
from encryption.case_keys import CaseKeys
from schemas.exchange import commands
from schemas.exchange.stages import Stage
from tests.exchange.builder import OTHER_SHA, SHA
from tests.exchange.partnership import DiedError, Partnership

CANARY = "カナリア-staff-only"


async def text(partnership: Partnership, case_id: str, words: str) -> str:
    """Words of a person, stored before the decision that names them."""
    text_id = uuid4()
    async with partnership.office.acquire() as connection:
        await keep_text(connection, CaseKeys(partnership.ring), text_id, case_id, "office-1", words)
    return str(text_id)


async def seen_by(partnership: Partnership, *mobilities: str) -> list[dict[str, object]]:
    """Our side, as the partner's system reads it."""
    said = {"mobilities": list(mobilities)} if mobilities else {}
    answer = await partnership.server.ask(partnership.door, "mobilities", **said)
    assert answer.status_code == 200, answer.text
    return answer.json()["mobilities"]


async def test_x9_the_partner_sees_pending_verified_rejected(partnership: Partnership) -> None:
    """Verified means formally right: an application that is under way shows no more than that."""
    first = await partnership.nominated("m-1")
    second = await partnership.nominated("m-2", student={"number": "S-4712"})
    assert [each["status"] for each in await seen_by(partnership)] == ["pending", "pending"]
    await partnership.decide(first, commands.Verify, "office-1", version=1)
    await partnership.decide(second, commands.Reject, "office-1", version=1, reason="not-eligible")
    assert [each["status"] for each in await seen_by(partnership)] == ["verified", "rejected"]


async def test_x1_the_host_tells_what_it_is_the_master_of(partnership: Partnership) -> None:
    """Status, comment, actual days and transcript; of the home university's own only its revision."""
    await partnership.nominated("m-1")
    await partnership.owner.execute(
        "UPDATE iehe.exchange_mobilities SET arrived_on = '2027-04-02', left_on = '2027-08-18',"
        " stays_first = '2027-04-02', stays_last = '2027-08-18', transcript = 'partial'"
    )
    assert await seen_by(partnership, "m-1") == [
        {
            "mobility": "m-1",
            "revision": 1,
            "status": "pending",
            "comment": None,
            "arrived_on": "2027-04-02",
            "left_on": "2027-08-18",
            "first": "2027-04-02",
            "last": "2027-08-18",
            "transcript": "partial",
            "agreement": None,
        }
    ]


async def test_x12_a_comment_for_the_coordinator_is_told_and_one_for_the_staff_never(
    partnership: Partnership,
) -> None:
    """Two channels: the canary of the staff is in no answer and no notice, the comment is in the answer."""
    case_id = await partnership.nominated("m-1")
    comment = await text(partnership, case_id, "Please correct the dates.")
    canary = await text(partnership, case_id, CANARY)
    words = {"comment_id": comment, "reason_id": canary}
    await partnership.decide(
        case_id, commands.ReturnNomination, "office-1", version=1, reason="dates-wrong", **words
    )
    await partnership.work()
    (told,) = await seen_by(partnership, "m-1")
    assert told["comment"] == "Please correct the dates."
    whole = json.dumps([told, partnership.server.told, partnership.server.asked], ensure_ascii=False)
    assert CANARY not in whole


async def test_partners_see_neither_health_nor_house(partnership: Partnership) -> None:
    """Rows of houses and of the student stay here: no word of them is in the answer."""
    case_id = await partnership.nominated("m-1")
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    request = {"house": "north-canary", "types": ["accessible-canary"]}
    days = {"first": "2027-04-01", "until": "2027-08-21"}
    await partnership.event(case_id, "dormitory-requested", **request, **days)
    whole = json.dumps(await seen_by(partnership))
    for word in ("canary", "house", "health", "family", "Muster", "kim.muster", "S-4711", case_id):
        assert word not in whole


async def test_a_partner_sees_its_own_mobilities_alone(partnership: Partnership) -> None:
    """Another partner's path hears what a stranger hears, and another's mobility is unknown."""
    await partnership.nominated("m-1")
    await partnership.owner.execute(
        "INSERT INTO iehe.exchange_partners (partner, name, mail) VALUES ('uni-b', 'b', 'b@example.edu')"
    )
    await partnership.owner.execute("UPDATE iehe.exchange_mobilities SET partner = 'uni-b'")
    assert await seen_by(partnership, "m-1") == await seen_by(partnership) == []
    for stranger in ("uni-b", "uni-c"):
        partnership.server.code = stranger
        answer = await partnership.server.ask(partnership.door, "mobilities")
        assert answer.status_code == 401


async def test_a_question_that_is_not_signed_is_not_answered(partnership: Partnership) -> None:
    """Without a signature, with a wrong one, and with one for other words."""
    await partnership.nominated("m-1")
    path = "/exchange/partner/uni-a/mobilities"
    body = json.dumps({"mobilities": ["m-1"]}).encode()
    plain = {"content-type": "application/json"}
    signed = plain | partnership.server.signed(b"{}", "ask")
    for headers in (plain, signed):
        answer = await partnership.door.post(path, content=body, headers=headers)
        assert answer.status_code == 401
    wrong = await partnership.server.ask(partnership.door, "mobilities", all=True)
    assert wrong.status_code == 400


# rule X6: notices of what changes here


async def test_x6_a_change_here_is_told_once_by_its_id(partnership: Partnership) -> None:
    """Written in the step's transaction, sent after it; where nothing changes for them, nothing is."""
    case_id = await partnership.nominated("m-1")
    await partnership.work()
    assert partnership.server.told == []
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    await partnership.work()
    await partnership.work()
    assert [ids for _, ids in partnership.server.told] == [["m-1"]]


async def test_x6_what_passes_is_retried_for_24_hours_and_then_a_task(partnership: Partnership) -> None:
    """Pauses grow; the case goes on; told by hand or again, the task ends."""
    case_id = await partnership.nominated("m-1")
    partnership.server.notice_faults = ["503"] * 1000
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    tries = 0
    for _ in range(23):
        await partnership.work()
        tries = await partnership.owner.fetchval("SELECT attempts FROM iehe.exchange_outbox")
        await partnership.later(1)
    assert await partnership.tasks() == []
    assert 5 <= tries <= 23
    assert (await partnership.state(case_id))["stage"] == Stage.APPLYING
    await partnership.later(4)
    await partnership.work()
    assert await partnership.tasks() == ["partner-unreached"]
    partnership.server.notice_faults = []
    await partnership.later(48)
    await partnership.work()
    assert partnership.server.told == []


@pytest.mark.parametrize("status", ["400", "403", "404", "redirect"])
async def test_x6_what_is_refused_is_never_retried(partnership: Partnership, status) -> None:
    """A 4xx is a task at once, and the next change is told all the same."""
    case_id = await partnership.nominated("m-1")
    partnership.server.elsewhere = partnership.server.base
    partnership.server.notice_faults = [status]
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    await partnership.work()
    await partnership.later(30)
    await partnership.work()
    assert partnership.server.told == []
    assert await partnership.tasks() == ["partner-unreached"]
    await partnership.owner.execute("UPDATE iehe.exchange_mobilities SET arrived_on = '2027-04-02'")
    await partnership.work()
    assert len(partnership.server.told) == 1


async def test_x6_a_notice_that_was_taken_unanswered_is_the_same_notice(partnership: Partnership) -> None:
    """Taken and answered 503, and a worker that dies before it notes the answer: one id, dropped as known."""
    case_id = await partnership.nominated("m-1")
    partnership.server.notice_faults = ["taken-unanswered"]
    partnership.die_at = ["notice-taken"]
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    await partnership.work()
    await partnership.later(1)
    with pytest.raises(DiedError):
        await partnership.work()
    await partnership.later(1)
    await partnership.work()
    assert len(partnership.server.told) == 3
    assert len(partnership.server.heard) == 1
    sent = "SELECT count(*) FROM iehe.exchange_outbox WHERE state = 'sent'"
    assert await partnership.owner.fetchval(sent) == 1


# rule X7: what is approved is what is there


async def proposed(partnership: Partnership, *versions: str) -> str:
    """A mobility whose student has proposed an agreement, in so many versions; its case."""
    case_id = await partnership.nominated("m-1")
    await partnership.decide(case_id, commands.Verify, "office-1", version=1)
    for sha256 in versions:
        await partnership.event(case_id, "agreement-proposed", sha256=sha256)
    return case_id


async def answered(partnership: Partnership, version: int, sha256: str, answer: str = "approved"):
    said = {"mobility": "m-1", "version": version, "sha256": sha256, "answer": answer}
    return await partnership.server.ask(partnership.door, "agreement", **said)


async def test_x7_an_approval_of_an_old_version_gets_409_with_what_is_there(
    partnership: Partnership,
) -> None:
    """Nothing is stored; the answer names the version that home has to look at."""
    await proposed(partnership, SHA, OTHER_SHA)
    for version, sha256 in ((1, SHA), (2, SHA), (3, OTHER_SHA)):
        stale = await answered(partnership, version, sha256)
        assert (stale.status_code, stale.json()["code"]) == (409, "agreement-moved")
        assert stale.json()["params"] == {"seen": str(version), "version": "2", "sha256": OTHER_SHA}
    assert await partnership.facts("agreement-signed") == []


async def test_x7_an_approval_of_what_is_there_is_taken_once(partnership: Partnership) -> None:
    """A fact for the case, which it takes; the same answer again is the same fact."""
    case_id = await proposed(partnership, SHA, OTHER_SHA)
    for _ in range(2):
        assert (await answered(partnership, 2, OTHER_SHA)).status_code == 200
    await partnership.deliver()
    assert (await partnership.state(case_id))["plan"]["signed"] == ["student", "home"]
    assert len(await partnership.facts("agreement-signed")) == 1


async def test_x7_home_wants_it_otherwise(partnership: Partnership) -> None:
    """A comment on the version that is there sends it back to the student."""
    case_id = await proposed(partnership, SHA)
    assert (await answered(partnership, 1, SHA, "commented")).status_code == 200
    await partnership.deliver()
    assert (await partnership.state(case_id))["tracks"]["agreement"] == "commented"


async def test_x7_no_agreement_and_no_mobility(partnership: Partnership) -> None:
    """409 where there is no version yet, 404 where there is no such mobility."""
    await proposed(partnership)
    assert (await answered(partnership, 1, SHA)).status_code == 409
    said = {"mobility": "m-2", "version": 1, "sha256": SHA, "answer": "approved"}
    assert (await partnership.server.ask(partnership.door, "agreement", **said)).status_code == 404


async def test_the_version_of_an_agreement_is_told(partnership: Partnership) -> None:
    """Home is notified of a new version, and reads which it is."""
    await proposed(partnership, SHA, OTHER_SHA)
    await partnership.work()
    (told,) = await seen_by(partnership, "m-1")
    assert told["agreement"] == {"version": 2, "sha256": OTHER_SHA, "approved": None}
    assert len(partnership.server.told) == 3
