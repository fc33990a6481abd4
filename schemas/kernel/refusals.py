"""Refusals: why a step is not done, or not known to be done; each says what to do, in both languages.

Their texts stand in the `refusals.toml` of each room; those of the kernel are every process's.
"""

import tomllib
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final, NamedTuple


class RefusalKind(StrEnum):
    """What sort of no it is; the command line's exit code and the HTTP status follow from it."""

    INVALID = "invalid"
    WRONG_STAGE = "wrong_stage"
    STALE = "stale"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    NOT_YET = "not_yet"
    UNAVAILABLE = "unavailable"
    """Servers are away: only of these may the outcome be unknown."""


class RefusalText(NamedTuple):
    """A reason in words.

    Args:
        kind: what sort of no.
        english: the sentence.
        japanese: the same.
        sent: the parameter that says back what was sent and is on no record.
        fields: of a decision or a fact, what it may be about: a form shows it beside the first that it has.
    """

    kind: RefusalKind
    english: str
    japanese: str
    sent: str = ""
    fields: tuple[str, ...] = ()


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    """A step that the rules do not allow. Nothing has been changed.

    Args:
        code: one that `text_of` knows.
        params: codes, counts and dates for the text; never personal data.
    """

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = {key: str(value) for key, value in params.items()}
        super().__init__(self.text("en"))

    @property
    def kind(self) -> RefusalKind:
        """The sort of no."""
        return text_of(self.code).kind

    def text(self, language: str, **words: str) -> str:
        """The sentence for a person, in `ja` or `en`; `words` are what only a door can say.

        A value that nobody knows any more, as when a log keeps the code alone, is an ellipsis.
        """
        values = _Known(self.params)
        values.update({name: word.format_map(values) for name, word in words.items()})
        text = text_of(self.code)
        return (text.japanese if language == "ja" else text.english).format_map(values)


class _Known(dict[str, str]):
    def __missing__(self, _name: str) -> str:
        return "…"


_texts: Final[dict[str, RefusalText]] = {}


def register(room: str) -> None:
    """Make the reasons in `schemas/<room>/refusals.toml` known, as the package does when it is imported.

    Raises:
        ValueError: a code has another text already.
    """
    file = files("schemas") / room / "refusals.toml"
    for code, entry in tomllib.loads(file.read_text("utf-8")).items():
        kind, fields = RefusalKind(entry["kind"]), tuple(entry.get("fields", ()))
        text = RefusalText(kind, entry["en"], entry["ja"], entry.get("sent", ""), fields)
        if _texts.setdefault(code, text) != text:
            raise ValueError(f"refusal {code} has two texts")


def is_refusal(code: str) -> bool:
    """Whether a code has a text here."""
    return code in _texts


def text_of(code: str) -> RefusalText:
    """The text of a code, whosever it is. Raises KeyError."""
    return _texts[code]


register("kernel")
