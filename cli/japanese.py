"""Japanese for what the program says in English by default: help, headings of tables, names of roles.

The words stand in `japanese.toml`, English on the left; a test keeps it complete and without leftovers.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from workers.language import chosen_language

CATALOGUE: Final = Path(__file__).with_name("japanese.toml")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """`help` and `words`, each English to Japanese."""
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))


def word(english: str) -> str:
    """A heading or a role's name in the reader's language; what is not in the catalogue stays."""
    return catalogue()["words"].get(english, english) if chosen_language() == "ja" else english


def translate(command: Any) -> None:
    """Give a command and all below it help in the reader's language, and a line of it that is never cut."""
    texts = catalogue()["help"] if chosen_language() == "ja" else {}
    _translate(command, texts)


def _translate(command: Any, texts: dict[str, str]) -> None:
    if command.help:
        command.help = texts.get(command.help, command.help)
        command.short_help = command.help.partition("\n")[0]
    for parameter in command.params:
        if text := getattr(parameter, "help", None):
            parameter.help = texts.get(text, text)
    for each in getattr(command, "commands", {}).values():
        _translate(each, texts)
