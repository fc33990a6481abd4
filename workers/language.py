"""The reader's language, before any settings are read: `--help` has one too."""

import os
from typing import Literal

Language = Literal["ja", "en"]


def default_language() -> Language:
    """The language of the locale: Japanese where it is, else English."""
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "ja" if next(filter(None, names), "").startswith("ja") else "en"


def chosen_language() -> Language:
    """The language that IEHE_LANGUAGE names, else the locale's."""
    named = os.environ.get("IEHE_LANGUAGE")
    if named == "ja":
        return "ja"
    return "en" if named == "en" else default_language()
