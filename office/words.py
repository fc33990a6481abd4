"""What the pages say in the reader's language: the words of the pages, of the host, and of the processes.

English is the key of each catalogue (`office/words.toml`, `schemas/kernel/words.toml`, the `words.toml` of a
room), Japanese its value; a test over every page, decision, fact and door keeps them complete.
"""

import inspect
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from cases.registry import PROCESSES, ROLES
from cases.words import host_words, process_words
from schemas.kernel.japan import TOKYO
from spreadsheets.faults import WORDS as FILE_FAULTS
from workflows.kernel.process import Process

CATALOGUE: Final = Path(__file__).with_name("words.toml")
_WEEKDAYS: Final = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STAGES: Final = frozenset({"stage", "outcome"})
_KEYS: Final = {"document_state": "document"}
_VALUE: Final = re.compile(r"{\w+}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_ENTERED: Final = frozenset({"office", "iehe-office", "iehe-cli", "iehe-http"})
"""Sources of what a person has entered: who stands behind the colon."""
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
def codes_of(room: str) -> dict[str, str]:
    """The codes of a room's policies in Japanese, also where its own words have another meaning for them."""
    path = CATALOGUE.parent / room / "words.toml"
    told = tomllib.loads(path.read_text(encoding="utf-8")) if room and path.is_file() else {}
    codes: dict[str, str] = told.get("codes", {})
    return codes


@cache
def lookup(room: str, english: str) -> str | None:
    """The Japanese of what a process, the host or a page says in English; None where nobody has it."""
    for words in (_own(room), {"words": codes_of(room)}, host_words()):
        for table in ("pages", "help", "words"):
            if english in words.get(table, {}):
                found: str = words[table][english]
                return found
    return catalogue().get(english)


@cache
def english_of(room: str, code: str) -> str | None:
    """A code or a sentence in other English where it reads badly by itself; None for all others."""
    found: str | None = _own(room).get("english", {}).get(code) or host_words()["english"].get(code)
    return found


@cache
def named(room: str, code: str) -> tuple[str, str] | None:
    """What the process of a room has names for in both languages itself: its stages and documents."""
    process = next((each for each in PROCESSES.values() if each.room == room), None)
    if process is None:
        return None
    for table in (process.lifecycle, *process.tracks.values()):
        if code in table.stages:
            return table.stages[code].ja, table.stages[code].en
    return process.documents[code].title if code in process.documents else None


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
        found = lookup(room, english) if self.language == "ja" else english_of(room, english)
        return found or english

    def of_field(self, room: str, name: str, english: str) -> str:
        """What is said of a field, by its name where several say the same: the key of its sentence."""
        own = f"{name}: {english}"
        return own if lookup(room, own) else english

    def title(self, room: str, english: str) -> str:
        """The first clause of a sentence, without what ends it: the label of a button, a field, a link."""
        text = self.sentence(room, english.strip().split("\n\n")[0].replace("\n", " "))
        ends = [text.find(mark) for mark in _CLAUSE_ENDS[self.language] if text.find(mark) > 0]
        return text[: min(ends)] if ends else text.rstrip("。.")

    def rest(self, room: str, english: str) -> str:
        """What a sentence says beyond its title: what follows a colon, or else all of it; or nothing."""
        text = self.sentence(room, english.strip().split("\n\n")[0].replace("\n", " "))
        title = self.title(room, english)
        if title == text.rstrip("。."):
            return ""
        after = text.removeprefix(title + ("：" if self.language == "ja" else ": "))
        return upper_first(after)

    def word(self, room: str, code: str) -> str:
        """A code, a column or a choice in words; of a role its name; `kind:whose` with whom it concerns."""
        if code in ROLES:
            return self.pair(ROLES[code])
        spaced = code.replace("_", " ").replace("-", " ")
        if self.language == "ja":
            found = lookup(room, code) or lookup(room, spaced)
        else:
            found = english_of(room, code)
        if found is None and (both := named(room, code)) is not None:
            found = self.pair(both)
        if found is None and code in FILE_FAULTS:
            found = _VALUE.sub("…", self.of(FILE_FAULTS[code]))
        kind, _, whose = code.partition(":")
        if found is None and whose:
            found = f"{self.word(room, kind)} ({self.word(room, whose)})"
        return found or (code if self.language == "ja" else spaced)

    def code(self, room: str, code: str) -> str:
        """What a policy names by a code, which as a column may be called otherwise."""
        own = codes_of(room).get(code) if self.language == "ja" else None
        return own or self.word(room, code)

    def choice(self, room: str, of: str, value: str) -> str:
        """A value in words: its own as one of something, such as `deadline` or a column, or its code's."""
        kind, _, whose = value.partition(":")
        own = f"{of}: {kind}"
        found = lookup(room, own) if self.language == "ja" else english_of(room, own)
        if found is None:
            return self.word(room, value)
        return f"{found} ({self.word(room, whose)})" if whose else found

    def undelivered(self, code: str) -> str:
        """Why a message or a fact has not arrived; of an answer its number stands beside the words."""
        if lookup("", f"undelivered: {code}"):
            return self.choice("", "undelivered", code)
        kind, _, rest = code.partition("-")
        known = lookup("", f"undelivered: {kind}")
        return f"{self.choice('', 'undelivered', kind)} ({rest})" if known else self.word("", code)

    def gates(self, room: str, codes: Iterable[str]) -> str:
        """What gates ask for, in words."""
        return ("、" if self.language == "ja" else ", ").join(
            self.choice(room, "gate", each) for each in codes
        )

    def said_by(self, room: str, author: str) -> str:
        """Whose words something is: of a person, or of a field of what somebody has entered or sent."""
        source, _, path = author.rpartition("/")
        if not source:
            return author
        door, _, who = source.partition(":")
        told = self.word(room, path.rpartition(".")[2])
        return f"{told} ({who if door in _ENTERED else source})"

    def cell(self, room: str, name: str, value: Any) -> str:
        """A value of a table or a page under its name; a stage has the name that the process gives it."""
        if not isinstance(value, str):
            return self.value(room, value)
        if name in _STAGES and (both := named(room, value)) is not None:
            return self.pair(both)
        own = f"{_KEYS.get(name, name)}: {value}"
        return self.choice(room, *own.split(": ", 1)) if lookup(room, own) else self.value(room, value)

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

    def value(self, room: str, value: Any) -> str:  # noqa: C901, PLR0911 - one for each sort
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
            case str() if _MOMENT.fullmatch(value):
                return self.moment(datetime.fromisoformat(value))
            case str():
                known = lookup(room, value) or value in ROLES or named(room, value)
                return self.word(room, value) if known else value
            case _:
                return str(value)


def upper_first(text: str) -> str:
    """A name as a label, a clause as a sentence."""
    return text[:1].upper() + text[1:]


def first_of(model: type[Any]) -> str:
    """The first paragraph of what a model says of itself: its help at every door."""
    return inspect.cleandoc(model.__doc__ or model.__name__).split("\n\n")[0]


def act_of(tongue: Tongue, process: Process[Any], step: str) -> str:
    """What a decision is called on a button: what its sentence calls it, or else its own word."""
    return _called(tongue, process, step)[0]


def rest_of(tongue: Tongue, process: Process[Any], step: str) -> str:
    """What the sentence of a decision says beyond what it is called."""
    return _called(tongue, process, step)[1]


def _called(tongue: Tongue, process: Process[Any], step: str) -> tuple[str, str]:
    told = tongue.sentence(process.room, first_of(process.commands[step]))
    name, colon, rest = told.partition("：" if tongue.language == "ja" else ": ")
    if colon:
        return name, upper_first(rest)
    own = lookup(process.room, step) if tongue.language == "ja" else step.replace("-", " ").capitalize()
    return own or told.rstrip("。."), told


def step_of(tongue: Tongue, process: Process[Any], step: str) -> str:
    """A step of a case's log in words."""
    return act_of(tongue, process, step) if step in process.commands else tongue.word(process.room, step)
