"""What a person types, made into checked values; whatever is wrong is said without repeating the value."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeVar

from cli.session import CommandError
from schemas.kernel.japan import TOKYO

if TYPE_CHECKING:
    from pydantic import BaseModel

Model = TypeVar("Model", bound="BaseModel")
TEXT_LIMIT: Final = 4000
LISTED: Final = 20


def checked_text(body: str | None) -> str | None:
    """A reason or remark that can be stored; an empty one is none, a dash stands for what is piped in.

    What is typed as an option can be seen by others of the machine while the command runs.
    """
    text = (sys.stdin.read() if body == "-" else body or "").replace("\r\n", "\n").strip()
    if any(unicodedata.category(mark) == "Cc" and mark not in "\n\t" for mark in text):
        raise CommandError("text-not-readable")
    if len(text) > TEXT_LIMIT:
        raise CommandError("text-too-long", {"limit": TEXT_LIMIT}, length=len(text), limit=TEXT_LIMIT)
    return text or None


def known_value(value: str | None, known: Iterable[str], option: str) -> str | None:
    """A filter that can match something; without a value there is no filter.

    Raises:
        CommandError: nothing of that name is known; the nearest names are told, or all when they are few.
    """
    names = sorted(set(known))
    if value is None or value in names:
        return value
    near = get_close_matches(value, names) or (names if len(names) <= LISTED else [*names[:LISTED], "…"])
    listed = ", ".join(near) or "-"
    raise CommandError(
        "unknown-value", {"option": option, "known": near}, option=option, value=value, listed=listed
    )


def moment(text: str | None, option: str, *, end_of_day: bool = False) -> datetime | None:
    """A moment as typed: `2027-02-04 11:58`, ISO 8601, or a day; without a zone it is Asia/Tokyo.

    A day alone is its beginning, or with `end_of_day` its end.
    """
    if text is None:
        return None
    typed = unicodedata.normalize("NFKC", text).strip().replace("/", "-")
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise CommandError("invalid-moment", {"option": option}, option=option) from None
    if end_of_day and re.fullmatch(r"[\d-]+", typed):
        at = datetime.combine(at, time.max)
    return at if at.tzinfo else at.replace(tzinfo=TOKYO)


def pairs(words: Sequence[str]) -> dict[str, str]:
    """`key=value …` as a dictionary."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = unicodedata.normalize("NFKC", word).partition("=")
        if not equals or not key or key in found:
            raise CommandError("invalid-pair", {"at": len(found) + 1})
        found[key.strip()] = value.strip()
    return found


def fact_data(model: type[BaseModel], words: Sequence[str]) -> dict[str, Any]:
    """The data of a fact as typed; words become numbers and truth values where the model has them.

    Raises:
        CommandError: a name that the model does not have, or a value that it does not take.
    """
    typed = pairs(words)
    if unknown := sorted(typed.keys() - model.model_fields.keys()):
        faults = [{"at": name, "code": "extra_forbidden"} for name in unknown]
        known = ", ".join(model.model_fields) or "-"
        raise CommandError("unknown-values", {"faults": faults}, unknown=", ".join(unknown), known=known)
    return build(model, typed).model_dump(mode="json", exclude_unset=True)


def build(model: type[Model], values: dict[str, Any]) -> Model:
    """A checked message. Raises CommandError: each fault with the name of its value, never the value."""
    from pydantic import ValidationError

    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [
            {"at": "/".join(map(str, fault["loc"])) or "-", "code": fault["type"], "message": fault["msg"]}
            for fault in error.errors(include_input=False, include_url=False, include_context=False)
        ]
    listed = "; ".join(f"{fault['at']}: {fault['message']}" for fault in faults)
    raise CommandError("invalid-value", {"faults": faults}, listed=listed)
