"""Forms from models: what is asked, what was typed, and what is wrong with it by field.

The models are those of the other doors, so nothing is decided here: a form knows how to ask for a field and
how to read what came back.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from starlette.datastructures import FormData

from cases.fields import choices_of
from cases.refusal_words import PAGE
from office.words import Tongue, upper_first
from schemas.kernel.deadlines import DAY_ENDS
from schemas.kernel.japan import TOKYO
from schemas.kernel.refusals import Refusal, text_of
from schemas.kernel.texts import storable
from workflows.kernel.choices import Choice

Kind = Literal[
    "text",
    "words",
    "number",
    "date",
    "moment",
    "radios",
    "select",
    "checks",
    "numbers",
    "lines",
    "group",
    "groups",
]
M = TypeVar("M", bound=BaseModel)
RADIOS: Final = 7
"""Choices beyond these are a list to select from."""
ROWS: Final = 3
"""Empty rows that are offered of what may be given several times."""
WORDS_LIMIT: Final = 4000
LINE_LIMIT: Final = 300
"""Characters; what may be longer is asked for in several lines."""
_UNSET: Final = ""
_PLACE: Final = re.compile(r"[a-z_0-9.]{1,120}")


@dataclass(frozen=True)
class Input:
    """One field of a form.

    Args:
        name: dotted where it is part of another one.
        kind: how it is asked for.
        label: what it is called.
        hint: what else has to be known.
        required: whether it must be given.
        choices: of what may be chosen: value, words, note.
        value: what stands in it; several of `checks`, `lines` and `numbers`.
        parts: the fields of a group; of `groups` those of each row.
        fault: what is wrong with it.
        bounds: of `numbers`, by key.
    """

    name: str
    kind: Kind
    label: str
    hint: str = ""
    required: bool = False
    choices: tuple[tuple[str, str, str], ...] = ()
    value: Any = _UNSET
    parts: tuple["Input", ...] = ()
    rows: tuple[tuple["Input", ...], ...] = ()
    fault: str = ""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Of the element, for labels and links to it."""
        return "f-" + re.sub(r"[^a-z0-9]+", "-", self.name)

    @property
    def inside(self) -> tuple["Input", ...]:
        """The fields within it."""
        return (*self.parts, *(each for row in self.rows for each in row))

    @property
    def faulty(self) -> tuple["Input", ...]:
        """It and the fields within it of which something is wrong."""
        own = (self,) if self.fault else ()
        return (*own, *(each for part in self.inside for each in part.faulty))

    @property
    def shown(self) -> str:
        """The value in words, for who checks it once more."""
        given = self.value if isinstance(self.value, list) else [self.value]
        words = {value: text for value, text, _ in self.choices}
        if self.kind == "numbers":
            return "、".join(
                f"{words.get(key, key)}: {each}" for key, each in dict(self.value or {}).items() if each
            )
        return "\n".join(words.get(str(each), str(each)) for each in given if str(each))


def kind_of(told: Any) -> Any:
    """A type without its None, its constraints, and, of several models, all but the first."""
    if get_origin(told) is Annotated:
        return kind_of(get_args(told)[0])
    if get_origin(told) in (Union, UnionType):
        return kind_of(next(each for each in get_args(told) if each is not type(None)))
    return told


def is_model(kind: Any) -> bool:
    """Whether a type is a model of its own."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


class Form:
    """The form of a model, for one reader.

    Args:
        tongue: the reader's language.
        room: whose words its fields have.
        fields: what is asked for.
        words: names of what is said in words, each with what it is for.
        choices: what may be chosen beyond what the types say.
        opened: what is asked for in a model of its own stands at the top, without a frame around it.
    """

    def __init__(
        self,
        tongue: Tongue,
        room: str,
        fields: Mapping[str, FieldInfo],
        words: Mapping[str, str] | None = None,
        choices: Mapping[str, Sequence[Choice]] | None = None,
        *,
        opened: bool = False,
    ) -> None:
        self._tongue, self._room, self._opened = tongue, room, opened
        self._fields, self._words, self._choices = fields, words or {}, choices or {}

    def inputs(self, given: FormData | None = None, faults: Mapping[str, str] | None = None) -> list[Input]:
        """Its fields, with what was typed and what is wrong with it."""
        faults = faults or {}
        made = [self._input(name, each, "", given, faults) for name, each in self._fields.items()]
        for name, told in self._words.items():
            label = {"reason": "Reason", "remark": "Remark", "note": "Note"}.get(name)
            text = self._tongue(label) if label else upper_first(self._tongue.word(self._room, name))
            value = given.get(name, "") if given is not None else ""
            hint = self._tongue.sentence(self._room, told) if told else ""
            # whether a reason is needed the rule says: what may be needed is not called optional
            made.append(
                Input(name, "words", text, hint, name == "reason", value=value, fault=faults.get(name, ""))
            )
        return made

    def values(self, given: FormData) -> dict[str, Any]:
        """What was typed, as the model takes it; what was left empty is not in it."""
        return _values(self._fields, "", given)

    def said(self, given: FormData) -> dict[str, str]:
        """What was said in words; what was left empty is not in it."""
        texts = {name: _typed(given, name) for name in self._words}
        return {name: each for name, each in texts.items() if each}

    def unreadable(self, given: FormData) -> dict[str, str]:
        """What cannot be stored, or is too long, by field."""
        bad = self._tongue("This has signs that cannot be stored.")
        found = {
            name: bad
            for name, value in given.multi_items()
            if isinstance(value, str) and not storable(value) and _PLACE.fullmatch(name)
        }
        long = self._tongue("At most {limit} characters.", limit=WORDS_LIMIT)
        return found | {name: long for name in self._words if len(_typed(given, name)) > WORDS_LIMIT}

    def unlisted(self, given: FormData) -> dict[str, str]:
        """What is none of what may be chosen, by field."""
        told = self._tongue("Choose one of these.")
        return {
            name: told
            for name, each in self._fields.items()
            if name in self._choices
            and get_origin(kind_of(each.annotation)) is not dict
            and not {*_lines(given, name)} <= {choice.value for choice in self._choices[name]}
        }

    def refused(self, refusal: Refusal, given: FormData) -> tuple[str | None, str]:
        """Beside which field a refusal is shown, None where it is about none of them; and how it is told."""
        asked = [name for name in text_of(refusal.code).fields if name in {*self._fields, *self._words}]
        said = [name for name in asked if set(refusal.params.values()).intersection(_lines(given, name))]
        place = next(iter([*said, *asked]), None)
        named = {each.value: self._called(each) for each in self._choices.get(place or "", ())}
        words = {
            name: ", ".join(named.get(each, each) for each in value.split(", "))
            for name, value in refusal.params.items()
            if named.keys() & {*value.split(", ")}
        }
        words = {name: each.replace("{", "{{").replace("}", "}}") for name, each in words.items()}
        return place, PAGE.text(refusal, self._tongue.language, **words)

    def faults(self, error: ValidationError) -> dict[str, str]:
        """What a model found, by the name of the field."""
        found: dict[str, str] = {}
        own = {each.alias: name for name, each in self._fields.items() if each.alias}
        for each in error.errors(include_input=False, include_url=False):
            parts = (own.get(str(part), str(part)) for part in each["loc"])
            place = ".".join(part for part in parts if _PLACE.fullmatch(part))
            found.setdefault(place, self._fault(each["type"], each.get("ctx", {})))
        return found

    def _fault(self, code: str, context: Mapping[str, Any]) -> str:
        told = FAULTS.get(code, "This cannot be used: look at its form.")
        return self._tongue(told).format_map(Shown(context))

    def _input(
        self, name: str, info: FieldInfo, before: str, given: FormData | None, faults: Mapping[str, str]
    ) -> Input:
        place, kind = f"{before}{name}", kind_of(info.annotation)
        told = self._tongue.of_field(self._room, name, info.description or name)
        made = Input(
            place,
            "text",
            self._tongue.title(self._room, told)
            if info.description
            else upper_first(self._tongue.word(self._room, name)),
            self._tongue.rest(self._room, told) if info.description else "",
            required=info.is_required(),
            fault=faults.get(place, ""),
        )
        default = info.default if info.default not in (PydanticUndefined, None) else _UNSET
        value = given.get(place, "") if given is not None else default
        chosen = self._choices.get(place)
        origin = get_origin(kind)
        if is_model(kind):
            inside = f"{place}."
            parts = tuple(
                self._input(each, of, inside, given, faults) for each, of in kind.model_fields.items()
            )
            label = "" if self._opened and not before else made.label
            return replace(made, kind="group", parts=parts, label=label)
        if origin in (tuple, list, frozenset, set):
            return self._several(made, kind_of(get_args(kind)[0]), given, faults, chosen)
        if origin is dict:
            return self._numbers(made, given, chosen)
        options = self._options(kind, chosen, made.name, required=made.required)
        closed = chosen is not None or bool(options)
        if chosen is not None and len(options) == 1 and made.required and given is None:
            value = options[0][0]  # there is nothing to judge
        if closed:
            if kind is bool and isinstance(value, bool):
                value = "yes" if value else "no"
            how: Kind = "radios" if len(options) <= RADIOS else "select"
            return replace(made, kind=how, choices=options, value=str(value))
        plain = "words" if kind is str and _is_long(info) else _plain(kind)
        return replace(made, kind=plain, value=_as_typed(value))

    def _options(
        self, kind: Any, chosen: Sequence[Choice] | None, place: str, *, required: bool
    ) -> tuple[tuple[str, str, str], ...]:
        """Value, words and note of each choice; without any it is typed."""
        if chosen is not None:
            found = [(each.value, self._called(each), self._tongue.pair(each.note)) for each in chosen]
        elif kind is bool:
            found = [("yes", self._tongue("yes"), ""), ("no", self._tongue("no"), "")]
        else:
            of = place.rpartition(".")[2]
            found = [(each, self._tongue.choice(self._room, of, each), "") for each in choices_of(kind)]
        if (found or chosen is not None) and not required and kind is not bool:
            found = [("", self._tongue("not said"), ""), *found]
        return tuple(found)

    def _called(self, choice: Choice) -> str:
        words = (choice.ja, choice.en)
        return self._tongue.pair(words) if any(words) else self._tongue.code(self._room, choice.value)

    def _several(
        self,
        made: Input,
        kind: Any,
        given: FormData | None,
        faults: Mapping[str, str],
        chosen: Sequence[Choice] | None,
    ) -> Input:
        if is_model(kind):
            at = range(_rows_of(given, made.name) + (ROWS if given is None else 1))
            rows = tuple(
                tuple(
                    self._input(each, of, f"{made.name}.{row}.", given, faults)
                    for each, of in kind.model_fields.items()
                )
                for row in at
            )
            return replace(made, kind="groups", rows=rows)
        values = [str(each) for each in given.getlist(made.name)] if given is not None else []
        fault = made.fault or next(
            (text for place, text in faults.items() if place.startswith(f"{made.name}.")), ""
        )
        made = replace(made, fault=fault, value=values)
        if options := self._options(kind, chosen, made.name, required=True):
            return replace(made, kind="checks", choices=options)
        blanks = [""] * max(ROWS - len(values), 1)
        of = "moment" if kind is datetime or kind_is_moment(kind) else "date" if kind is date else "text"
        return replace(
            made,
            kind="lines",
            value=[*filter(None, values), *blanks],
            hint=made.hint,
            choices=((of, "", ""),),
        )

    def _numbers(self, made: Input, given: FormData | None, chosen: Sequence[Choice] | None) -> Input:
        """A number under each key that is known, and under each that was sent: nothing of it is left out."""
        keys = tuple((each.value, self._called(each), self._tongue.pair(each.note)) for each in chosen or ())
        known, start = {key for key, *_ in keys}, f"{made.name}."
        sent = {each.removeprefix(start) for each in given or () if each.startswith(start)}
        keys += tuple((key, self._tongue.word(self._room, key), "") for key in sorted(sent - known))
        value = {key: (_typed(given, f"{made.name}.{key}") if given is not None else "") for key, *_ in keys}
        bounds = {each.value: each.bounds for each in chosen or () if each.bounds is not None}
        hint = made.hint if chosen is None else ""  # it says how a key is written
        return replace(made, kind="numbers", hint=hint, choices=keys, value=value, bounds=bounds)


FAULTS: Final = {
    "missing": "Give this.",
    "literal_error": "Choose one of these.",
    "enum": "Choose one of these.",
    "bool_parsing": "Choose yes or no.",
    "int_parsing": "Give a whole number.",
    "float_parsing": "Give a number.",
    "decimal_parsing": "Give a number.",
    "finite_number": "Give a number.",
    "date_from_datetime_parsing": "Give a date, such as 2027-02-04.",
    "date_parsing": "Give a date, such as 2027-02-04.",
    "datetime_from_date_parsing": "Give a date and a time, such as 2027-02-04 11:58.",
    "datetime_parsing": "Give a date and a time, such as 2027-02-04 11:58.",
    "timezone_aware": "Give a date and a time, such as 2027-02-04 11:58.",
    "greater_than_equal": "Not less than {ge}.",
    "less_than_equal": "Not more than {le}.",
    "greater_than": "More than {gt}.",
    "string_too_long": "At most {max_length} characters.",
    "string_too_short": "At least {min_length} characters.",
    "too_long": "At most {max_length} of these.",
    "too_short": "At least {min_length} of these.",
    "string_pattern_mismatch": "This is not of the form that is asked for.",
}
"""What is wrong, by the code of the model's fault; never with what was typed."""


class Shown(dict[str, Any]):
    """Values for a text; one that is not known is an ellipsis."""

    def __missing__(self, _name: str) -> str:
        return "…"


def _is_long(info: FieldInfo) -> bool:
    """Whether a text may be longer than a line."""
    inside = (each for part in get_args(info.annotation) for each in getattr(part, "__metadata__", ()))
    return any((getattr(each, "max_length", None) or 0) > LINE_LIMIT for each in (*info.metadata, *inside))


def kind_is_moment(kind: Any) -> bool:
    """Whether a type is a moment with its offset."""
    return getattr(kind, "__name__", "") == "AwareDatetime" or kind is datetime


def _plain(kind: Any) -> Kind:
    if kind_is_moment(kind):
        return "moment"
    if kind is date:
        return "date"
    return "number" if kind in (int, float, Decimal) else "text"


def _as_typed(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M")
    return value.isoformat() if isinstance(value, date) else str(value)


def _typed(given: FormData, name: str) -> str:
    value = given.get(name, "")
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def _rows_of(given: FormData | None, name: str) -> int:
    """How many rows of what may be given several times came back."""
    rows = {
        key.removeprefix(f"{name}.").partition(".")[0] for key in given or () if key.startswith(f"{name}.")
    }
    return max((int(row) + 1 for row in rows if row.isascii() and row.isdigit() and len(row) < 3), default=0)  # noqa: PLR2004


def _read(told: Any, info: FieldInfo | None, place: str, given: FormData) -> Any:
    """What was typed for a field; None: nothing."""
    kind = kind_of(told)
    origin = get_origin(kind)
    if is_model(kind):
        optional = info is not None and not info.is_required()
        return None if optional and _untouched(kind, place, given) else _model(kind, place, given)
    if origin in (tuple, list, frozenset, set):
        item = kind_of(get_args(kind)[0])
        if is_model(item):
            places = (f"{place}.{row}" for row in range(_rows_of(given, place)))
            rows = (_model(item, each, given) for each in places if not _untouched(item, each, given))
            return [each for each in rows if each is not None] or None
        return [_one(item, None, each) for each in _lines(given, place)] or None
    if origin is dict:
        start = f"{place}."
        found = {key.removeprefix(start): _typed(given, key) for key in given if key.startswith(start)}
        return {key: unicodedata.normalize("NFKC", each) for key, each in found.items() if each} or None
    text = _typed(given, place)
    return _one(kind, info, text) if text else None


def _model(kind: type[BaseModel], place: str, given: FormData) -> dict[str, Any] | None:
    return _values(kind.model_fields, f"{place}.", given) or None


def _values(fields: Mapping[str, FieldInfo], before: str, given: FormData) -> dict[str, Any]:
    """What was typed for each field, by what its model calls it from outside."""
    return {
        each.alias or name: value
        for name, each in fields.items()
        if (value := _read(each.annotation, each, f"{before}{name}", given)) is not None
    }


def _untouched(kind: type[BaseModel], place: str, given: FormData) -> bool:
    """Whether nothing of a model was typed: what the form itself suggests does not count."""
    for name, each in kind.model_fields.items():
        inside = f"{place}.{name}"
        default = each.default if each.default not in (PydanticUndefined, None) else ""
        shown = {True: "yes", False: "no"}.get(default) if isinstance(default, bool) else _as_typed(default)
        if any(key.startswith(f"{inside}.") and _typed(given, key) for key in given):
            return False
        if any(text not in ("", shown) for text in _lines(given, inside)):
            return False
    return True


def _lines(given: FormData, place: str) -> Iterable[str]:
    return [each.strip() for each in given.getlist(place) if isinstance(each, str) and each.strip()]


def _one(kind: Any, info: FieldInfo | None, text: str) -> Any:
    """One value: yes and no, numbers in any width, a moment on the clock of Japan."""
    if kind is bool:
        return {"yes": True, "no": False}.get(text, text)
    if kind in (int, float, Decimal):
        return unicodedata.normalize("NFKC", text).replace(",", "")
    if kind is date:
        return unicodedata.normalize("NFKC", text).replace("/", "-")
    if not kind_is_moment(kind):
        return text
    typed = unicodedata.normalize("NFKC", text).replace("/", "-")
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        return text
    if info is not None and DAY_ENDS in info.metadata and len(typed) == len("2027-02-04"):
        at = datetime.combine(at, time.max)
    return at if at.tzinfo else at.replace(tzinfo=TOKYO)
