"""Check a file of nominations: against itself, the agreements, and what is known already."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from schemas.exchange.files import NominationRow
from schemas.kernel.identifiers import CODE_PATTERN
from spreadsheets.column_words import ColumnWords
from spreadsheets.exchange.day_order import DayOrder
from spreadsheets.exchange.names import read_name
from spreadsheets.faults import Fault, RefusedError, fault
from spreadsheets.headers import Column, Form
from spreadsheets.read_row import ReadRow
from spreadsheets.repeats import Repeat
from spreadsheets.rows import Checked, Told, check_table, tell_nobody
from spreadsheets.values import Cell, as_text, choice, email, key, line
from workflows.exchange.comparing import Asked, Known, folded, vanished

TERM: Final = r"[0-9]{2}[SA]"
YOUNGEST, OLDEST = 15, 80
EARLY: Final = timedelta(days=45)
LONGEST: Final = timedelta(days=400)
_YEAR: Final = 365.25
_WORDS: Final = ColumnWords(Path(__file__).with_name("columns.toml"))


def read_months(cell: Cell) -> Decimal:
    """Read months with at most two decimals."""
    try:
        months = Decimal(as_text(cell).strip().replace(",", "."))
    except InvalidOperation:
        raise RefusedError("number-invalid", low="0.5", high=24) from None
    if not Decimal(0) < months <= Decimal(24):
        raise RefusedError("number-invalid", low="0.5", high=24)
    return months.quantize(Decimal("0.01"))


def columns(days: DayOrder) -> tuple[Column, ...]:
    """The columns of a file of nominations."""
    code = key(CODE_PATTERN, "code-invalid", fold=str.lower)
    languages = choice(_WORDS.choices("language"))
    needed = choice({spelling: value == "yes" for spelling, value in _WORDS.choices("needs_coe").items()})
    return _WORDS.columns(
        {
            "family": read_name,
            "given": read_name,
            "born": days.read,
            "nationality": key("[A-Z]{2}", "country-invalid", fold=str.upper),
            "number": line(32),
            "mail": email,
            "agreement": code,
            "first": days.read,
            "last": days.read,
            "term": key(TERM, "term-invalid", fold=str.upper),
            "partner": code,
            "faculty": code,
            "language": languages,
            "months": read_months,
            "needs_coe": needed,
        }
    )


def check_nominations_file(path: Path, asked: Asked, told: Told = tell_nobody) -> Checked[NominationRow]:
    """Validate a file of nominations without changing anything; it is read twice, first for its dates."""
    look = DayOrder(asked.order)
    _check(path, asked, look, tell_nobody)
    checked = _check(path, asked, look.settled(), told)
    found = tuple(_of_the_file(checked, asked))
    shut = any(each.severity == "error" for each in found)
    return replace(checked, rows=() if shut else checked.rows, faults=(*checked.faults, *found))


def _check(path: Path, asked: Asked, days: DayOrder, told: Told) -> Checked[NominationRow]:
    rules = _Rules(asked)
    return check_table(
        path,
        NominationRow,
        Form(columns(days)),
        row_rules=rules,
        repeats=_REPEATS,
        defaults=asked.fixed,
        told=told,
    )


def _key(row: ReadRow) -> tuple[object, ...] | None:
    named = tuple(row.values.get(name) for name in ("term", "partner", "number"))
    return None if None in named else named


def _alike(row: ReadRow) -> tuple[date, str] | None:
    values = row.values
    born, family = values.get("born"), values.get("family")
    if not isinstance(born, date) or not isinstance(family, str):
        return None
    return born, folded(family, str(values.get("given") or ""))


_REPEATS: Final = (
    Repeat("number-repeated", "number", _key),
    Repeat("person-alike", "family", _alike, unless=_key),
)


class _Rules:
    """What must hold of one row, and between it and what is known."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._known = asked.by_key
        self._people = defaultdict[tuple[date, str], list[Known]](list)
        for each in asked.known:
            if each.values.get("born") is not None and each.values.get("family"):
                name = folded(each.values["family"], each.values.get("given") or "")
                self._people[each.values["born"], name].append(each)

    def __call__(self, row: ReadRow) -> None:
        self._agreement(row)
        self._stay(row)
        self._person(row)

    def _agreement(self, row: ReadRow) -> None:
        values = row.values
        if not self._given(row, "term") or not isinstance(values.get("agreement"), str):
            return
        offered = self._asked.agreements.get((str(values["term"]), str(values["agreement"])))
        if offered is None:
            row.add("agreement-unknown", "agreement")
            return
        if values.setdefault("partner", offered.partner) != offered.partner:
            row.add("agreement-of-another", "partner")
        if self._given(row, "faculty") and not offered.takes(str(values["faculty"])):
            row.add("faculty-not-in-agreement", "faculty", known=", ".join(sorted(offered.faculties)))

    def _given(self, row: ReadRow, name: str) -> bool:
        there = isinstance(row.values.get(name), str)
        faulty = row.layout.label(name)[0] is not None and any(
            each.position == row.layout.label(name)[1] for each in row.faults
        )
        if not there and not faulty:
            row.add("neither-column-nor-option", name, name=name)
        return there

    def _stay(self, row: ReadRow) -> None:
        first, last, born = (row.values.get(name) for name in ("first", "last", "born"))
        if isinstance(first, date) and isinstance(last, date):
            if last <= first:
                row.add("date-order", "last")
            elif isinstance(code := row.values.get("term"), str):
                term = self._asked.term_of(code)
                fits = term.begins - EARLY <= first <= term.ends and last - first <= LONGEST
                if not fits:
                    row.add("stay-outside-term", "first", term=code)
        if isinstance(born, date) and isinstance(first, date):
            age = (first - born).days / _YEAR
            if not YOUNGEST <= age <= OLDEST:
                row.add("birth-unlikely", "born", low=YOUNGEST, high=OLDEST)

    def _person(self, row: ReadRow) -> None:
        values, named = row.values, _key(row)
        before = self._known.get(named) if named is not None else None  # type: ignore[arg-type]
        if before is not None:
            self._same_key(row, before)
        alike = _alike(row)
        if alike is None:
            return
        others = [each for each in self._people.get(alike, ()) if each is not before]
        others += [
            each
            for each in self._asked.known
            if each not in others
            and (each.partner, each.number) == (values.get("partner"), values.get("number"))
            and each.term != values.get("term")
        ]
        if others:
            row.add("person-known", "family", cases=", ".join(sorted(each.case_id for each in others)))

    def _same_key(self, row: ReadRow, before: Known) -> None:
        values, was = row.values, before.values
        names = str(values.get("family") or ""), str(values.get("given") or "")
        had = str(was.get("family") or ""), str(was.get("given") or "")
        if names == had[::-1] and names != had and not self._asked.swapped:
            row.add("names-swapped", "family")
        if values.get("born") != was.get("born") and folded(*names) != folded(*had):
            # the number is another student's by now, or wrong: nobody becomes somebody else (X5)
            row.add("number-of-another", "number")


def _of_the_file(checked: Checked[NominationRow], asked: Asked) -> Iterator[Fault]:
    rows = [row.data for row in checked.rows]
    known = asked.by_key
    new = {row.term for row in rows if (row.term, row.partner, row.number) not in known}
    for code in sorted(new):
        term = asked.term_of(code)
        if not term.opens <= asked.now < term.closes:
            at = {"opens": f"{term.opens:%Y-%m-%d %H:%M}", "closes": f"{term.closes:%Y-%m-%d %H:%M}"}
            yield fault("window-closed", parameters={"term": code, **at})
    if gone := vanished(rows, asked):
        cases = ", ".join(sorted(each.case_id for each in gone))
        yield fault("nominations-vanished", parameters={"cases": cases})
