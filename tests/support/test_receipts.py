"""S12: who refers without an address asks by a code whether contact was made, and is told nothing else."""

from uuid import uuid4

import asyncpg
import pytest

from cases.forms import store_form
from gateway.limits import REFUSED_PER_MINUTE
from schemas.support import commands
from schemas.support.referral import Referral
from tests.support.office import Case
from tests.support.test_sight import Sights, sights  # noqa: F401 - the fixture
from workflows.support.process import SUPPORT

pytestmark = pytest.mark.situations()


FORM = {"way": "form", "person": "S2026-0099", "words": "講義で泣いていました（見本）"}
REFERRER = {"name": "見本 次郎", "email": "jiro@example.ac.jp"}


async def refer(sights: Sights, key: str, **form: object):  # noqa: F811 - it is handed on
    body = {"process": "support-case", "form": FORM | form}
    return await sights.desk.post("/cases", body, "office-1", Idempotency_Key=key)


async def asked(sights: Sights, code: str):  # noqa: F811
    return await sights.desk.http.get(f"/support/receipts/{code}")


async def test_s12_the_receipt_tells_whether_contact_was_made_and_nothing_else(sights) -> None:  # noqa: F811
    """Without signing in: not yet, missed, made; the same request gives the same code."""
    key = uuid4().hex
    told = (await refer(sights, key)).json()
    code, case_id = told["receipt"], told["case_id"]
    assert len(code) == 26
    assert (await refer(sights, key)).json()["receipt"] == code
    assert (await asked(sights, code)).json() == {"contact": "not-yet"}
    case = Case(sights.office, "", sights.office.skipper.client.get_workflow_handle(case_id))
    await case.until_stage("referred")
    await case.assign()
    for outcome, contact in (("missed", "missed"), ("reached", "made"), ("missed", "made")):
        await case.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome=outcome)
        answer = await asked(sights, code.lower())
        assert answer.json() == {"contact": contact}
        assert answer.headers["Cache-Control"] == "no-store"


async def test_s12_a_wrong_code_tells_nothing_and_many_are_refused(sights) -> None:  # noqa: F811
    """The same answer whatever is asked; guessing is counted by address like every other knocking."""
    answers = [await asked(sights, code) for code in ("A" * 26, "x", "%00", "support")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json()["code"] for answer in answers}) == 1
    for _ in range(REFUSED_PER_MINUTE):
        answer = await asked(sights, "B" * 26)
    assert answer.status_code == 429


async def test_s12_the_code_is_stored_as_a_hash_only(sights) -> None:  # noqa: F811
    """It stands in no row; it goes to who gave no address, and to nobody else."""
    code = (await refer(sights, uuid4().hex)).json()["receipt"]
    rows = await sights.office.owner.fetch("SELECT * FROM iehe.case_receipts")
    assert len(rows) == 1
    assert len(rows[0]["hash"]) == 32
    assert code not in str([dict(row) for row in rows])
    named = (await refer(sights, uuid4().hex, referrer=REFERRER)).json()
    assert named["receipt"] is None
    assert await sights.office.owner.fetchval("SELECT count(*) FROM iehe.case_receipts") == 1


DIES = """
CREATE FUNCTION iehe.die() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'gone' USING ERRCODE = 'admin_shutdown'; END $$;
CREATE TRIGGER dies BEFORE INSERT ON iehe.case_receipts FOR EACH ROW EXECUTE FUNCTION iehe.die();
"""
"""The connection is gone where the code is written."""
STORED = """
SELECT (SELECT count(*) FROM iehe.events), (SELECT count(*) FROM iehe.support_referrals),
       (SELECT count(*) FROM iehe.texts), (SELECT count(*) FROM iehe.case_starts)
"""


async def test_s12_a_referral_without_its_receipt_is_not_stored(sights) -> None:  # noqa: F811
    """Whoever dies between the two has stored neither; sent again under its key it is one referral."""
    before, key = await sights.office.owner.fetchrow(STORED), uuid4().hex
    await sights.office.owner.execute(DIES)
    with pytest.raises(asyncpg.PostgresError):
        await store(sights, key)
    assert await sights.office.owner.fetchrow(STORED) == before
    assert (await refer(sights, key)).is_server_error
    assert await sights.office.owner.fetchrow(STORED) == before
    await sights.office.owner.execute("DROP TRIGGER dies ON iehe.case_receipts")
    code = (await refer(sights, key)).json()["receipt"]
    assert (await asked(sights, code)).json() == {"contact": "not-yet"}


async def store(sights: Sights, key: str) -> None:  # noqa: F811
    """The same form as the command line stores it."""
    form = Referral.model_validate(FORM)
    actor, marks = sights.actor("office-1"), sights.office.keys
    await store_form(sights.people, SUPPORT, form, actor=actor, key=key, marks=marks)


@pytest.mark.parametrize("room", ["admission", "elsewhere"])
async def test_codes_are_asked_for_only_where_they_are_given(sights, room: str) -> None:  # noqa: F811
    """Another process has no such door."""
    assert (await sights.desk.http.get(f"/{room}/receipts/{'A' * 26}")).status_code == 404
