"""The year's mappings are part of the policy: those that come with the system read what offices get."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from schemas.kernel.batches import BatchHead
from schemas.round.policy import RoundPolicy
from spreadsheets.batches.checking import CheckedBatch, check_batch
from spreadsheets.batches.gathering import KnownPerson
from tests.pure import default_policy_of
from workflows.round.process import ROUND

KNOWN = {number: KnownPerson() for number in ("A0001", "A0002")}


def general() -> RoundPolicy:
    policy = default_policy_of(ROUND.room, "general")
    assert isinstance(policy, RoundPolicy)
    return policy


def checked(path: Path, key: str, *lines: str, **named: object) -> CheckedBatch:
    file = path / "scores.csv"
    file.write_bytes("\r\n".join(lines).encode("cp932"))
    mapping = general().mappings[key]
    head = BatchHead.model_validate({"year": 2027, "exam": mapping.exam, "rows": len(lines) - 1, **named})
    return check_batch(file, mapping, head, KNOWN)


def test_the_test_centres_file_is_read_subject_by_subject(tmp_path: Path) -> None:
    """By code as it is written, with absence and the order of answers; a code without its zero is unknown."""
    lines = (
        "出願番号,成績請求番号,科目コード,得点,受験状況,解答順",
        "A0001,9001,0101,150,受験,",
        "A0001,9001,0401,80,受験,1",
        "A0002,9002,0101,,欠席,",
    )
    found = checked(tmp_path, "common-test", *lines, sum=Decimal(230))
    assert found.batch is not None, found.faults
    rows = {(row.number, row.part): (row.state, row.value, row.order) for row in found.batch.rows}
    assert rows == {
        ("A0001", "ct-japanese"): ("scored", Decimal(150), None),
        ("A0001", "ct-science"): ("scored", Decimal(80), 1),
        ("A0002", "ct-japanese"): ("absent", None, None),
    }
    wrong = checked(tmp_path, "common-test", lines[0], "A0001,9001,101,150,受験,", sum=Decimal(150))
    assert {fault.code for fault in wrong.errors} == {"batch-part-unknown"}


def test_the_universitys_own_file_has_a_column_for_each_subject(tmp_path: Path) -> None:
    """A blank cell is nothing, 欠席 is absent, and the total is compared."""
    lines = ("受験番号,数学,英語,国語,理科,合計", "A0001,150,100,,200,450", "A0002,欠席,0,,10,10")
    found = checked(tmp_path, "written", *lines, sum=Decimal(460))
    assert found.batch is not None, found.faults
    assert len(found.batch.rows) == 6
    assert found.batch.distribution["japanese"].blank == 2
    assert found.batch.distribution["english"].zero == 1
    wrong = checked(tmp_path, "written", lines[0], "A0001,201,100,,200,501", sum=Decimal(501))
    assert "batch-over-full" in {fault.code for fault in wrong.errors}


def test_who_enrolled_elsewhere_is_a_list_of_numbers(tmp_path: Path) -> None:
    """Without points, and so without a sum; of whom nothing is said, nothing is known."""
    found = checked(tmp_path, "enrolled-elsewhere", "受験番号,入学手続", "A0002,済", "A0001,")
    assert found.batch is not None, found.faults
    assert [(row.number, row.state) for row in found.batch.rows] == [("A0002", "present")]


@pytest.mark.parametrize(
    ("key", "change", "told"),
    [
        ("written", {"key": "other"}, "its key is other"),
        ("written", {"parts": [{"code": "music", "headers": ["音楽"], "full": 100}]}, "no part or subject"),
        ("written", {"parts": [{"code": "english", "headers": ["英語"], "full": 100}]}, "other full marks"),
    ],
)
def test_a_mapping_fits_the_rules_it_comes_with(key: str, change: dict[str, object], told: str) -> None:
    """Under its own key, with parts that the rules count, out of as many marks."""
    policy = general().model_dump(mode="json")
    policy["mappings"][key] |= change
    with pytest.raises(ValidationError, match=told):
        RoundPolicy.model_validate(policy)
