"""The letters of a request: complete in both languages, telling what they should and nothing of a pupil."""

import re
from importlib.resources import files

import pytest

from activities.kernel.message_templates import LANGUAGES, NotRenderedError, Office, Reader, Rendered, render
from activities.outreach.messages import ASKING, MESSAGES
from tests.workflows.outreach.builder import DATES, default_policy
from workflows.outreach.process import OUTREACH

OFFICE = Office(contact="https://office.example.ac.jp/", portal="https://portal.example.ac.jp/")
FACTS = {
    "date": DATES[0].isoformat(),
    "dates": [at.isoformat() for at in DATES],
    "due_at": "2026-08-27T23:59:59.999999+09:00",
    "title": {"ja": "海面上昇", "en": "The rising sea"},
    "kind": "visit",
    "grade": "2",
    "persons": 40,
    "minutes": 50,
    "cause": "weather",
    "task": "find-lecturer",
    "corrected": [
        {"ja": "担当者名", "en": "name of the contact"},
        {"ja": "電話番号", "en": "telephone number"},
    ],
    "overdue_days": 3,
    "case": "outreach/S26-0001",
}
EVERY_MESSAGE = pytest.mark.parametrize("message", sorted(MESSAGES))
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def written(message: str, language: str, **facts) -> Rendered:
    """One letter."""
    told = {name: FACTS[name] for name in MESSAGES[message].facts} | facts
    reader = Reader(MESSAGES[message].to, "見本 花子", language, "S26-0001")
    return render("outreach", message, MESSAGES[message].facts, told, reader, OFFICE)


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_renders_with_its_facts_and_needs_each_of_them(message, language) -> None:
    """What the table names is told: without it nothing is written."""
    rendered = written(message, language)
    assert rendered.subject
    assert "{" not in rendered.subject + rendered.text
    assert "None" not in rendered.text
    for fact in MESSAGES[message].facts:
        facts = {name: value for name, value in FACTS.items() if name in MESSAGES[message].facts - {fact}}
        reader = Reader(MESSAGES[message].to, "見本 花子", language, "S26-0001")
        with pytest.raises(NotRenderedError, match="missing-fact"):
            render("outreach", message, MESSAGES[message].facts, facts, reader, OFFICE)


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_it_is_signed_by_the_office_that_sends_it(message, language) -> None:
    """It says why it comes and from which office, and neither is another process's."""
    text = written(message, language).text
    assert {"ja": "\n高大接続担当\n", "en": "\nOffice for High School Relations\n"}[language] in text
    assert not any(word in text for word in ("applicant", "Admissions", "入学者選抜"))
    assert "S26-0001" in text or MESSAGES[message].to != "school"


def test_templates_are_the_table() -> None:
    """There is no message without templates in both languages, and no template that nobody sends."""
    folder = files("activities").joinpath("outreach", "templates")
    found = {each.name: {file.name for file in each.iterdir()} for each in folder.iterdir() if each.is_dir()}
    assert found == {message: {f"{language}.txt" for language in LANGUAGES} for message in MESSAGES}


@EVERY_LANGUAGE
def test_pretalx_2789_each_letter_to_the_school_has_a_subject_of_its_own(language) -> None:
    """Who is asked to confirm sees it in the subject, and takes it for no receipt."""
    school = [name for name, message in MESSAGES.items() if message.to == "school"]
    subjects = {written(message, language).subject for message in school}
    assert len(subjects) == len(school)
    assert re.search("確認|confirm", written("please-confirm", language).subject)


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_no_letter_tells_of_a_pupil_or_of_another_reader(message, language) -> None:
    """Whatever a caller puts in: names, addresses, the school's words."""
    canaries = dict.fromkeys(("name", "email", "school_name", "purpose", "pupils", "place"), "CANARY")
    rendered = written(message, language, **canaries)
    assert "CANARY" not in rendered.subject + rendered.text + rendered.html
    assert "@" not in rendered.text


@EVERY_MESSAGE
def test_languages_are_not_mixed_up(message) -> None:
    """The English body holds no Japanese but the reader's name, the Japanese no English sentence."""
    english, japanese = written(message, "en"), written(message, "ja")
    assert not re.search(r"[ぁ-んァ-ヶ一-龠]", english.subject + english.text.replace("見本 花子", ""))
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", japanese.text)


@pytest.mark.parametrize("fact", ["task", "cause", "kind"])
@EVERY_LANGUAGE
def test_every_code_has_its_words(fact, language) -> None:
    """What the rules and the policy name is told in words and not as a code."""
    policy = default_policy()
    codes = {
        "task": {*policy.tasks.of, "check-request", "answer-school", "record-prepared", "submit-report"},
        "cause": {*policy.causes, *policy.decline_reasons, "dates-over", "dates-changed", "another-lecturer"},
        "kind": set(policy.lead_days),
    }
    message = {"task": "task-reminder", "cause": "lecture-released", "kind": "lecture-settled"}[fact]
    for code in codes[fact]:
        line = f"：{code}\n" if language == "ja" else f": {code}\n"
        assert line not in written(message, language, **{fact: code}).text, code


def test_what_a_ladder_sends_is_a_message() -> None:
    """The default policy names no message and no reader that there is not."""
    policy = default_policy()
    for name in type(policy).model_fields:
        for rung in getattr(getattr(policy, name), "ladder", ()):
            to = MESSAGES[rung.message].to
            for reader in rung.to:
                assert to == ("school" if reader == "school" else "staff")
                assert reader.removeprefix("role:") in {"school", "assignee", *OUTREACH.roles}
    assert MESSAGES.keys() >= ASKING
