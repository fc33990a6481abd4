"""見本 (sample) applicants by a seed: what they choose, what they score, and the files that bring it."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from workers.round.sample_policy import FACULTIES

COMMON_TEST: Final = {
    "ct-japanese": ("0101", 200),
    "ct-mathematics": ("0201", 200),
    "ct-english": ("0301", 200),
    "ct-science": ("0401", 200),
    "ct-social": ("0501", 100),
}
"""By part, the code of its subject and its full marks."""
WRITTEN: Final = {"mathematics": 200, "english": 150, "japanese": 150, "science": 250}
ABSENT: Final = "欠席"
_ABSENTEES: Final = 0.03
_WITHDRAWN: Final = 0.01
_DEMAND: Final = (10, 6, 9, 12, 12, 8, 4, 6, 9, 24)
"""How many want each faculty, in parts of a hundred."""


@dataclass(frozen=True)
class Candidate:
    """One applicant; nobody of them is real."""

    number: str
    choices: tuple[str, ...]
    common_test: Mapping[str, int]
    written: Mapping[str, int] | None
    """None: absent from the whole examination."""
    withdraws: bool
    """Before scores are there."""

    @property
    def case(self) -> str:
        """Of the application, which the demonstration plays and does not open."""
        return f"admission/{self.number}"

    @property
    def person(self) -> str:
        """Opaque."""
        return f"{int(self.number):032x}"


def candidates(count: int, seed: int) -> list[Candidate]:
    """So many, the same for the same seed; their numbers have leading zeros."""
    return [_candidate(place, random.Random(f"{seed}/{place}")) for place in range(1, count + 1)]  # noqa: S311 - a play


def _candidate(place: int, chance: random.Random) -> Candidate:
    (faculty,) = chance.choices(FACULTIES, weights=_DEMAND)
    frames = list(faculty.frames)
    chance.shuffle(frames)
    ability = chance.gauss(0.6, 0.13)

    def mark(full: int) -> int:
        return max(0, min(full, round(full * chance.gauss(ability, 0.08))))

    return Candidate(
        number=f"{place:06}",
        choices=tuple(frames[: chance.randint(1, min(faculty.choices, len(frames)))]),
        common_test={part: mark(full) for part, (_, full) in COMMON_TEST.items()},
        written={part: mark(full) for part, full in WRITTEN.items()}
        if chance.random() >= _ABSENTEES
        else None,
        withdraws=chance.random() < _WITHDRAWN,
    )


def common_test_file(those: Iterable[Candidate], year: int) -> bytes:
    """As the national test centre hands it over: a row a subject, with its head above."""
    rows = [
        f"{each.number},{COMMON_TEST[part][0]},{value},受験"
        for each in those
        for part, value in each.common_test.items()
    ]
    total = sum(int(row.split(",")[2]) for row in rows)
    return _file(_head(year, "共通テスト", len(rows), total), "受験番号,科目コード,得点,受験状況", rows)


def written_file(those: Iterable[Candidate], year: int, numbers: Mapping[str, str] | None = None) -> bytes:
    """As examiners hand it over: a row an examinee.

    Args:
        those: who was to be examined.
        year: that its head says.
        numbers: what stands instead of some numbers, as it goes wrong where files pass through a spreadsheet.
    """
    rows, total = [], 0
    for each in those:
        number = (numbers or {}).get(each.number, each.number)
        if each.written is None:
            rows.append(",".join((number, *[ABSENT] * len(WRITTEN), "")))
        else:
            rows.append(",".join((number, *map(str, each.written.values()), str(sum(each.written.values())))))
            total += sum(each.written.values())
    return _file(_head(year, "個別学力検査", len(rows), total), "受験番号,数学,英語,国語,理科,合計", rows)


def elsewhere_file(numbers: Iterable[str], year: int) -> bytes:
    """Who has enrolled at another university."""
    rows = [f"{number},済" for number in sorted(numbers)]
    head = _head(year, "入学手続者", len(rows), None)
    return _file(head, "受験番号,入学手続", rows)


def _head(year: int, exam: str, rows: int, total: int | None) -> list[str]:
    head = [f"年度,令和{year - 2018}年度", f"試験,{exam}", f"件数,{rows}"]
    return head if total is None else [*head, f"得点合計,{total}"]


def _file(head: list[str], header: str, rows: list[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in (*head, header, *rows)).encode("cp932")
