"""Forms from models: their names, and what is read back."""

import re

import pytest
from starlette.datastructures import FormData

from cases.decisions import own_fields, text_fields
from cases.registry import PROCESSES
from gateway.rooms import DOORS
from gateway.starting import _MODELS
from office.forms import Form
from office.posted import OWN_FIELDS
from office.words import Tongue
from schemas.outreach.commands import Reschedule


@pytest.mark.parametrize("name", PROCESSES)
def test_no_field_has_the_name_of_what_a_form_carries(name):
    """The version of the case, the key and the like are not taken for what was typed, nor the other way."""
    process = PROCESSES[name]
    asked = {
        f"decision {step}": {*own_fields(command), *text_fields(command)}
        for step, command in process.commands.items()
    }
    told = {fact: kind for fact, kind in process.events.items() if not kind.between_cases}
    asked |= {f"fact {fact}": set(kind.data.model_fields) for fact, kind in told.items()}
    if name in _MODELS:
        asked["start"] = set(_MODELS[name].model_fields)
    for door in DOORS.get(name, ()):
        operation = door.operation
        if operation.method != "GET":
            models = [each for each in (operation.query, operation.request) if each is not None]
            own = set().union(*(each.model_fields for each in models))
            asked[operation.operation_id] = own | set(re.findall(r"{(\w+)}", operation.path))
    assert {form: clash for form, fields in asked.items() if (clash := fields & OWN_FIELDS)} == {}


def test_several_moments_are_read_on_the_clock_of_japan():
    """What is left empty is not given; widths and slashes are as people type them."""
    form = Form(Tongue("ja"), "outreach", own_fields(Reschedule))
    given = FormData([("dates", "2027-02-04T11:58"), ("dates", ""), ("dates", "２０２７/02/05 09:00")])
    read = form.values(given)["dates"]
    assert [each.isoformat() for each in read] == ["2027-02-04T11:58:00+09:00", "2027-02-05T09:00:00+09:00"]
