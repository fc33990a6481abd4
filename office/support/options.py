"""Of which unit a colleague is, and which words of a case a student who asks may be shown."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from office.options import Asking, Found
from office.words import Tongue
from schemas.kernel.case import Command
from schemas.support.access import AnswerAccess
from schemas.support.commands import Assign, NameCover, Offer, StandDown
from schemas.support.state import SupportState
from workflows.kernel.choices import Choice

ROOM: Final = "support"
OFFICE: Final = queries("kernel/office")
BOARDS: Final = queries("support/boards")
_JA: Final = Tongue("ja")
_EN: Final = Tongue("en")


def _of_units(field: str) -> Asking:
    """Only members of units can have a case: each with the units, and with what they have to do."""

    async def found(pool: asyncpg.Pool, _state: SupportState, known: Found) -> Found:
        units: defaultdict[str, list[str]] = defaultdict(list)
        for row in await pool.fetch(BOARDS["units_of_members"]):
            units[row["staff_id"]].append(row["unit"])
        return {
            field: tuple(
                replace(each, note=(_note(_JA, units[each.value], each), _note(_EN, units[each.value], each)))
                for each in known[field]
                if each.value in units
            )
        }

    return found


def _note(tongue: Tongue, units: list[str], choice: Choice) -> str:
    said = [*(tongue.word(ROOM, each) for each in units), tongue.pair(choice.note)]
    return ("、" if tongue.language == "ja" else ", ").join(each for each in said if each)


async def _texts(pool: asyncpg.Pool, state: SupportState, _found: Found) -> Found:
    """The words of the case by when they were written and by whom; the side shows what they say."""
    rows = await pool.fetch(OFFICE["texts_of_case"], state.case_id)
    return {
        "texts": tuple(
            Choice(
                str(row["text_id"]),
                f"{_JA.moment(row['created_at'])} {_JA.said_by(ROOM, row['author'])}",
                f"{_EN.moment(row['created_at'])} {_EN.said_by(ROOM, row['author'])}",
            )
            for row in rows
        )
    }


OPTIONS: Final[Mapping[type[Command], Asking]] = {
    Assign: _of_units("owner"),
    Offer: _of_units("to"),
    NameCover: _of_units("staff_id"),
    StandDown: _of_units("owner"),
    AnswerAccess: _texts,
}
