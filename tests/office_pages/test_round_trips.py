"""What a model can hold its form can say: typed, checked once more and read, it is the same again."""

import re
import string
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo
from starlette.datastructures import FormData

from cases.decisions import own_fields
from cases.registry import PROCESSES
from gateway.rooms import DOORS
from gateway.starting import _MODELS
from office.forms import ROWS, Form
from office.pages import _environment
from office.words import Tongue
from schemas.kernel.japan import TOKYO
from workflows.kernel.choices import Choice

SINCE: Final = datetime(2026, 1, 1, tzinfo=TOKYO)
MINUTES: Final = 5 * 365 * 24 * 60
MOST: Final = 40
"""Characters of what has no limit of its own."""
_SIGNS: Final = st.sampled_from(f"{string.ascii_letters}{string.digits}-_.:@+/ー見本")
_EXAMPLES: Final = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=8,
    phases=(Phase.generate,),
    suppress_health_check=(HealthCheck.filter_too_much, HealthCheck.too_slow),
)


def _fields_of() -> Iterator[tuple[str, str, Mapping[str, FieldInfo]]]:
    """Every form of every process: whose it is, what it asks for."""
    for process in PROCESSES.values():
        room = process.room
        for step, command in process.commands.items():
            yield f"{room}: {step}", room, own_fields(command)
        for fact, kind in process.events.items():
            if not kind.between_cases:
                yield f"{room}: {fact}", room, kind.data.model_fields
        if process.name in _MODELS:
            apart = {"process"}
            start = _MODELS[process.name].model_fields
            yield f"{room}: start", room, {name: each for name, each in start.items() if name not in apart}
        for door in DOORS.get(process.name, ()):
            if door.operation.request is not None:
                yield f"{room}: {door.operation.operation_id}", room, door.operation.request.model_fields


FORMS: Final = {name: (room, fields) for name, room, fields in _fields_of() if fields}


class Controls(HTMLParser):
    """What a browser would send of a form, by name, as it stands on the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: dict[str, list[str]] = {}
        self._open: tuple[str, list[str]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, found: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in found}
        if tag == "input":
            values = self.names.setdefault(told["name"], [])
            if told.get("type") not in ("radio", "checkbox") or "checked" in told:
                values.append(told.get("value", ""))
        elif tag in ("select", "textarea"):
            self._open = (tag, self.names.setdefault(told["name"], []))
        elif tag == "option" and self._open is not None and (not self._open[1] or "selected" in told):
            self._open[1][:] = [told["value"]]

    def handle_data(self, data: str) -> None:
        if self._open is not None and self._open[0] == "textarea":
            self._open[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open is not None and tag == self._open[0]:
            self._open = None


def _examples(schema: Mapping[str, Any], known: Mapping[str, Any]) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911 - one for each kind
    """Whatever a schema lets through, of moderate size."""
    match schema:
        case {"$ref": str(name)}:
            return _examples(known[name.rpartition("/")[2]], known)
        case {"const": value}:
            return st.just(value)
        case {"enum": values}:
            return st.sampled_from(values)
        case {"anyOf": several} | {"oneOf": several}:
            return _examples(next(each for each in several if each != {"type": "null"}), known)
        case {"type": "string"}:
            return _texts(schema)
        case {"type": "integer"}:
            least = schema.get("minimum", schema.get("exclusiveMinimum", -(10**6)) + 1)
            return st.integers(least, schema.get("maximum", max(least, 0) + 10**6))
        case {"type": "number"}:
            least = schema.get("minimum", schema.get("exclusiveMinimum", -1000))
            shift = 0 if "minimum" in schema else 1
            return st.integers(int(least * 2) + shift, int(schema.get("maximum", 1000) * 2)).map(
                lambda half: str(Decimal(half) / 2)
            )
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "array"}:
            return st.lists(
                _examples(schema["items"], known),
                min_size=schema.get("minItems", 0),
                max_size=min(schema.get("maxItems", ROWS), ROWS),
                unique_by=str if schema.get("uniqueItems") else None,
            )
        case {"type": "object", "properties": own}:
            needed = set(schema.get("required", ()))
            made = {name: _examples(each, known) for name, each in own.items()}
            return st.fixed_dictionaries(
                {name: each for name, each in made.items() if name in needed},
                optional={name: each for name, each in made.items() if name not in needed},
            )
        case {"type": "object", "patternProperties": keyed}:
            ((pattern, each),) = keyed.items()
            least = schema.get("minProperties", 1)
            return st.dictionaries(
                _texts({"pattern": pattern}), _examples(each, known), min_size=least, max_size=3
            )
    raise AssertionError(schema)


def _texts(schema: Mapping[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 1), min(schema.get("maxLength", MOST), MOST)
    if schema.get("format") == "date":
        return st.dates(date(2026, 1, 1), date(2031, 1, 1)).map(str)
    if schema.get("format") == "date-time":
        return st.integers(0, MINUTES).map(lambda passed: (SINCE + timedelta(minutes=passed)).isoformat())
    if schema.get("format") == "uuid":
        return st.uuids().map(str)
    if "pattern" in schema:
        pattern = re.compile(schema["pattern"], re.ASCII)
        return st.from_regex(pattern, fullmatch=True, alphabet=_SIGNS)
    return st.text(_SIGNS, min_size=least, max_size=most)


def _typed(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """How a person gives a value: the names of the controls, and what is in them."""
    match value:
        case None:
            return
        case bool():
            yield name, "yes" if value else "no"
        case datetime():
            yield name, value.astimezone(TOKYO).strftime("%Y-%m-%dT%H:%M")
        case dict():
            for key, each in value.items():
                yield from _typed(f"{name}.{key}", each)
        case list() | tuple() | set() | frozenset():
            for row, each in enumerate(value):
                yield from _typed(f"{name}.{row}" if isinstance(each, dict) else name, each)
        case _:
            yield name, str(value)


def _tables(form: Form, drawn: Mapping[str, Any]) -> dict[str, list[Choice]]:
    """The keys of each number that is asked for under several: a case says which there are."""
    asked = {each.name for each in form.inputs() if each.kind == "numbers"}
    return {name: [Choice(key) for key in drawn.get(name) or ("key",)] for name in asked}


@pytest.mark.parametrize("name", FORMS)
@_EXAMPLES
@given(data=st.data())
def test_what_a_form_says_is_what_was_meant(name: str, data: st.DataObject) -> None:
    """By the controls that it has, from its first page and from the one on which it is checked."""
    room, fields = FORMS[name]
    model = create_model(
        "Asked",
        __config__=ConfigDict(extra="forbid"),
        **{name: (each.annotation, each) for name, each in fields.items()},
    )  # type: ignore[call-overload]
    schema = model.model_json_schema()
    drawn = data.draw(_examples(schema, schema.get("$defs", {})))
    try:
        meant = model.model_validate(drawn)
    except ValidationError:
        assume(False)  # two fields that do not go together
        raise
    tongue = Tongue("ja")
    form = Form(tongue, room, fields, choices=_tables(Form(tongue, room, fields), drawn))
    macros = _environment().get_template("forms.html").module
    asked = Controls("".join(macros.field(each, tongue) for each in form.inputs())).names
    typed: dict[str, list[str]] = {}
    for field, value in meant.model_dump(exclude_unset=True, by_alias=False).items():
        for control, text in _typed(field, value):
            typed.setdefault(control, []).append(text)
    assert typed.keys() <= asked.keys()
    sent = FormData([(control, text) for control, texts in (asked | typed).items() for text in texts])
    assert _read(model, form, sent) == meant
    checked = Controls(macros.hidden(form.inputs(sent))).names
    again = FormData([(control, text) for control, texts in checked.items() for text in texts])
    assert _read(model, form, again) == meant


def test_a_fault_is_told_at_the_control_that_has_it() -> None:
    """Also where the model is called otherwise from outside than the field is."""
    model = PROCESSES["school-outreach"].events["closure-announced"].data
    form = Form(Tongue("ja"), "outreach", model.model_fields)
    with pytest.raises(ValidationError) as caught:
        model.model_validate(form.values(FormData([("where", "school"), ("last", "2027-02-04")])))
    assert form.faults(caught.value).keys() == {"first"}


def _read(model: type[BaseModel], form: Form, sent: FormData) -> BaseModel:
    assert form.unreadable(sent) == {}
    return model.model_validate(form.values(sent))
