"""The dates of a term, from its code and the policy: windows, lock, results, orientation, its two ends."""

from datetime import date, datetime, time, timedelta
from typing import Final

from schemas.exchange.policy import ExchangePolicy, MonthDay
from schemas.exchange.state import ExchangeState
from schemas.kernel.japan import TOKYO
from workflows.kernel.draft import Draft

ExchangeDraft = Draft[ExchangeState]
CENTURY: Final = 2000
A_DAY: Final = timedelta(days=1)


def policy_of(state: ExchangeState) -> ExchangePolicy:
    """The case's policy, which every case has that is open."""
    if state.policy is None:
        raise RuntimeError("a case without its policy")
    return state.policy


class Term:
    """A term as its policy dates it; what comes before its beginning may lie in the year before."""

    def __init__(self, code: str, policy: ExchangePolicy) -> None:
        self.code = code
        self.window = policy.window(code)
        self._year = CENTURY + int(code[:2])
        self.begins = _day(self._year, self.window.begins)

    @property
    def ends(self) -> date:
        """Its last day."""
        return self._after(self.window.ends)

    @property
    def opens(self) -> datetime:
        """From when nominations are taken (X10)."""
        return _at(self._before(self.window.opens), self.window.opens_at)

    @property
    def closes(self) -> datetime:
        """From when none is taken any more, to the minute."""
        return _at(self._before(self.window.closes), self.window.closes_at)

    @property
    def lock(self) -> datetime:
        """Until when an application can be submitted."""
        return self.closes + timedelta(days=self.window.lock_days)

    @property
    def results(self) -> datetime:
        """When results are told: at one hour, to all."""
        return _at(self._before(self.window.results), self.window.results_at)

    @property
    def orientation(self) -> date:
        """The day of the orientation."""
        return self._after(self.window.orientation)

    @property
    def kept_until(self) -> date:
        """Until when a bed is kept for who has reported a delay (X32)."""
        return self._after(self.window.kept_until)

    @property
    def next(self) -> str:
        """The code of the term after it."""
        season, year = self.code[-1], int(self.code[:2])
        return f"{year:02}A" if season == "S" else f"{year + 1:02}S"

    def months(self, until: date) -> list[str]:
        """The months in which the student is here, to the one of a day."""
        found, day = list[str](), self.begins.replace(day=1)
        while day <= until:
            found.append(f"{day:%Y-%m}")
            day = (day + timedelta(days=32)).replace(day=1)
        return found

    def _before(self, of_year: MonthDay) -> date:
        day = _day(self._year, of_year)
        return day if day < self.begins else _day(self._year - 1, of_year)

    def _after(self, of_year: MonthDay) -> date:
        day = _day(self._year, of_year)
        return day if day >= self.begins else _day(self._year + 1, of_year)


def term_of(state: ExchangeState) -> Term:
    """The term of a case."""
    return Term(state.term, policy_of(state))


def _day(year: int, of_year: MonthDay) -> date:
    month, day = (int(each) for each in of_year.split("-"))
    return date(year, month, day)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, TOKYO)
