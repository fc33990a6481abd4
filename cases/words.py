"""The words of the processes for people: `schemas/<room>/words.toml`, English to Japanese; and the host's."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

_ROOMS: Final = Path(__file__).parents[1] / "schemas"
_HOST: Final = "kernel"


@cache
def process_words() -> dict[str, dict[str, Any]]:
    """The words of every process by its room; read without anything of the process being imported."""
    return {
        path.parent.name: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(_ROOMS.glob("*/words.toml"))
        if path.parent.name != _HOST
    }


@cache
def host_words() -> dict[str, dict[str, str]]:
    """The words of what every process has: `help` of its decisions and doors, and `words` for codes."""
    path = _ROOMS / _HOST / "words.toml"
    words: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return words
