"""The applications of the 見本 (sample) round, played: what their cases would tell it, and do in the ledger.

Ten thousand whole cases of admission would take hours. Here each is the facts that such a case tells
(`case-ranked`, `case-withdrawn`, `case-standing`), told as its step tells them, and its changes of its place
by the function of the ledger that its step calls. The relay and the round cannot tell the difference.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from schemas.kernel.identifiers import event_type
from workers.round.candidates import Candidate
from workers.round.office import RoundOffice
from workflows.kernel.links import fact_id
from workflows.round.process import ADMISSION, ROUND

PROCESS: Final = "admission-review"
KEEP_DAYS: Final = 400
AT_ONCE: Final = 500
"""Facts told in one transaction."""
_TELL: Final = (
    "SELECT iehe.tell_fact(t.told ->> 'of', $1, 1, t.told - 'of')"
    " FROM jsonb_array_elements($2::jsonb) AS t (told)"
)
_HEARD: Final = (
    "UPDATE iehe.fact_deliveries SET state = 'delivered', reason = NULL, since = now()"
    " WHERE process = $1 AND state = 'waiting' AND type LIKE $2"
)
_CHANGE: Final = "SELECT iehe.change_places($1, 1, $2, 'portal', $3)"


class Applications:
    """All applications of a round."""

    def __init__(self, office: RoundOffice) -> None:
        self.office = office
        self.told = 0

    async def rank(self, those: Iterable[Candidate]) -> None:
        """Their cases tell that they wait, committee and all behind them."""
        await self._tell(
            "case-ranked",
            [
                {**self._named(each.number), "person": each.person, "choices": list(each.choices)}
                for each in those
            ],
        )

    async def withdraw(self, numbers: Iterable[str]) -> None:
        """They wait no more."""
        named = [self._named(number) for number in numbers]
        leave = ("case", "round")
        await self._tell(
            "case-withdrawn",
            [{name: each[name] for name in leave} | {"reason": "withdrawn"} for each in named],
        )

    async def stand(self, standing: str, numbers: Iterable[str], fee: str = "none") -> None:
        """Where they stand, and what became of their admission fee."""
        await self._tell(
            "case-standing",
            [{**self._named(number), "standing": standing, "fee": fee} for number in numbers],
        )

    async def take(self, numbers: Iterable[str]) -> None:
        """They take their places."""
        await self._change(numbers, {"how": "take", "at": self.office.now.isoformat()})

    async def give_back(self, numbers: Iterable[str], reason: str = "declined") -> None:
        """They do not want their places."""
        await self._change(numbers, {"how": "release", "reason": reason})

    async def lapse(self, numbers: Iterable[str]) -> None:
        """The hour of their places is over, and they have not answered."""
        await self._change(numbers, {"how": "lapse"})

    async def hear(self) -> None:
        """What the round has told them is with them: no case is there, and the relay would look for it."""
        await self.office.servers.pool.execute(_HEARD, PROCESS, f"{event_type(ROUND.name, '')}%")

    def _named(self, number: str) -> dict[str, Any]:
        return {"case": f"admission/{number}", "round": self.office.case_id, "number": number}

    async def _tell(self, fact: str, said: Sequence[Mapping[str, Any]]) -> None:
        await self.hear()
        kind, at = f"{ADMISSION}.{fact}", self.office.now.isoformat()
        facts = [
            {
                "of": each["case"],
                "fact_id": fact_id(each["case"], kind, ""),
                "type": kind,
                "key": "",
                "data": each,
                "withdrawn": False,
                "chain": [],
                "occurred_at": at,
                "keep_days": KEEP_DAYS,
                "expected": [],
            }
            for each in said
        ]
        for start in range(0, len(facts), AT_ONCE):
            some = json.dumps(facts[start : start + AT_ONCE])
            await self.office.servers.pool.execute(_TELL, PROCESS, some)
        self.told += len(facts)
        # whatever they have told is with the round when somebody acts on it
        await self.office.until(
            "NOT EXISTS (SELECT FROM iehe.fact_deliveries WHERE state = 'waiting' AND type = $2"
            " AND $1::text IS NOT NULL)",
            kind,
        )

    async def _change(self, numbers: Iterable[str], change: Mapping[str, Any]) -> None:
        at = self.office.now
        for number in numbers:
            said = {**change, "place": f"{self.office.case_id}#{number}"}
            await self.office.servers.pool.execute(_CHANGE, f"admission/{number}", at, json.dumps([said]))
        await self.office.heard()
