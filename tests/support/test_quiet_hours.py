"""E15: quiet hours hold all but the pages of level 1; one letter after, its items checked again."""

import json
from datetime import datetime, timedelta
from uuid import uuid4

from embedded.mail import caught_mails
from schemas.support import commands
from tests.support.builder import TOKYO, default_policy
from tests.support.office import Case, Office
from workflows.support.process import SUPPORT

STATES = "SELECT state, held_until IS NOT NULL AS held FROM iehe.notices WHERE case_id = $1 AND message = $2"


def test_e15_the_quiet_hours_are_from_nine_in_the_evening_until_eight() -> None:
    """As the policy that comes with the system says."""
    notices = default_policy().notices
    assert (f"{notices.quiet_from:%H:%M}", f"{notices.quiet_until:%H:%M}") == ("21:00", "08:00")


def test_e15_what_is_urgent_is_of_level_1_or_asks_whether_it_can_wait() -> None:
    """No ladder of another level wakes anybody."""
    policy = default_policy()
    for level, clocks in policy.levels.items():
        for clock in (clocks.triage, clocks.first_response, clocks.update, clocks.resolution):
            assert level == "1" or not [rung.key for rung in clock.ladder if rung.urgent]
    assert all(rung.urgent for rung in (*policy.page.ladder, *policy.can_wait.ladder))


async def quiet_now(office: Office) -> None:
    """A policy by which it is the middle of the night, for two hours."""
    now = datetime.now(TOKYO)
    quiet = {
        f"quiet_{name}": f"{now + timedelta(hours=span):%H:%M}" for name, span in (("from", -2), ("until", 2))
    }
    body = {"routes": {"student": default_policy().model_dump(mode="json") | {"notices": quiet}}}
    await office.owner.execute(
        "INSERT INTO iehe.policies (process, version, valid_from, body, sha256, loaded_by)"
        " VALUES ($1, $2, '2026-04-02', $3, '', 'test')",
        *(SUPPORT.name, f"night-{uuid4().hex[:8]}", json.dumps(body)),
    )


async def states(office: Office, case: Case, message: str) -> list[tuple[str, bool]]:
    return [tuple(row) for row in await office.owner.fetch(STATES, case.handle.id, message)]


async def test_e15_only_pages_go_at_night_and_the_rest_is_one_letter_checked_again(office: Office) -> None:
    """Two cases of one owner are told together; the third was taken from them meanwhile and is left out."""
    await quiet_now(office)
    danger = await office.refer(danger=True)
    assert await danger.until_sent("page") == ["duty-1"]
    cases = [await office.refer() for _ in range(3)]
    for case in cases:
        await case.assign()
    first, second, lost = cases
    await lost.decide(commands.NameConcerned, "head-1", staff_id="counsellor-1")
    assert await states(office, first, "case-yours") == [("queued", True)]
    assert await states(office, second, "case-yours") == [("queued", True)]
    assert await states(office, lost, "case-yours") == [("suppressed", True)]
    assert await states(office, danger, "referral-received") == [("queued", True)]
    office.ahead = timedelta(hours=3)
    for case in cases:
        await case.forward(hours=3)
    for case in (first, second):
        assert await case.until_sent("case-yours") == ["counsellor-1"]
    letters = [
        each for each in caught_mails(office.mail.folder) if "counsellor-1@example.ac.jp" in each.recipients
    ]
    assert len(letters) == 1
    said = letters[0].text
    assert ("【2】" in said, "【3】" in said) == (True, False)
    assert said.count("担当の案件が決まりました") == 2
    assert "support/" not in said
