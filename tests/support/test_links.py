"""A fact of another process begins a concern: declared by support alone, by the type of who tells it."""

import json

from schemas.support.commands import Triage
from schemas.support.links import MISSING
from tests.support.builder import REASON, Pure, refused
from tests.support.office import Office
from tests.words import words_of
from workers.preparation import store_links

TOLD = """
INSERT INTO iehe.facts (fact_id, revision, type, process, key, data, withdrawn, chain, occurred_at,
                        keep_until, expected)
VALUES ($1, $2, $3, 'exchange-onboarding', '', $4, $5, ARRAY['earlier'], now(),
        now() + interval '90 days', '{}')
"""


async def tell(office: Office, revision: int = 1, *, withdrawn: bool = False) -> None:
    data = json.dumps({"person": "X-0042", "language": "en", "term": "27S"})
    await office.owner.execute(TOLD, "f" * 32, revision, MISSING, data, withdrawn)
    await office.owner.execute("SELECT iehe.deliver_to($1, $2, 'support-case')", "f" * 32, revision)


async def opened(office: Office) -> list[str]:
    rows = await office.owner.fetch("SELECT case_id FROM iehe.cases")
    return [row["case_id"] for row in rows]


async def test_l4_a_missing_student_begins_one_concern(office: Office, eventually) -> None:
    """Urgent, about the person by the room's own hash, in their language; its words are sealed; once."""
    await store_links(office.owner)
    await tell(office)
    (case_id,) = await eventually(lambda: opened(office))
    row = await office.owner.fetchrow("SELECT * FROM iehe.support_referrals")
    assert (row["case_id"], row["urgent"], row["language"], row["danger"]) == (case_id, True, "en", False)
    assert row["person"] is not None
    assert "X-0042" not in f"{dict(row)}"
    events = await office.owner.fetch("SELECT envelope FROM iehe.events")
    assert all("X-0042" not in each["envelope"] for each in events)
    said = await words_of(office.owner, office.skipper.client, case_id)
    assert any("27S" in (each or "") for each in said)
    # sent again, whatever had become of it
    await office.owner.execute("UPDATE iehe.fact_deliveries SET state = 'waiting', next_try_at = now()")
    state = "SELECT state FROM iehe.fact_deliveries"
    await eventually(lambda: _is(office, state, "delivered"))
    assert await opened(office) == [case_id]
    # withdrawn, it is noted in the case: who has it decides whether it goes on
    await tell(office, 2, withdrawn=True)
    noted = "SELECT details ->> 'code' FROM iehe.case_log WHERE step = 'missing-corrected'"
    await eventually(lambda: _is(office, noted, "withdrawn"))


async def _is(office: Office, question: str, expected: str) -> bool:
    return bool(await office.owner.fetchval(question) == expected)


def test_l8_a_kind_is_a_code_of_the_policy() -> None:
    """Any other is refused at triage; the judgement's record has it, and left out it is not known."""
    with refused("unknown-code"):
        Pure().decide(Triage, "triage-1", distress=1, distress_reason_id=REASON, kind="gossip")
    for kind in ("study", None):
        case = Pure()
        case.decide(Triage, "triage-1", distress=1, distress_reason_id=REASON, kind=kind)
        assert case.records("scored")[-1]["kind_code"] == kind
