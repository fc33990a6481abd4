"""What goes out of a round as a file, and its comparison: the function alone (R27)."""

from decimal import Decimal

import pytest

from schemas.round.ending import Column, EnrolledFound, HandOverPolicy
from tests.pure import jst
from workflows.round import outputs
from workflows.round.ranking.lines import Counts, Line, ProgrammeList, Verdict

HOUR = jst(2027, 3, 15, 17)
VERDICTS = (Verdict.ADMITTED, Verdict.WAITLISTED, Verdict.NOT_ADMITTED, Verdict.NOT_RANKED)


def line(number: str, verdict: Verdict, choice: int = 1) -> Line:
    return Line(
        application=number,
        choice=choice,
        frame="law",
        total=Decimal("170.5"),
        ties=(),
        rank=1,
        verdict=verdict,
        reason=None,
        full_frame=None,
        waitlist_place=2 if verdict is Verdict.WAITLISTED else None,
    )


def law() -> ProgrammeList:
    lines = tuple(line(f"00{place}", verdict) for place, verdict in enumerate(VERDICTS, 1))
    return ProgrammeList("law", lines, (), Counts(4, 3, 1, 1))


def test_r27_every_applicant_is_told_theirs_and_no_score() -> None:
    """The rejected see theirs too; points and ranks go nowhere (openreview #234)."""
    assert outputs.rows_of(outputs.PORTAL, [law()], HOUR) == [
        ("001", "1", "law", "合格", ""),
        ("002", "1", "law", "補欠", "2"),
        ("003", "1", "law", "不合格", ""),
        ("004", "1", "law", "不合格", ""),
    ]
    letters = outputs.rows_of(outputs.LETTERS, [law()], HOUR)
    assert [row[-1] for row in letters] == ["2027-03-15 17:00", "", "", ""]
    assert outputs.rows_of(outputs.BOARD, [law()], HOUR) == [("law", "001")]


@pytest.mark.parametrize("output", outputs.OF_RESULTS)
def test_r27_a_file_as_it_was_written_says_the_same(output: str) -> None:
    """Leading zeros stand: every cell is in quotation marks."""
    rows, form = outputs.rows_of(output, [law()], HOUR), outputs.FORMS[output]
    assert '"001"' in form.written(rows).decode()
    assert outputs.compare(form.read(form.written(rows)), rows).differing == 0


@pytest.mark.parametrize(
    ("was", "made", "missing", "surplus"),
    [
        ('"001","1","law","合格",""\n', "", 1, 0),
        ('"001"', '"1"', 1, 1),
        ('"003","1","law","不合格"', '"003","1","law","合格"', 1, 1),
        ('"002","1","law","補欠","2"\n', '"002","1","law","補欠","2"\n' * 2, 0, 1),
    ],
    ids=["a line is gone", "a zero is lost", "another verdict", "told twice"],
)
def test_r27_what_was_printed_otherwise_is_found(was: str, made: str, missing: int, surplus: int) -> None:
    """Retyping has failed eighty (Aichi): line by line, whatever the order."""
    rows, form = outputs.rows_of(outputs.PORTAL, [law()], HOUR), outputs.FORMS[outputs.PORTAL]
    text = form.written(rows).decode()
    assert was in text
    found = outputs.compare(form.read(text.replace(was, made, 1).encode()), rows)
    assert (len(found.missing), len(found.surplus)) == (missing, surplus)


def test_r27_order_encoding_mark_and_quotation_are_nothing() -> None:
    """As a spreadsheet writes it again: another order, a mark of UTF-8, no quotation marks, CRLF."""
    rows, form = (
        [*outputs.rows_of(outputs.BOARD, [law()], HOUR), ("law", "009")],
        outputs.FORMS[outputs.BOARD],
    )
    again = "\ufeff募集単位,受験番号\r\nlaw, 009\r\n\r\nlaw,001\r\n".encode()
    assert outputs.compare(form.read(again), rows).differing == 0
    assert outputs.content_hash(form.read(again)) == outputs.content_hash(rows)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", "募集単位,受験番号\n".encode("cp932")])
def test_r27_a_file_of_another_kind_is_refused(content: bytes) -> None:
    """And nothing of what stands in it is said."""
    with pytest.raises(ValueError, match=r"募集単位|utf-8"):
        outputs.FORMS[outputs.BOARD].read(content)


def test_a_students_number_follows_the_highest_of_its_programme() -> None:
    """None is given twice, and who has one keeps it (mitodl/micromasters #1399)."""
    policy = HandOverPolicy(programmes={"law": "03", "mech": "07"}, serial_digits=3)
    found = [
        ("mech", EnrolledFound(application="admission/C001", number="C001", frame="mech")),
        ("law", EnrolledFound(application="admission/B002", number="B002", frame="law")),
        (
            "law",
            EnrolledFound(
                application="admission/B001", number="B001", frame="law", student_no="2703004", serial=4
            ),
        ),
    ]
    told = outputs.students(found, {"03": 7}, 2027, policy)
    assert [(each.number, each.student_no) for each in told] == [
        ("B001", "2703004"),
        ("B002", "2703008"),
        ("C001", "2707001"),
    ]


@pytest.mark.parametrize(("newline", "end"), [("lf", b"\n"), ("crlf", b"\r\n")])
def test_the_registrars_file_has_the_registrars_columns_and_line_ends(newline: str, end: bytes) -> None:
    """LF in one office, CRLF in another; columns in the order in which they are wanted."""
    columns = (Column(header="受験番号", field="examinee-number"), Column(header="年度", field="year"))
    policy = HandOverPolicy(columns=columns, newline=newline, entry="A1")  # type: ignore[arg-type]
    told = outputs.students(
        [("law", EnrolledFound(application="admission/B001", number="0001", frame="law"))], {}, 2027, policy
    )
    body = outputs.form_of(outputs.HAND_OVER, policy).written(outputs.student_rows(told, 2027, policy))
    assert body == '"受験番号","年度"'.encode("cp932") + end + b'"0001","2027"' + end
