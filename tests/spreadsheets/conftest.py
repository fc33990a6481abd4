"""A file with chosen mistakes, checked as of a fixed day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from schemas.admission.applications import ApplicationRow
from spreadsheets.admission.application_columns import application_columns
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import APPLICATION_COLUMNS, write_csv
from spreadsheets.admission.samples import PROGRAMMES, SAMPLE_ROUND, sample_applications
from spreadsheets.rows import Checked

Check = Callable[..., Checked[ApplicationRow]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Check a file of bytes, or one sample row per dictionary of changes, without the named columns."""

    def run(
        *rows: dict[str, str], data: bytes | None = None, without: frozenset[str] = frozenset(), **settings
    ):
        path = settings.pop("path", tmp_path / "applications.csv")
        if data is not None:
            path.write_bytes(data)
        elif rows:
            good = list(sample_applications(len(rows), seed=3))
            people = [{"applicant_account": ""}] if len(rows) > 1 else [{}]
            every = application_columns(round_required=True)
            more = [
                column for column in every if column not in APPLICATION_COLUMNS and column.field in rows[0]
            ]
            columns = [column for column in APPLICATION_COLUMNS if column.field not in without] + more
            write_csv(path, (g | people[0] | c for g, c in zip(good, rows, strict=True)), columns=columns)
        asked = {
            "round_id": SAMPLE_ROUND,
            "known_programmes": frozenset(PROGRAMMES),
            "today": date(2026, 11, 23),
        }
        return check_file(path, **(asked | settings))

    return run
