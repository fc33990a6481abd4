"""What is chosen in a decision or a fact and what is typed: every field of each says which, and why."""

from collections.abc import Iterator

import pytest

from cases.decisions import own_fields, text_fields
from cases.registry import PROCESSES
from office.forms import Form, Input
from office.options import options_of
from office.words import Tongue
from schemas.exchange.commands import ReturnNomination, SignAgreement
from tests.pure import default_policy_of
from tests.workflows.conftest import pool  # noqa: F401
from workers.policies import defaults_of, read_policy

# ruff: noqa: F811 - fixtures are imported and asked for by name

TYPED: dict[str, dict[str, str]] = {
    "admission-review": {
        "document-received.reference": "as the sending system calls it",
        "document-revoked.reference": "as the sending system calls it",
    },
    "school-outreach": {
        "record-held.persons": "counted on the day",
        "warning-issued.area": "the weather service names its areas",
        "warning-lifted.area": "the weather service names its areas",
    },
    "support-case": {
        "allow-contact.form": "the version stands on the paper that was signed",
        "consent.form": "the version stands on the paper that was signed",
        "book.minutes": "agreed with the student",
        "rebook.minutes": "agreed with the student",
        "link.into": "any open case: that two are one often only a person knows",
        "name-accused.person": "a number or an address of somebody whom the system may not know",
        "access-requested.person": "as the student writes: a number or an address",
        "consent-given.form": "the version stands on the form of the portal",
        "early-alert.course": "the learning system names its courses",
        "early-alert.code": "the learning system names what it notices",
        "message-arrived.thread": "as the mail system calls it",
        "message-bounced.thread": "as the mail system calls it",
        "outside-emergency.call": "as the outside line calls it",
        "page-answered.channel": "as the pager's gateway calls it",
        "page-failed.channel": "as the pager's gateway calls it",
        "name-interpreter.language": "any language that there is",
        "name-interpreter.interpreter": "also people outside, by a code that the office gives",
    },
    "exchange-onboarding": {
        "file-coe.batch": "the code that the office gives a new batch",
        "record-scholarship.months": "as the foundation writes",
        "scholarship-result.months": "as the foundation writes",
        "agreement-proposed.sha256": "of a file that the portal has",
        "letter-received.sha256": "of a file that the portal has",
        "mobility-changed.fields": "as the home university calls them",
        "mobility-changed.revision": "as the home university counts",
        "offer-answered.version": "stands in the letter",
        "dormitory-requested.house": "the houses are another process's, which refuses what it has not",
        "dormitory-requested.types": "the rooms are another process's, which refuses what it has not",
    },
    "dormitory-allocation": {
        "person-stated.person.arrears_months": "as the house counts",
        "person-stated.person.mobility": "may be said before the request is there",
        "person-stated.person.partner": "may be said before the request is there",
    },
    "admission-round": {
        "disaster-declared.area": "by its code, as whoever declares it knows it",
        "error-reported.about": "whoever has found it says what it is about",
        "compare-output.content": "the comparison of the file shows it",
        "disclosure-requested.application": "the applicant's own, as the portal knows it",
        "doubt-score.number": "anybody's of the round",
        "record-judgement.minute_no": "as the meeting numbers its minutes",
        "set-offer-limit.minute_no": "as the meeting numbers its minutes",
        "set-offer-limit.number": "as the meeting has decided",
        "set-offer-limit.waitlist": "as the meeting has decided",
    },
}
"""By process, what is typed freely, each with the reason why nothing is known to choose from."""
STAGES = {"admission-review": "ranked"}


def fields_typed(inputs: list[Input] | tuple[Input, ...]) -> Iterator[str]:
    """The names of what is typed as a text or a number, inside groups too."""
    for each in inputs:
        lines = each.kind == "lines" and each.choices[0][0] == "text"
        numbers = each.kind == "numbers" and not each.choices
        if each.kind in ("text", "number") or lines or numbers:
            yield each.name
        yield from fields_typed(each.parts)
        for row in each.rows:
            yield from fields_typed(row)


@pytest.mark.parametrize("name", PROCESSES)
async def test_what_is_typed_freely_has_its_reason(pool, name):
    """A new field of a decision or of a fact has its choices, or says here why a person types it."""
    process = PROCESSES[name]
    state = process.state(case_id=f"{process.room}/TEST-1", process=name, stage=STAGES.get(name, ""))
    state.policy = default_policy_of(
        process.room, next(iter(read_policy(defaults_of(process.room)).document.routes))
    )
    typed = set()
    asked = {command.step: (command, own_fields(command)) for command in process.decisions}
    asked |= {
        name: (kind.data, kind.data.model_fields)
        for name, kind in process.events.items()
        if not kind.between_cases and not kind.starts and kind.reaches is None
    }
    for step, (model, fields) in asked.items():
        found = await options_of(pool, Tongue("en"), process, state.case_id, state, model)
        form = Form(Tongue("en"), process.room, fields, {}, found)
        inputs = [each for each in form.inputs() if each.name not in found]
        typed |= {f"{step}.{each}" for each in fields_typed(inputs)}
    assert sorted(typed) == sorted(TYPED.get(name, {}))


@pytest.mark.parametrize("name", PROCESSES)
def test_every_code_to_choose_has_its_japanese(name):
    """What a policy that comes with the system names by a code is said in words on the pages."""
    process = PROCESSES[name]
    state = process.state(case_id=f"{process.room}/TEST-1", process=name, stage=STAGES.get(name, ""))
    for route in read_policy(defaults_of(process.room)).document.routes:
        state.policy = default_policy_of(process.room, route)
        told = [some for choices in process.choices.values() for some in choices(state).values()]
        coded = [each for some in told if isinstance(some, list) for each in some if not each.ja]
        assert not [each.value for each in coded if Tongue("ja").word(process.room, each.value) == each.value]


@pytest.mark.parametrize("command", [ReturnNomination, SignAgreement])
def test_a_comment_is_given_in_words(command):
    """At every door a person writes it; it is stored first and travels by its id."""
    assert text_fields(command)["comment"] == "comment_id"


@pytest.mark.parametrize("name", PROCESSES)
def test_words_are_never_called_as_a_field_is(name):
    """A decision with a code and with words for its reason asks for both, each by a name of its own."""
    both = {
        (step, each)
        for step, command in PROCESSES[name].commands.items()
        for each in text_fields(command)
        if each in own_fields(command)
    }
    assert not both
