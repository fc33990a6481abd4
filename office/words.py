"""What the pages say in the reader's language: the words of the pages, of the host, and of the processes.

English is the key of each catalogue (`office/words.toml`, `schemas/kernel/words.toml`, the `words.toml` of a
room), Japanese its value; a test over every page, decision, fact and door keeps them complete.
"""

import inspect
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from cases.registry import PROCESSES, ROLES
from cases.words import host_words, process_words
from schemas.kernel.japan import TOKYO
from workflows.kernel.process import Process

CATALOGUE: Final = Path(__file__).with_name("words.toml")
_WEEKDAYS: Final = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLAUSE_ENDS: Final = {"ja": ("。", "（", "："), "en": ("; ", ": ", ". ", " (")}


@cache
def catalogue() -> dict[str, str]:
    """English to Japanese of the pages themselves, and of those that processes have in their rooms."""
    words: dict[str, str] = {}
    for path in (CATALOGUE, *sorted(CATALOGUE.parent.glob("*/words.toml"))):
        words |= tomllib.loads(path.read_text(encoding="utf-8")).get("words", {})
    return words


@cache
def _own(room: str) -> dict[str, Any]:
    """The words of a room by the first part of the ids of its cases."""
    return next((words for words in process_words().values() if words["cases"] == room), {})


@cache
def _codes(room: str) -> dict[str, str]:
    """The codes of a room's policies in Japanese, where its own words do not have them."""
    path = CATALOGUE.parent / room / "words.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8")) if room and path.is_file() else {}
    codes: dict[str, str] = told.get("codes", {})
    return codes


@cache
def lookup(room: str, english: str) -> str | None:
    """The Japanese of what a process, the host or a page says in English; None where nobody has it."""
    own, host = _own(room), host_words()
    for table in (
        own.get("pages", {}),
        own.get("help", {}),
        own.get("words", {}),
        _codes(room),
        *host.values(),
        catalogue(),
    ):
        if english in table:
            found: str = table[english]
            return found
    return None


@dataclass(frozen=True)
class Tongue:
    """The language of one reader, with everything that is said in it."""

    language: str

    def __call__(self, english: str, **values: Any) -> str:
        """Words of the pages; `values` take the places that they name."""
        text = catalogue().get(english, english) if self.language == "ja" else english
        return text.format(**values) if values else text

    def pair(self, words: tuple[str, str]) -> str:
        """The one of two that is given in Japanese and in English."""
        return words[0 if self.language == "ja" else 1]

    def of(self, words: Any) -> str:
        """The same of what has them under `ja` and `en`."""
        return str(words[self.language])

    def sentence(self, room: str, english: str) -> str:
        """What a process or the host says in a sentence: of a decision, a field, a door."""
        return (lookup(room, english) or english) if self.language == "ja" else english

    def title(self, room: str, english: str) -> str:
        """The first clause of a sentence, without what ends it: the label of a button, a field, a link."""
        text = self.sentence(room, english.strip().split("\n\n")[0].replace("\n", " "))
        ends = [text.find(mark) for mark in _CLAUSE_ENDS[self.language] if text.find(mark) > 0]
        return text[: min(ends)] if ends else text.rstrip("。.")

    def rest(self, room: str, english: str) -> str:
        """A sentence when its title leaves something out; else nothing."""
        text = self.sentence(room, english.strip().split("\n\n")[0].replace("\n", " "))
        return "" if self.title(room, english) == text.rstrip("。.") else text

    def word(self, room: str, code: str) -> str:
        """A code, a column or a choice in words; of a role its name."""
        if code in ROLES:
            return self.pair(ROLES[code])
        if self.language == "ja":
            return lookup(room, code) or lookup(room, code.replace("-", " ").replace("_", " ")) or code
        return code.replace("_", " ").replace("-", " ")

    def stage(self, process: str, stage: str) -> str:
        """The name of a stage."""
        info = PROCESSES[process].lifecycle.stages[stage]
        return self.pair((info.ja, info.en))

    def moment(self, at: datetime | None) -> str:
        """A moment on the clock of Japan; nothing for none."""
        if at is None:
            return ""
        at = at.astimezone(TOKYO)
        return f"{self.day(at.date())} {at:%H:%M}"

    def day(self, on: date | None) -> str:
        """A date with its weekday; nothing for none."""
        if on is None:
            return ""
        weekday = _WEEKDAYS[self.language][on.weekday()]
        if self.language == "ja":
            return f"{on.year}年{on.month}月{on.day}日（{weekday}）"
        return f"{weekday} {on.day} {_MONTHS[on.month - 1]} {on.year}"

    def value(self, room: str, value: Any) -> str:  # noqa: PLR0911 - one for each sort
        """A value of a table or a page as its reader writes it."""
        match value:
            case None:
                return ""
            case bool():
                return self("yes") if value else self("no")
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case {"ja": _, "en": _}:
                told = value[self.language]
                return "\n".join(told) if isinstance(told, list | tuple) else str(told)
            case list() | tuple() | set() | frozenset():
                return ("、" if self.language == "ja" else ", ").join(
                    self.value(room, each) for each in value
                )
            case dict():
                pairs = (
                    f"{self.word(room, str(name))}: {self.value(room, each)}" for name, each in value.items()
                )
                return ("、" if self.language == "ja" else ", ").join(pairs)
            case float():
                return f"{value:g}"
            case str():
                return self.word(room, value) if lookup(room, value) or value in ROLES else value
            case _:
                return str(value)


def first_of(model: type[Any]) -> str:
    """The first paragraph of what a model says of itself: its help at every door."""
    return inspect.cleandoc(model.__doc__ or model.__name__).split("\n\n")[0]


def act_of(tongue: Tongue, process: Process[Any], step: str) -> str:
    """What a decision is called on a button: in Japanese its word, or the first clause of its sentence."""
    own = lookup(process.room, step) if tongue.language == "ja" else step.replace("-", " ").capitalize()
    return own or tongue.title(process.room, first_of(process.commands[step]))


def step_of(tongue: Tongue, process: Process[Any], step: str) -> str:
    """A step of a case's log in words."""
    return act_of(tongue, process, step) if step in process.commands else tongue.word(process.room, step)
