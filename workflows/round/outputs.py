"""What goes out of a round, from the bytes that are out: board, portal, letters, the registrar's file (R27).

Each is a table; made into a file, and read back from one that was printed, uploaded or handed over, it has
the same rows or the comparison says which differ. Nothing of it is typed.
"""

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from schemas.kernel.japan import TOKYO
from schemas.round.ending import EnrolledFound, HandOverPolicy, Student
from workflows.round.ranking.lines import Line, ProgrammeList, Verdict

Row = tuple[str, ...]
BOARD: Final = "board"
PORTAL: Final = "portal"
LETTERS: Final = "letters"
HAND_OVER: Final = "hand-over"
OF_RESULTS: Final = (BOARD, PORTAL, LETTERS)
"""Those that are made from the lists that are out."""
NEWLINES: Final = {"crlf": "\r\n", "lf": "\n"}
MISSING: Final = "missing"
SURPLUS: Final = "surplus"
SHOWN: Final = 200
"""Of what differs so many lines are named; they are counted all."""
_SAID: Final = {
    Verdict.ADMITTED: "合格",
    Verdict.WAITLISTED: "補欠",
    Verdict.NOT_ADMITTED: "不合格",
    Verdict.NOT_RANKED: "不合格",
}


@dataclass(frozen=True, slots=True)
class Form:
    """How a table is written as a file."""

    headers: Row
    encoding: str = "utf-8"
    newline: str = "lf"

    def written(self, rows: Iterable[Row]) -> bytes:
        """The file: every cell in quotation marks, so that no leading zero is taken for a number's."""
        lines = [
            ",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in (self.headers, *rows)
        ]
        end = NEWLINES[self.newline]
        return (end.join(lines) + end).encode(self.encoding)

    def read(self, stored: bytes) -> list[Row]:
        """The rows of such a file, whoever has written it: spaces around cells are nothing.

        Raises:
            ValueError: it has another encoding or other headers; the message has nothing of its content.
        """
        try:
            text = stored.decode("utf-8-sig" if self.encoding == "utf-8" else self.encoding)
        except UnicodeDecodeError:
            raise ValueError(f"the file is not written in {self.encoding}") from None
        rows = [
            tuple(cell.strip() for cell in row) for row in csv.reader(text.splitlines(keepends=True)) if row
        ]
        if not rows or rows[0] != self.headers:
            raise ValueError(f"the first line has to be {', '.join(self.headers)}")
        return rows[1:]


FORMS: Final[Mapping[str, Form]] = {
    BOARD: Form(("募集単位", "受験番号")),
    PORTAL: Form(("受験番号", "志望順位", "募集単位", "合否", "補欠順位")),
    LETTERS: Form(("受験番号", "志望順位", "募集単位", "合否", "補欠順位", "入学手続期限")),
}


def form_of(output: str, policy: HandOverPolicy) -> Form:
    """How an output is written.

    Raises:
        KeyError: there is none of that name.
    """
    if output == HAND_OVER:
        return Form(tuple(each.header for each in policy.columns), policy.encoding, policy.newline)
    return FORMS[output]


def rows_of(output: str, lists: Iterable[ProgrammeList], enrol_by: datetime | None) -> list[Row]:
    """The rows of an output of results, in the order of programmes and numbers.

    A person of two choices has a line for each: whom a list does not admit is told so by it, too.
    """
    found = []
    for made in sorted(lists, key=lambda each: each.programme):
        for line in sorted(made.lines, key=lambda each: (each.application, each.choice)):
            found += _rows(output, made.programme, line, enrol_by)
    return found


def _rows(output: str, programme: str, line: Line, enrol_by: datetime | None) -> list[Row]:
    if output == BOARD:
        return [(programme, line.application)] if line.verdict is Verdict.ADMITTED else []
    place = "" if line.waitlist_place is None else str(line.waitlist_place)
    said = (line.application, str(line.choice), programme, _SAID[line.verdict], place)
    if output == PORTAL:
        return [said]
    until = f"{enrol_by.astimezone(TOKYO):%Y-%m-%d %H:%M}" if enrol_by is not None else ""
    return [(*said, until if line.verdict is Verdict.ADMITTED else "")]


def students(
    enrolled: Iterable[tuple[str, EnrolledFound]], last: Mapping[str, int], year: int, policy: HandOverPolicy
) -> list[Student]:
    """Everybody who enrolled with the number that they get, by programme and examinee's number.

    Who has one keeps it; a new one follows the highest of its programme and year, and none is given twice.

    Args:
        enrolled: each after the programme of their place.
        last: by the registrar's code, the highest serial number of the year.
        year: of enrolment.
        policy: the registrar's codes.
    """
    serials = Counter(last)
    found = []
    for programme, each in sorted(enrolled, key=lambda pair: (pair[0], pair[1].number)):
        code = policy.code_of(programme)
        serial, student_no = each.serial, each.student_no
        if serial is None or student_no is None:
            serials[code] += 1
            serial = serials[code]
            student_no = f"{year % 100:02d}{code}{serial:0{policy.serial_digits}d}"
        found.append(
            Student(
                application=each.application,
                number=each.number,
                programme=programme,
                code=code,
                serial=serial,
                student_no=student_no,
            )
        )
    return found


def student_rows(told: Iterable[Student], year: int, policy: HandOverPolicy) -> list[Row]:
    """The rows of the registrar's file."""
    rows = []
    for each in told:
        cells = {
            "programme": each.code,
            "student-number": each.student_no,
            "examinee-number": each.number,
            "entry": policy.entry,
            "year": str(year),
        }
        rows.append(tuple(cells[column.field] for column in policy.columns))
    return rows


def bytes_hash(stored: bytes) -> str:
    """SHA-256 of bytes, 64 hexadecimal digits."""
    return hashlib.sha256(stored).hexdigest()


def content_hash(rows: Iterable[Row]) -> str:
    """SHA-256 over rows, in whatever order, encoding and quotation they stand; 64 hexadecimal digits."""
    return bytes_hash(json.dumps(sorted(map(list, rows)), ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True)
class Compared:
    """A file beside what ought to be in it."""

    rows: int
    missing: Sequence[Row]
    """Lines that ought to be there; at most `SHOWN`."""
    surplus: Sequence[Row]
    """Lines that ought not to be there, or not so often; at most `SHOWN`."""
    differing: int
    """How many there are of both."""
    content: str
    """Of the file's own rows."""


def compare(rows: Sequence[Row], wanted: Sequence[Row]) -> Compared:
    """What of a file is not as it ought to be; a line that stands there twice is one too many."""
    has, ought = Counter(rows), Counter(wanted)
    missing = sorted((ought - has).elements())
    surplus = sorted((has - ought).elements())
    return Compared(
        rows=len(rows),
        missing=missing[:SHOWN],
        surplus=surplus[:SHOWN],
        differing=len(missing) + len(surplus),
        content=content_hash(rows),
    )
