"""A case of which a letter is held: its workflow waits for whoever holds it, and for nobody else."""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from temporalio.client import WorkflowExecutionStatus

from activities.kernel.database import open_pool
from cases.notice_acts import Act, Asked, act_on
from embedded.mail import caught_mails
from schemas.admission.commands import Withdraw
from tests.cases.notice_desk import OFFICE
from tests.office import Institute
from tests.words import vault_of
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


@pytest.mark.parametrize("act", [Act.RELEASE, Act.CANCEL])
async def test_a_case_ends_when_its_last_letter_is_released_or_cancelled(
    institute: Institute, database, mail, monkeypatch: pytest.MonkeyPatch, act: Act, eventually
) -> None:
    """Nothing has to be asked of Temporal: the delivery that waits finds what the office has done."""
    monkeypatch.setattr("activities.kernel.notices.HELD_LOOK", timedelta(milliseconds=100))
    case = await institute.apply()
    await case.until_stage("completeness")
    await case.until_notices(2)
    sent = len(caught_mails(mail.folder))
    # whatever is queued from now on is held at once
    await institute.pool.execute("ALTER TABLE iehe.notices ALTER COLUMN held_since SET DEFAULT now()")
    await case.decide(Withdraw, "office-1", reason="personal")
    (notice,) = await eventually(partial(case.notices, "withdrawal-confirmed"))
    await case.until_stage("withdrawn")
    description = await case.handle.describe()
    assert description.status is WorkflowExecutionStatus.RUNNING
    assert len(caught_mails(mail.folder)) == sent

    office = await open_pool(database.url("office"), size=2, for_people=True)
    asked = Asked(act, uuid4().hex, "確認済み")
    await act_on(office, notice["notice_id"], OFFICE, asked, vault_of(institute.client))
    await case.result()
    await office.close()

    (notice,) = await case.notices("withdrawal-confirmed")
    assert notice["state"] == ("accepted" if act is Act.RELEASE else "suppressed")
    assert len(caught_mails(mail.folder)) == sent + (act is Act.RELEASE)
