"""The words of the processes for people: `schemas/<room>/words.toml`, English to Japanese."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

_ROOMS: Final = Path(__file__).parents[1] / "schemas"


@cache
def process_words() -> dict[str, dict[str, Any]]:
    """The words of every process by its room; read without anything of the process being imported."""
    return {
        path.parent.name: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(_ROOMS.glob("*/words.toml"))
    }
