"""The mapping of a year: strict, because what it does not say is not guessed from a file."""

import pytest

from schemas.kernel.batches import BatchHead, MappingError, read_mapping
from tests.batches.mappings import LONG, WIDE, mapping


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("year = 2027", "year = ", "no TOML"),
        ("year = 2027\n", "", "year: Field required"),
        ("width = 6", "widht = 6", "columns.number.widht: Extra inputs"),
        ('full = "200"', "full = 200.0", "parts.0.full: write it as text"),
        ('full = "200"', 'full = "-1"', "parts.0.full: Input should be greater than 0"),
        ('full = "200"\n', "", "parts: full is missing"),
        ('code = "english"', 'code = "math"', "parts: twice: math"),
        ('"英語"', '"数学"', "headers: twice: 数学"),
        ('"英語"', '"合計"', "headers: twice: 合計"),
        ('"免除"', '"欠"', "states: twice: 欠"),
        ("width = 6", "pad = true", "columns.number: pad needs a width"),
        ('headers = ["英語"]', 'codes = ["1"]', "parts: all of them have headers"),
        ("[columns]", '[columns]\nvalue = { headers = ["点"] }', "columns.value: not where each part"),
    ],
)
def test_a_wide_mapping_with_a_fault_says_where(old: str, new: str, said: str) -> None:
    """The place in the file, and what is wrong with it."""
    with pytest.raises(MappingError, match=said.replace("(", r"\(")):
        mapping(WIDE, (old, new))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'subject = { headers = ["科目コード"] }\n',
            "",
            "without a column of subjects or parts there is one",
        ),
        ('codes = ["046"]', 'codes = ["０45"]', "parts.codes: twice: 045"),
        ('codes = ["046"]\n', "", "parts: all of them have headers"),
        (
            'value = { headers = ["得点"] }',
            'total = { headers = ["合計"] }',
            "columns.total: there are no values",
        ),
    ],
)
def test_a_long_mapping_with_a_fault_says_where(old: str, new: str, said: str) -> None:
    """Codes are compared as they are read, in half width."""
    with pytest.raises(MappingError, match=said):
        mapping(LONG, (old, new))


def test_all_faults_are_told_at_once() -> None:
    """A person corrects the file once."""
    with pytest.raises(MappingError) as refused:
        read_mapping('key = "k"\nyear = "x"\nkind = "Scores"\n')
    lines = str(refused.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["year", "kind", "exam", "columns", "parts"]


def test_a_subject_names_its_parts() -> None:
    """A head may mean one part or all of a subject."""
    of = mapping(LONG)
    assert of.named_part("science") == {"physics", "chemistry"}
    assert of.named_part("japanese") == {"japanese"}
    assert of.named_part("art") == set()


def test_a_sum_is_exact() -> None:
    """A float is no sum that somebody has named."""
    with pytest.raises(ValueError, match="write it as text"):
        BatchHead(sum=0.1)  # type: ignore[arg-type]  # what a careless caller would give
