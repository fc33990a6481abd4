"""The words of the messages: complete in both languages, telling just what they should."""

import re
from html import unescape
from importlib.resources import files

import asyncpg
import pytest

from activities.admission.messages import MESSAGES
from activities.kernel.message_templates import (
    LANGUAGES,
    NotRenderedError,
    Office,
    Reader,
    Rendered,
    render,
)
from activities.kernel.wording import blocks, day, linked, when
from cases.registry import ROOMS

OFFICE = Office(contact="https://office.example.ac.jp/ask?a=1&b=2", portal="https://portal.example.ac.jp/")
FACTS = {
    "due_at": "2027-02-04T23:59:59.999999+09:00",
    "exam_on": "2027-02-25",
    "make_up_on": "2027-03-03",
    "first_stage_at": "2027-02-12T12:00:00+09:00",
    **dict.fromkeys(("release_at", "enrol_by", "promote_from"), "2027-03-29T09:00:00+09:00"),
    "answer_by": "2027-01-20T23:59:59.999999+09:00",
    "due_on": "2026-08-01",
    "missing": [{"ja": "調査書", "en": "School record"}, {"ja": "入学検定料", "en": "Application fee"}],
    "task": "decide",
    "result": "granted",
    "corrected": [{"ja": "氏", "en": "family name"}, {"ja": "住所", "en": "address"}],
    "overdue_days": 3,
    "ballot": 2,
    "case": "admission/A27-0001",
}
RESULTS = {
    *("closed-incomplete", "post-not-received", "ineligible", "offer-made", "offer-lapsed", "waitlisted"),
    *("waitlist-released", "rejected", "rejudged-offer", "enrolled", "conditions-not-met", "deferred"),
}
EVERY_MESSAGE = pytest.mark.parametrize("message", sorted(MESSAGES))
EVERY_LANGUAGE = pytest.mark.parametrize("language", LANGUAGES)


def reader(message: str, language: str) -> Reader:
    kind = MESSAGES[message].to
    return Reader(kind, "山田 太郎", language, None if kind == "staff" else "A27-0001")


def told(message: str) -> dict:
    return {key: FACTS[key] for key in MESSAGES[message].facts}


def written(message: str, language: str, **changes) -> Rendered:
    return render(
        "admission",
        message,
        MESSAGES[message].facts,
        told(message) | changes,
        reader(message, language),
        OFFICE,
    )


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_renders_with_its_facts(message, language) -> None:
    """Every message can be written in both languages from the facts that the table names."""
    rendered = written(message, language)
    assert rendered.subject
    assert "\n" not in rendered.subject
    assert "{" not in rendered.subject + rendered.text
    assert "None" not in rendered.text


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_needs_each_of_its_facts(message, language) -> None:
    """Every fact that the table names is told in both languages: without it nothing is written."""
    for fact in MESSAGES[message].facts:
        fewer = {key: value for key, value in told(message).items() if key != fact}
        with pytest.raises(NotRenderedError, match="missing-fact"):
            render("admission", message, MESSAGES[message].facts, fewer, reader(message, language), OFFICE)


def test_templates_are_the_table() -> None:
    """There is no message without templates in both languages, and no template that nobody sends."""
    folder = files("activities").joinpath("admission", "templates")
    found = {each.name: {file.name for file in each.iterdir()} for each in folder.iterdir() if each.is_dir()}
    assert found == {message: {f"{language}.txt" for language in LANGUAGES} for message in MESSAGES}


@EVERY_MESSAGE
def test_languages_are_not_mixed_up(message) -> None:
    """The English text holds no Japanese but the reader's name, the Japanese no English sentence."""
    japanese = re.compile(r"[ぁ-んァ-ヶ一-龠]")
    english = written(message, "en")
    assert not japanese.search(english.subject + english.text.replace("山田 太郎", ""))
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", written(message, "ja").text)


@EVERY_LANGUAGE
def test_subjects_of_results_are_one(language) -> None:
    """The subject of a result does not tell which result it is."""
    assert len({written(message, language).subject for message in RESULTS}) == 1


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_subject_tells_nothing_of_the_reader(message, language) -> None:
    """A subject is the same for every reader, case and due time."""
    other = Reader(MESSAGES[message].to, "SMITH", language, "B27-9999")
    facts = told(message) | {"case": "admission/B27-9999"}
    assert (
        render("admission", message, MESSAGES[message].facts, facts, other, Office()).subject
        == written(message, language).subject
    )


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_says_why_the_reader_gets_it(message, language) -> None:
    """Every text says why it was sent, and that nobody reads an answer."""
    text = written(message, language).text
    assert ("このメールは、" if language == "ja" else "You receive this message because ") in text
    assert OFFICE.contact in text


@EVERY_LANGUAGE
@pytest.mark.parametrize("message", sorted(name for name, each in MESSAGES.items() if each.to == "staff"))
def test_staff_are_told_the_case_alone(message, language) -> None:
    """Facts about the applicant never reach a message for staff, whatever a caller puts in."""
    canaries = {"name": "CANARY", "missing": [{"ja": "CANARY", "en": "CANARY"}], "application_no": "CANARY"}
    rendered = written(message, language, **canaries)
    assert "CANARY" not in rendered.subject + rendered.text + rendered.html
    assert FACTS["case"] in rendered.text


@EVERY_LANGUAGE
@pytest.mark.parametrize("room", ROOMS.values(), ids=list(ROOMS))
async def test_e02_every_code_of_why_has_its_words_in_every_process(room, language, database) -> None:
    """Each code that the database knows is a line of its own, in each process's frame, in one language."""
    owner = await asyncpg.connect(database.url("owner"))
    check = await owner.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'notices_why_check'"
    )
    await owner.close()
    codes = re.findall(r"'(\w+)'", check)
    message = next(
        name for name, each in room.messages.items() if each.to == "staff" and each.facts <= FACTS.keys()
    )

    def letter(why: str | None) -> str:
        to = Reader("staff", "山田 太郎", language, None, why)
        told = room.messages[message].facts
        return render(room.process.room, message, told, FACTS, to, OFFICE).text

    without = letter(None).splitlines()
    lines = {code: [line for line in letter(code).splitlines() if line not in without] for code in codes}
    assert len(codes) == 7
    assert all(len(line) == 1 and len(line[0]) > 10 for line in lines.values())
    assert len({line[0] for line in lines.values()}) == len(codes)
    assert {bool(re.search("[ぁ-ん]", line[0])) for line in lines.values()} == {language == "ja"}
    with pytest.raises(NotRenderedError, match="missing-fact"):
        letter("no-such-code")


@EVERY_LANGUAGE
@EVERY_MESSAGE
def test_html_says_what_the_text_says(message, language) -> None:
    """The page holds the words of the text, no more and no less."""
    rendered = written(message, language)
    page = rendered.html.partition("<body")[2].partition(">")[2]
    said = unescape(re.sub(r"<[^>]+>", "", page))
    text = re.sub(r"^- ", "", rendered.text, flags=re.MULTILINE)
    assert "".join(said.split()) == "".join(text.split())
    assert f'<html lang="{language}">' in rendered.html


def test_html_escapes_what_people_typed() -> None:
    """A name with markup is shown as typed and is no markup."""
    page = render(
        "admission",
        "rejected",
        frozenset(),
        {},
        Reader("applicant", "<b>O'Neil & Co</b>", "en", "A-1"),
        OFFICE,
    ).html
    assert "<b>" not in page
    assert "&lt;b&gt;O&#39;Neil &amp; Co&lt;/b&gt;" in page


def test_missing_items_are_a_list() -> None:
    """What is missing is listed by name, one a line, in the reader's language."""
    rendered = written("items-missing", "ja")
    assert "\n- 調査書\n- 入学検定料\n" in rendered.text
    assert "<li>調査書</li>\n<li>入学検定料</li>" in rendered.html
    assert "- School record\n- Application fee\n" in written("items-missing", "en").text


def test_registration_without_missing_items_asks_for_the_post() -> None:
    """By double intake nothing is missing yet but the post, which has a cutoff."""
    assert "郵送" in written("application-received", "ja", missing=[]).text
    assert "by post" in written("application-received", "en", missing=[]).text


@EVERY_LANGUAGE
def test_revocation_without_a_deadline(language) -> None:
    """After completeness nothing runs any more: the reader is asked to be quick instead."""
    assert "2027" not in written("item-revoked", language, due_at=None).text


@EVERY_LANGUAGE
def test_accommodation_without_a_due_day(language) -> None:
    """A request is late also where the day is not known to the message."""
    assert "2026" not in written("accommodation-late", language, due_on=None).text


@EVERY_LANGUAGE
def test_accommodation_decisions_differ(language) -> None:
    """Granted, partly granted and refused read differently."""
    results = ("granted", "partly_granted", "refused")
    assert len({written("accommodation-decided", language, result=each).text for each in results}) == 3


def test_unknown_task_is_shown_by_its_code() -> None:
    """A task of a kind that has no words yet is still reminded of."""
    assert "new-kind" in written("task-reminder", "ja", task="new-kind").text


def test_schools_are_told_the_application_number() -> None:
    """A school can tell which recommendation is meant."""
    assert "A27-0001" in written("recommendation-request", "ja").text
    assert "山田 太郎 御中" in written("recommendation-request", "ja").text


def test_office_without_addresses_leaves_no_gap() -> None:
    """Settings that are not given leave no label behind."""
    text = render("admission", "rejected", frozenset(), {}, reader("rejected", "ja"), Office()).text
    assert text.endswith("\n\nアドミッションセンター\n")


@pytest.mark.parametrize(("room", "message"), [("admission", "no-such"), ("no-such", "rejected")])
def test_unknown_message(room, message) -> None:
    """A message that has no words is an error of its own."""
    with pytest.raises(NotRenderedError, match="unknown-message"):
        render(room, message, frozenset(), {}, reader("rejected", "ja"), OFFICE)


def test_unknown_language() -> None:
    """So is a language that has none."""
    with pytest.raises(NotRenderedError, match="unknown-message"):
        render("admission", "rejected", frozenset(), {}, Reader("applicant", "x", "fr", "A-1"), OFFICE)


@pytest.mark.parametrize("wrong", [None, 5, "tomorrow", "2027-02-04T23:59:59"])
def test_due_time_must_be_a_moment(wrong) -> None:
    """A due time that is not a moment with an offset is not guessed at."""
    with pytest.raises(NotRenderedError, match="missing-fact"):
        written("offer-made", "ja", due_at=wrong)


def test_moments_are_written_in_japan_time() -> None:
    """A moment in UTC is shown on the clock of Japan, without eras, with its weekday."""
    moment = "2027-02-04T14:59:59Z"
    assert when(moment, "ja") == "2027年2月4日（木）23:59"
    assert when(moment, "en") == "Thursday, 4 February 2027, 23:59 (Japan time)"
    assert when("2027-02-04T15:00:00Z", "ja") == "2027年2月5日（金）00:00"
    assert day("2026-08-01", "ja") == "2026年8月1日（土）"
    assert day("2026-08-01", "en") == "Saturday, 1 August 2026"


def test_blocks() -> None:
    """Lines that begin with a dash make a list, also right after a line of a paragraph."""
    assert blocks("a\nb\n- c\n- d\n\n\ne\n") == [("p", ["a", "b"]), ("ul", ["c", "d"]), ("p", ["e"])]


def test_links() -> None:
    """Addresses of pages become links that end before Japanese punctuation; other markup is escaped."""
    assert str(linked("詳細（https://a.example/?x=1&y=2）。")) == (
        '詳細（<a href="https://a.example/?x=1&amp;y=2">https://a.example/?x=1&amp;y=2</a>）。'
    )
    assert str(linked("<script>")) == "&lt;script&gt;"
