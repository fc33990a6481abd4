"""A decision's model as a form on a page, in Japanese and English."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from activities.kernel.wording import when
from cases.decisions import own_fields, text_fields
from cases.fields import choices_of, kind_of
from cases.words import process_words
from schemas.kernel.case import Command

Words = tuple[str, str]
"""Japanese and English."""
_YES_NO: Final[Mapping[str, Words]] = {"yes": ("はい", "Yes"), "no": ("いいえ", "No")}
_ANY: Final[Words] = ("指定しない", "No preference")
_TEXTS: Final[Mapping[str, Words]] = {
    "reason": ("理由", "Reason"),
    "remark": ("ご連絡事項（任意）", "Anything to add (optional)"),
    "note": ("記録", "Note"),
}


@dataclass(frozen=True)
class Input:
    """One field: `choices` by value; without any a line is typed, or, with `words`, a text."""

    name: str
    label: Words
    required: bool = False
    choices: Mapping[str, Words] | None = None
    words: bool = False


def inputs_of(command: type[Command], room: str, facts: Mapping[str, Any]) -> list[Input]:
    """The form of a decision; of a field `date` the letter's `dates`, where it tells any, are the choices."""
    own = process_words()[room]
    form = []
    for name, field in own_fields(command).items():
        kind, told = kind_of(field), field.description or name
        asked = facts.get(f"{name}s")
        if kind is bool:
            choices = dict(_YES_NO)
        elif isinstance(asked, list):
            choices = {str(each): (when(str(each), "ja"), when(str(each), "en")) for each in asked}
        else:
            known = choices_of(kind)
            choices = {each: _YES_NO.get(each, (own["words"].get(each, each), each)) for each in known}
        if choices and not field.is_required():
            choices = {"": _ANY} | choices
        label = own["help"].get(told, told), told
        form.append(Input(name, label, field.is_required(), choices or None))
    return form + [Input(words, _TEXTS[words], words=True) for words in text_fields(command)]
