"""What a check found, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warn", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `iehe doctor`.

    `problem` means that cases do not go on as they should; `warn` that they soon may not, or that a person
    has something to look at. `facts` are for programs; `named` is each case or thing that it is about, with
    what is known of it, one to a line.
    """

    check: str
    state: State
    text: str
    todo: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    named: Sequence[str] = ()


def ok(check: str, text: str, **facts: Any) -> Finding:
    """All is well."""
    return Finding(check, "ok", text, None, facts)


def warn(check: str, text: str, todo: str, **facts: Any) -> Finding:
    """A person should look."""
    return Finding(check, "warn", text, todo, facts)


def problem(check: str, text: str, todo: str, *, named: Sequence[str] = (), **facts: Any) -> Finding:
    """Cases are held up."""
    return Finding(check, "problem", text, todo, facts, named)
