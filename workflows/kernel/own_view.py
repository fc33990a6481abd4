"""What a reader who is no staff sees of their own case by the link in a letter, and what they may say there.

A process gives it as a pure function of the state, by kind of reader: codes and times alone, of which the
words stand in `schemas/<room>/own_view.toml` in both languages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import JsonValue


@dataclass(frozen=True)
class ToDo:
    """One thing that the reader has to do, or has done; in the order in which it can be done."""

    code: str
    until: datetime | date | None = None
    why: str | None = None
    """Why it is wanted, or why it came back: a code."""
    done: bool = False
    then: str | None = None
    """What comes next: a code."""
    about: str | None = None
    """What it is about where there are several: a code or a month."""


@dataclass(frozen=True)
class Ask:
    """A field of a fact that the reader fills in; `choices`: codes, where it is one of a few."""

    name: str
    choices: Sequence[str] = ()


@dataclass(frozen=True)
class Act:
    """A fact that the reader may tell from the page, as long as the view names it."""

    name: str
    """Of its words and its form; unique on the page."""
    fact: str
    """The event kind of the process."""
    given: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the page itself says of it."""
    asks: tuple[Ask, ...] = ()
    confirm: bool = False
    """Whether it is asked for a second time: what cannot be taken back."""


@dataclass(frozen=True)
class OwnView:
    """The page of one reader: where the case stands, as they are told, and what is to be done."""

    stands: str
    why: str | None = None
    facts: Mapping[str, str | datetime | date] = field(default_factory=dict)
    """What else they are told: codes, months, days and times, by name."""
    todos: tuple[ToDo, ...] = ()
    acts: tuple[Act, ...] = ()
