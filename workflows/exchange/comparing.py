"""What files of the exchange office are compared with: what is stored, and who may be one person."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, Literal, NamedTuple
from unicodedata import combining, normalize

from schemas.exchange.files import NominationRow
from workflows.exchange.dates import Term

Order = Literal["dmy", "mdy"]
"""Which of two numbers in a date is the day."""
_LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"}
)
_SPELLED: Final = re.compile("(?<=[aou])e")
"""An umlaut spelled out: ue for ü."""
COMPARED: Final = (
    *("family", "given", "born", "nationality", "mail", "agreement", "faculty", "first", "last"),
    *("months", "language", "needs_coe"),
)
"""What a later file may change of a mobility (X1); the student stays the same (X5)."""
OPTIONAL: Final = frozenset({"months", "language", "needs_coe"})
"""Where a file has no column of it, it is left as it is."""


class Known(NamedTuple):
    """A mobility that is stored."""

    case_id: str
    partner: str
    term: str
    number: str
    from_file: bool
    closed: bool
    revision: int
    values: Mapping[str, Any]
    """Of the fields that are compared."""


@dataclass(frozen=True)
class Offered:
    """An agreement of a term: whose it is, and for which faculties."""

    partner: str
    faculties: frozenset[str]

    def takes(self, faculty: str) -> bool:
        """Whether students may come to a faculty by it."""
        return faculty in self.faculties or "all" in self.faculties


@dataclass(frozen=True)
class Asked:
    """What a file is checked by: what the office says of it, and what is known.

    `agreements` by term and code; `term_of` gives a term as the policy dates it; `fixed`: values for rows
    whose file has no such column.
    """

    now: datetime
    agreements: Mapping[tuple[str, str], Offered]
    known: tuple[Known, ...]
    term_of: Callable[[str], Term]
    order: Order | None = None
    swapped: bool = False
    """Whether names that have changed places since the last file are right as they are now."""
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_key(self) -> dict[tuple[str, str, str], Known]:
        """What is stored, by term, home university and number there."""
        return {(each.term, each.partner, each.number): each for each in self.known if each.number}


@dataclass(frozen=True)
class Filed:
    """Somebody of a batch: who it is, and what is known of the result."""

    case_id: str
    name: str
    born: date | None
    ended: bool
    result: str | None
    on: date | None


def changes(row: NominationRow, known: Known) -> list[str]:
    """The fields of a mobility that a row has otherwise than it is stored."""
    given = row.model_dump(exclude_unset=True)
    return [
        name
        for name in COMPARED
        if (name in given or name not in OPTIONAL)
        and (getattr(row, name) or None) != (known.values.get(name) or None)
    ]


def vanished(rows: Iterable[NominationRow], asked: Asked) -> list[Known]:
    """What the last file of the same home universities and terms had, and this one has not."""
    named = {(row.term, row.partner, row.number) for row in rows}
    files = {(term, partner) for term, partner, _ in named}
    return [
        each
        for each in asked.known
        if each.from_file
        and not each.closed
        and (each.term, each.partner) in files
        and (each.term, each.partner, each.number) not in named
    ]


def folded(*names: str) -> str:
    """The letters of a name without accents, case and order: Müller is Mueller, Łukasz is Lukasz.

    It suggests and decides nothing: two persons may have one name.
    """
    plain = normalize("NFKD", " ".join(names).casefold().translate(_LETTERS))
    letters = "".join(each for each in plain if not combining(each))
    words = re.split(r"[\W_]+", _SPELLED.sub("", letters))
    return " ".join(sorted(word for word in words if word))
