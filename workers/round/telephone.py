"""The office that telephones down the waitlist of the 見本 (sample) round, call by call."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.round.commands import RecordContact
from workers.round.office import OFFICE, RoundOffice

ACCEPTS: Final = 0.75
DECLINES: Final = 0.9
BETWEEN: Final = timedelta(minutes=60)


class Telephone:
    """Whoever calls; what is called and when is the round's own list (`iehe round calls`)."""

    def __init__(self, office: RoundOffice, lot: Callable[[str, str], float]) -> None:
        self.office, self.lot = office, lot
        self.promoted = 0
        self._tried: dict[tuple[str, str], datetime] = {}

    async def day(self, *, until: datetime, promoted: Callable[[list[str]], Awaitable[None]]) -> bool:
        """Call until nobody is left or the day is over; whether somebody is still awaited.

        Args:
            until: the last call is before it.
            promoted: what is done for those who have accepted: they enrol.
        """
        while True:
            calls = await self.office.command(OFFICE, "round", "calls", self.office.case_id)
            due = [each for each in calls if self._due(each)]
            accepted: list[str] = []
            for each in due:
                # who has just accepted one place may wait for no other any more
                if each["number"] not in accepted and await self._call(each) == "accepts":
                    accepted.append(each["number"])
            self.promoted += len(accepted)
            await promoted(accepted)
            if not calls:
                return False
            if not accepted:
                if self.office.now + BETWEEN >= until:
                    return True
                await self.office.goes_on(self.office.now + BETWEEN + timedelta(minutes=1))

    def _due(self, entry: Mapping[str, Any]) -> bool:
        tried = self._tried.get((entry["number"], entry["frame"]))
        return entry["reply_by"] is None and (tried is None or self.office.now >= tried + BETWEEN)

    async def _call(self, entry: Mapping[str, Any]) -> str:
        lot = self.lot(entry["number"], "telephone")
        outcome = "accepts" if lot < ACCEPTS else "declines" if lot < DECLINES else "no-answer"
        said = {"number": entry["number"], "programme": entry["programme"], "frame": entry["frame"]}
        self._tried[entry["number"], entry["frame"]] = self.office.now
        await self.office.decide(RecordContact, OFFICE, **said, outcome=outcome)
        return outcome
