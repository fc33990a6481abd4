"""The page of a request at the command line."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.case_page import print_page

AT = datetime(2027, 2, 11, 4, tzinfo=UTC)
PAGE = {
    "case_id": "outreach/S26-0001",
    "stage": "requested",
    "stage_text": {"ja": "受付", "en": "requested"},
    "stage_since": AT,
    "waiting_for": "connection_office",
    "due_at": AT,
    "version": 1,
    "policy_version": "default-1",
    "labels": {},
    "path": ["requested"],
    "tracks": {},
    "missing": {},
    "owes": [],
    "outcome": None,
    "outcome_by": None,
    "possible": ["check-request"],
    "tasks": [],
    "deadlines": [],
}


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_moment_is_japans(capsys, language) -> None:
    """Also those of a list: the dates that a school proposes."""
    print_page(PAGE, {"dates": [AT, AT + timedelta(days=6)]}, language)
    shown = capsys.readouterr().out
    assert "2027-02-11 13:00, 2027-02-17 13:00" in shown
    assert "04:00" not in shown
