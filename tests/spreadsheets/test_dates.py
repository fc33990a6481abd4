from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.admission.application_rules import age_on, entry_day
from spreadsheets.admission.samples import STYLES, in_era
from spreadsheets.dates import ERAS, parse_date, read_date
from spreadsheets.faults import RefusedError

DAYS = st.dates(min_value=date(1873, 1, 1), max_value=date(2099, 12, 31))


@given(day=DAYS, style=st.sampled_from(STYLES))
def test_every_written_style_reads_back_as_the_same_day(day, style):
    """What a clerk may write for a day is read as that day."""
    assert parse_date(style(day)) == day


@given(day=DAYS)
def test_excel_day_numbers_read_back(day):
    """A day number is Excel's count since 1900, where it has five digits."""
    serial = (day - date(1899, 12, 30)).days
    if serial >= 10_000:
        assert parse_date(str(serial)) == read_date(float(serial)) == day


@given(text=st.text(alphabet="0123456789年月日元平成令和HRS./- 十二〇:T", max_size=14))
def test_any_text_is_a_date_or_refused(text):
    """No text makes the reader fail in another way than by refusing it."""
    with suppress(RefusedError):
        assert isinstance(parse_date(text), date)


@pytest.mark.parametrize(
    "text",
    [
        "平成20年4月1日",
        "平成20年04月01日",
        "平成二十年四月一日",
        "平成 20年 4月 1日",
        "二〇〇八年四月一日",
        "H20.4.1",
        "h20/4/1",
        "H20-4-1",
        "H.20.4.1",
        "H200401",
        "Ｈ２０.4.1",
        "㍻20年4月1日",
        "2008-04-01",
        "2008/4/1",
        "2008.4.1",
        "2008年4月1日",
        "2008−4−1",
        "20080401",
        "2008/04/01 0:00:00",
        "2008-04-01T00:00:00",
        " 2008/4/1 ",
        "39539",
    ],
)
def test_spellings_of_one_day(text):
    """Era, kanji, full-width, ISO, slashes, digits and Excel's number all mean 1 April 2008."""
    assert parse_date(text) == date(2008, 4, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("平成元年1月8日", date(1989, 1, 8)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("昭和元年12月25日", date(1926, 12, 25)),
        ("大正15年12月25日", date(1926, 12, 25)),
        ("M45.7.30", date(1912, 7, 30)),
        ("R7/4/1", date(2025, 4, 1)),
    ],
)
def test_first_and_last_days_of_eras(text, day):
    """An era holds from its first day to its last, and its first year is 元."""
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "平成32年4月1日",
        "平成31年5月1日",
        "令和元年4月30日",
        "昭和64年1月8日",
        "H1.1.7",
        "大正元年7月29日",
        "明治5年1月1日",
    ],
)
def test_days_outside_their_era(text):
    """A year that the era never reached, or a day before its first, is refused as such."""
    with pytest.raises(RefusedError) as refused:
        parse_date(text)
    assert refused.value.code == "era-out-of-bounds"


@pytest.mark.parametrize(
    "cell",
    [
        "2008/2/30", "2007-02-29", "平成0年1月1日", "平成20年13月1日", "08/4/1", "4/1/2008",
        "2008/4-1", "2008-04-01 25:30",
        "0", "12345678", "tomorrow", "", "二", "十十",
        True, 1.5, float("nan"), float("inf"), 1e300, time(1), timedelta(1),
    ],
)  # fmt: skip
def test_what_is_no_date(cell):
    """A day that does not exist, an ambiguous order or another kind of cell is refused."""
    with pytest.raises(RefusedError) as refused:
        read_date(cell)
    assert refused.value.code == "date-invalid"


def test_date_cells_of_a_workbook():
    """A date cell is its day, whatever time of day the format hid."""
    assert (
        read_date(date(2008, 4, 1))
        == read_date(datetime.fromisoformat("2008-04-01T09:30"))
        == date(2008, 4, 1)
    )


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(2008, 4, 1), date(2026, 3, 31), 17),
        (date(2008, 4, 1), date(2026, 4, 1), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(1926, 4, 2), date(2027, 4, 1), 100),
    ],
)
def test_age_goes_by_the_calendar(birth, day, age):
    """Days divided by 365 would make people older than they are, by a day for each leap year."""
    assert age_on(birth, day) == age


@given(birth=DAYS, years=st.integers(0, 100))
def test_one_is_a_year_older_on_the_birthday_and_not_the_day_before(birth, years):
    """Age changes on the birthday alone."""
    if (birth.month, birth.day) != (2, 29) and birth.year + years <= 9999:
        birthday = birth.replace(year=birth.year + years)
        assert age_on(birth, birthday) == years
        assert age_on(birth, birthday - timedelta(days=1)) == years - 1


def test_entry_is_the_next_first_of_april():
    """The academic year begins on 1 April, the day itself belonging to the year that begins."""
    assert entry_day(date(2026, 11, 23)) == date(2027, 4, 1)
    assert entry_day(date(2027, 3, 31)) == date(2027, 4, 1)
    assert entry_day(date(2027, 4, 1)) == date(2028, 4, 1)


def test_eras_follow_one_another():
    """No day since 1873 lies between two eras."""
    bounds = [(first, last) for _, first, last in ERAS.values()]
    for (_, last), (first, _) in pairwise(bounds):
        assert first - last <= timedelta(days=1)
    assert in_era(date(1989, 1, 7)) == "昭和64年1月7日"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-01 10:23:45", date(2026, 11, 1)),
        ("2026/11/1 9:05", date(2026, 11, 1)),
        ("2026年11月1日 10時30分", date(2026, 11, 1)),
        ("2026年11月1日 午後3時05分", date(2026, 11, 1)),
        ("2026/11/01 11:59:59 午後 GMT+9", date(2026, 11, 1)),
        ("2026-11-01T10:23:45.123+09:00", date(2026, 11, 1)),
        ("2026-10-31T16:00:00Z", date(2026, 11, 1)),
        ("2026-11-01T02:00:00+12:00", date(2026, 11, 1) - timedelta(days=1)),
        ("2026年11月1日(日)", date(2026, 11, 1)),
        ("2026年11月1日（日曜日）", date(2026, 11, 1)),
        ("2026/11/1 日曜", date(2026, 11, 1)),
        ("2026-11-01 (Sun)", date(2026, 11, 1)),
        ("令和8年11月1日(日) 10:23", date(2026, 11, 1)),
        ("R8.11.1(日)", date(2026, 11, 1)),
    ],
)
def test_a_time_of_day_and_a_weekday_behind_a_date(text, day):
    """Forms add the time, people the weekday; a time with its zone is the day that it was in Japan."""
    assert parse_date(text) == day


def test_a_day_number_with_a_time_of_day():
    """A date cell without its format is a number, its time behind the point."""
    assert read_date(46327.43) == read_date(46327)


@pytest.mark.parametrize("text", ["2026年11月1日(月)", "2026-11-01 Mon", "2026/11/1(土) 10:00"])
def test_a_weekday_that_is_not_the_date_s(text):
    """One of the two is a slip, and which one only the office knows."""
    with pytest.raises(RefusedError) as refused:
        parse_date(text)
    assert refused.value.code == "weekday-mismatch"
