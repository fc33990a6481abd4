"""Forms from models: their names, and what is read back."""

import re

import pytest
from starlette.datastructures import FormData

from cases.decisions import own_fields, text_fields
from cases.registry import PROCESSES
from gateway.rooms import DOORS
from gateway.starting import _MODELS
from office.facts import _When
from office.forms import Form
from office.posted import OWN_FIELDS
from office.words import Tongue
from schemas.admission.commands import AssignReviewers, SubmitScores
from schemas.kernel.refusals import Refusal, _texts
from schemas.outreach.commands import Reschedule
from workflows.kernel.choices import Choice


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


def test_what_a_refusal_may_be_about_is_asked_for_somewhere():
    """No refusal waits to be shown beside a field that no form has."""
    asked = {*_When.model_fields, "address"}  # of a channel, on the page of a person
    for process in PROCESSES.values():
        for command in process.decisions:
            asked |= {*own_fields(command), *text_fields(command)}
        for kind in process.events.values():
            asked |= set(kind.data.model_fields)
    told = {code: set(text.fields) for code, text in _texts.items()}
    assert {code: loose for code, fields in told.items() if (loose := fields - asked)} == {}


def test_a_refusal_is_told_beside_its_field_in_words():
    """The field with the value that was refused comes first; its codes have the words of the choices."""
    choices = {"points": [Choice("academic", "学力", "academic record", bounds=(0, 10))]}
    form = Form(Tongue("ja"), "admission", own_fields(SubmitScores), {"remark": ""}, choices)
    refusal = Refusal("score-out-of-bounds", criterion="academic", minimum=0, maximum=10)
    place, text = form.refused(refusal, FormData([("points.academic", "99")]))
    assert (place, "学力" in text, "academic" in text) == ("points", True, False)
    assert form.refused(Refusal("declaration-missing"), FormData())[0] is None


def test_what_is_not_offered_is_refused_by_the_form():
    """Also of what is asked for several times; a choice, or nothing, is none of the form's business."""
    choices = {"reviewers": [Choice("reviewer-1"), Choice("reviewer-2")]}
    form = Form(Tongue("en"), "admission", own_fields(AssignReviewers), {}, choices)
    assert form.unlisted(FormData([("reviewers", "reviewer-1"), ("reviewers", "other")])).keys() == {
        "reviewers"
    }
    assert form.unlisted(FormData([("reviewers", "reviewer-1")])) == form.unlisted(FormData()) == {}
