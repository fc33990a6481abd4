"""The office that calls a waitlist, and the cases of those whom it calls, on a round of the bureau."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from activities.round.waitlist import proof
from cases.batches import load_batch
from schemas.kernel.batches import BatchHead, BatchMapping, BatchRow, PartDistribution, ReadBatch, rows_hash
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import StepOutcome
from schemas.round import commands
from tests.pure import jst
from tests.round.bureau import ANN, CASE, Bureau, Marks, application
from workflows.round.process import ROUND

BEGINS: Final = jst(2027, 3, 28, 9)
LAST_DAYS: Final = jst(2027, 3, 30, 9)
ENROL_UNTIL: Final = jst(2027, 3, 31, 17)
ENDS: Final = jst(2027, 3, 31, 23, 59)
SIX: Final = {f"A000{number}": (100 - 10 * number, 50) for number in range(1, 7)}
"""Law has two places: the first two are admitted, the others wait."""
MAPPING: Final = BatchMapping.model_validate(
    {
        "key": "elsewhere-2027",
        "year": 2027,
        "kind": "enrolled-elsewhere",
        "exam": "general",
        "columns": {"number": {"headers": ["受験番号"]}, "status": {"headers": ["手続"]}},
        "parts": [{"code": "enrolled"}],
        "states": {"present": ["済"]},
    }
)


@dataclass
class Desk:
    """Whoever telephones."""

    bureau: Bureau

    # what happens

    async def released(self, marks: Marks, *choices: tuple[str, ...]) -> None:
        """Results are out, everybody is told, and the waitlist stands."""
        await self.bureau.judging(marks, *choices)
        await self.bureau.released()

    async def begins(self, *elsewhere: str) -> None:
        """The morning of the first day, with the newest list of who enrolled elsewhere."""
        await self.bureau.hear()
        await self.bureau.goes_on(BEGINS - timedelta(hours=1))
        await self.lists(*elsewhere)
        await self.over(BEGINS)
        await self.bureau.hear()

    async def begun(self, declined: int = 1) -> None:
        """The first day has begun, and so many of the two who were admitted have declined."""
        await self.released(SIX)
        for number in list(SIX)[:declined]:
            await self.gives_back(number)
        await self.begins()

    async def over(self, moment: datetime) -> None:
        """A moment is over, by a second, and the clock has done what it does then."""
        await self.bureau.goes_on(moment + timedelta(seconds=1))

    async def lists(self, *numbers: str) -> str:
        """Who enrolled elsewhere is loaded and accepted, and what follows is done; the batch."""
        batch = await load_batch(self.bureau.office, ANN.id, CASE, ROUND.name, enrolled(numbers))
        await self.bureau.decide(commands.AcceptBatch, batch=batch["batch"], hash=batch["hash"])
        await self.bureau.goes_on(seconds=2)
        return str(batch["batch"])

    async def contact(
        self, number: str, outcome: str, by: Actor = ANN, programme: str = "law", **values: Any
    ) -> StepOutcome:
        """A call."""
        said = {"number": number, "programme": programme, "outcome": outcome, **values}
        return await self.bureau.decide(commands.RecordContact, by, **said)

    async def refused(self, code: str, *contact: Any, **values: Any) -> Refusal:
        """A call that is not recorded, for one reason."""
        with pytest.raises(Refusal) as told:
            await self.contact(*contact, **values)
        assert told.value.code == code
        return told.value

    async def in_the_ledger(self, number: str, **change: Any) -> None:
        """What an applicant's case does with its place, in a step of its own; the round hears of it.

        Raises:
            asyncpg.PostgresError: the ledger refuses it.
        """
        now = self.bureau.now
        change = {"place": f"{CASE}#{number}", **change}
        if change["how"] == "take":
            change["at"] = now.isoformat()
        async with self.bureau.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "SELECT iehe.change_places($1, 1, $2, 'portal', $3)",
                *(application(number), now, json.dumps([change], default=str)),
            )
        await self.bureau.hear()

    async def is_claimed(self, number: str) -> None:
        """Whoever writes as the round gives somebody a place of law, past all rules.

        Raises:
            asyncpg.PostgresError: the database refuses it.
        """
        change = {
            "how": "claim",
            "place": f"{CASE}#{number}",
            "state": "offered",
            "purpose": "admission",
            "holder": application(number),
            "lines": [{"frame": f"{CASE}/law", "amount": 1}],
        }
        async with self.bureau.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "SELECT iehe.change_places($1, 1, $2, 'x', $3)",
                *(CASE, self.bureau.now, json.dumps([change])),
            )

    async def accepts(self, number: str) -> None:
        """The applicant enrols."""
        await self.in_the_ledger(number, how="take")

    async def gives_back(self, number: str, reason: str = "declined") -> None:
        """The applicant does not want the place."""
        await self.in_the_ledger(number, how="release", reason=reason)

    async def withdraws(self, number: str) -> None:
        """The applicant leaves altogether: the case tells it, and gives back what it has."""
        await self.bureau.leaves(number)
        await self.in_the_ledger(number, how="release", reason="withdrawn") if await self.place(
            number
        ) else None
        await self.bureau.hear()

    # what is seen

    async def entries(self, programme: str = "law") -> dict[str, str]:
        """By number, where each entry of a programme stands, in the order of the waitlist."""
        return {
            line["number"]: line["state"] for line in await self.proof() if line["programme"] == programme
        }

    async def proof(self) -> list[dict[str, Any]]:
        """As it is printed."""
        return await proof(self.bureau.office, CASE)

    async def line(self, number: str, programme: str = "law") -> dict[str, Any]:
        """One entry as it is printed."""
        found = [
            line for line in await self.proof() if (line["number"], line["programme"]) == (number, programme)
        ]
        return found[0]

    async def place(self, number: str) -> tuple[str, str] | None:
        """The frame and the state of somebody's place, if they have one."""
        row = await self.bureau.owner.fetchrow(
            "SELECT l.frame, p.state FROM iehe.places p JOIN iehe.place_lines l USING (place)"
            " WHERE p.case_id = $1 AND l.live",
            application(number),
        )
        return None if row is None else (row["frame"].removeprefix(f"{CASE}/"), row["state"])

    async def calls(self) -> int:
        """How many applicants the office is to call."""
        return sum(key.startswith("call-applicant:") for key in await self.bureau.tasks())

    async def unreached(self, number: str, at: datetime) -> None:
        """Three calls in vain, an hour apart, the first at a moment."""
        for tried in range(3):
            await self.bureau.goes_on(at + timedelta(hours=tried))
            await self.contact(number, "no-answer")


def enrolled(numbers: Iterable[str]) -> ReadBatch:
    """A list of who enrolled elsewhere as its check has read it; without anybody, of a stranger."""
    named = sorted(numbers) or ["Z9999"]
    rows = [BatchRow(number, "enrolled", "present", None, None, row) for row, number in enumerate(named, 2)]
    return ReadBatch(
        mapping=MAPPING,
        head=BatchHead(year=2027, exam="general", rows=len(rows)),
        rows=rows,
        distribution={"enrolled": PartDistribution(present=len(rows))},
        file_sha256=rows_hash(rows),
        hash=rows_hash(rows),
    )
