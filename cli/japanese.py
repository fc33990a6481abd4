"""Japanese for what the program says in English by default: help and headings of tables.

The program's words stand in `japanese.toml`, those of a process in its own `words.toml`, English on the
left; a test keeps them complete and without leftovers.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from cases.words import host_words, process_words
from workers.language import chosen_language

CATALOGUE: Final = Path(__file__).with_name("japanese.toml")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """`help` and `words`, each English to Japanese, of the program, the host and every process."""
    of_program = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {
        table: texts
        | {
            english: ja
            for own in (host_words(), *process_words().values())
            for english, ja in own[table].items()
        }
        for table, texts in of_program.items()
    }


def word(english: str) -> str:
    """A heading in the reader's language; what is not in the catalogue stays."""
    return catalogue()["words"].get(english, english) if chosen_language() == "ja" else english


def role_word(name: str) -> str:
    """Whose turn it is in the reader's language: a role, or whom a process waits for beside its roles."""
    from cases.registry import ROLES

    return ROLES[name][0] if name in ROLES and chosen_language() == "ja" else word(name)


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
    # a group that is not filled yet has its commands translated when it is
    for each in vars(command).get("commands", {}).values():
        _translate(each, texts)
