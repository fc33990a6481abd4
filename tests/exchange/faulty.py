"""A file for each thing that can be wrong with the files of the exchange office."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from spreadsheets.exchange.agreements import check_agreements_file
from spreadsheets.exchange.coe import check_coe_file
from spreadsheets.rows import Checked
from tests.exchange.files import IN_WINDOW, check, csv, known, student
from workflows.exchange.comparing import Filed

BATCH: Final = {
    "27S-AAAA0001": Filed("exchange/27S-AAAA0001", "Sample Anna", date(2004, 2, 13), False, None, None),
    "27S-BBBB0002": Filed("exchange/27S-BBBB0002", "Sample Bea", date(2003, 5, 1), True, None, None),
    "27S-CCCC0003": Filed(
        "exchange/27S-CCCC0003",
        "Sample Cid",
        date(2003, 6, 1),
        False,
        "issued",
        date(2027, 2, 1),
    ),
}
ANNA = "27S-AAAA0001,Sample Anna,2004-02-13,交付,2027-02-20"
CID = "27S-CCCC0003,Sample Cid,2003-06-01,交付,2027-02-01"


def agreements(*rows: str) -> Callable[[Path], Checked[Any]]:
    """A file of agreements, checked."""

    def checked(path: Path) -> Checked[Any]:
        lines = ["term,agreement,partner,faculty,persons,months", *rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return check_agreements_file(path, {"uni-a"})

    return checked


def results(*rows: str) -> Callable[[Path], Checked[Any]]:
    """A file of results, checked."""

    def checked(path: Path) -> Checked[Any]:
        path.write_text("\n".join(["整理番号,氏名,生年月日,結果,交付日", *rows]) + "\n", encoding="utf-8")
        return check_coe_file(path, BATCH)

    return checked


def nominations(*changes: Mapping[str, Any], **asked: Any) -> Callable[[Path], Checked[Any]]:
    """A file of nominations, a changed row each, checked."""
    rows = [student(at) | dict(each) for at, each in enumerate(changes, 1)]
    return lambda path: check(csv(path, *rows), **asked)


def without_term(path: Path) -> Checked[Any]:
    """A file that has no column of the term."""
    text = csv(path, student(1)).read_text(encoding="utf-8")
    path.write_text(text.replace(",27S,law", ",law").replace(",Term,", ","), encoding="utf-8")
    return check(path)


EXCHANGE: Final[Mapping[str, Callable[[Path], Checked[Any]]]] = {
    "name-mangled": nominations({"family": "MÃ¼ller"}),
    "date-ambiguous": nominations({"born": "03/04/2005"}),
    "date-forms-mixed": nominations({"born": "13/04/2005"}, {"born": "04/13/2005"}),
    "country-invalid": nominations({"nationality": "Germany"}),
    "term-invalid": nominations({"term": "2027"}),
    "neither-column-nor-option": without_term,
    "agreement-unknown": nominations({"agreement": "zz"}),
    "agreement-of-another": lambda path: check(csv(path, student(1)), fixed={"partner": "uni-b"}),
    "faculty-not-in-agreement": nominations({"agreement": "b1"}),
    "stay-outside-term": nominations({"first": "2027-11-01", "last": "2028-02-01"}),
    "birth-unlikely": nominations({"born": "2027-01-01"}),
    "number-repeated": nominations({}, {"number": "S-1"}),
    "person-alike": nominations({"family": "Müller"}, {"family": "Mueller"}),
    "person-known": nominations({}, known=(known(number="S-9", family="Samplea", term="26A"),)),
    "names-swapped": nominations({}, known=(known(number="S-1", family="Anna", given="Samplea"),)),
    "number-of-another": nominations({}, known=(known(number="S-1", family="Other", born="2001-01-01"),)),
    "window-closed": nominations({}, now=IN_WINDOW + timedelta(days=60)),
    "nominations-vanished": nominations({}, known=(known(number="S-7"),)),
    "agreement-repeated": agreements(*["30S,c1,uni-a,all,3,15"] * 2),
    "agreement-without-whole": agreements("30S,c1,uni-a,law,3,15"),
    "agreement-two-partners": agreements("30S,c1,uni-a,all,3,15", "30S,c1,uni-b,law,1,5"),
    "partner-without-address": agreements("30S,c1,uni-z,all,3,15"),
    "person-repeated-in-batch": results(ANNA, ANNA),
    "row-key-unknown": results(ANNA.replace("AAAA0001", "ZZZZ0009")),
    "row-of-another": results(ANNA.replace("2004-02-13", "2004-02-14")),
    "result-known": results(ANNA, CID),
    "row-of-ended": results("27S-BBBB0002,Sample Bea,2003-05-01,交付,2027-02-20"),
    "rows-missing": results(CID),
}
