"""How each door says a refusal: one text, and what only that door knows of asking again."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.kernel.refusals import Refusal

_COMMANDS: Final = re.compile(r"\s*[(（](?:iehe |--)[^()（）]*[)）]")
"""Commands and options in brackets, as the texts of refusals name them."""


@dataclass(frozen=True)
class Door:
    """The words of one door by language: `repeat` the same, and `look_again` before saying it anew."""

    words: Mapping[str, Mapping[str, str]]
    has_commands: bool = True
    """Whether its people use the command line: others are not told its commands and options."""

    def text(self, refusal: Refusal, language: str, **words: str) -> str:
        """The sentence for a person at this door; `words` stand for the codes of its parameters."""
        text = refusal.text(language, **self.words[language], **words)
        return text if self.has_commands else _COMMANDS.sub("", text)


COMMAND_LINE: Final = Door(
    {
        "en": {
            "repeat": "repeat the same command with --command-id {command_id} (iehe doctor)",
            "look_again": "repeat with --version {current}",
        },
        "ja": {
            "repeat": "同じコマンドに --command-id {command_id} を付けて再実行してください（iehe doctor）",
            "look_again": "--version {current} を付けて再実行してください",
        },
    }
)
PAGE: Final = Door(
    {
        "en": {"repeat": "press the button again", "look_again": "press the button again"},
        "ja": {
            "repeat": "もう一度ボタンを押してください",
            "look_again": "もう一度ボタンを押してください",
        },
    },
    has_commands=False,
)
MANY: Final = Door(
    {
        "en": {"repeat": "it is asked again by itself", "look_again": "look at the case and decide it there"},
        "ja": {"repeat": "自動的に再度処理されます", "look_again": "案件を確認し、個別に判断してください"},
    }
)
"""The page of a decision for many cases."""
HTTP: Final = Door(
    {
        "en": {
            "repeat": "repeat the same request with the same Idempotency-Key",
            "look_again": "repeat with its ETag",
        },
        "ja": {
            "repeat": "同じ Idempotency-Key で再送してください",
            "look_again": "その ETag を付けて再送してください",
        },
    }
)
