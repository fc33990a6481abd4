"""Under `ja` nothing of the pages stays English, and no word is kept that nothing says."""

import re
from datetime import UTC, datetime

import pytest

from cases.refusal_words import PAGE
from cases.registry import PROCESSES, ROLES
from cases.words import host_words, process_words
from gateway.rooms import DOORS
from office.case import why_not
from office.pages import Reader
from office.sessions import Session
from office.words import FILE_FAULTS, Tongue, catalogue, lookup, named
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal, _texts
from tests.office_pages import said

JA, EN = Tongue("ja"), Tongue("en")
NO_ROOM = "none"
COMMAND = re.compile(r"\biehe |--[a-z]")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")
SAME_IN_BOTH = frozenset({"ID", "URI", "URL"})
LONGEST = {"ja": 24, "en": 62}
"""Characters of a label: of a button, a link, a field."""
EACH = tuple(pytest.param(each, id=each.room) for each in PROCESSES.values())


def is_japanese(text: str) -> bool:
    """Whether a text is Japanese, or the same in both languages."""
    return JAPANESE.search(text) is not None or text in SAME_IN_BOTH


def test_every_sentence_of_the_pages_has_its_japanese():
    """What the pages themselves say is said in Japanese, with the same values."""
    told = {english: JA(english) for english in said.sentences_of_pages()}
    assert [english for english, japanese in told.items() if not is_japanese(japanese)] == []
    values = re.compile(r"{(\w+)")
    differing = [
        english
        for english, japanese in told.items()
        if set(values.findall(english)) != set(values.findall(japanese))
    ]
    assert differing == []


def test_no_word_of_the_pages_is_left_over():
    """Each entry of the pages' catalogue is said by some page."""
    assert catalogue().keys() - said.sentences_of_pages() == set()


@pytest.mark.parametrize("process", EACH)
def test_a_page_says_nothing_twice_of_a_case(process):
    """What a case is filed under is shown of every case; its process shows it no second time."""
    words = process_words()[process.room]
    filed = {tuple(titles) for titles in words.get("labels", {}).values()}
    assert [name for name, titles in words["page"].items() if tuple(titles) in filed] == []


@pytest.mark.parametrize("process", EACH)
def test_every_sentence_of_a_process_has_its_japanese(process):
    """Decisions, their fields and words, facts, forms and doors are told in Japanese."""
    told = {each: JA.sentence(process.room, each) for each in said.sentences(process)}
    assert sorted(english for english, japanese in told.items() if not is_japanese(japanese)) == []


@pytest.mark.parametrize("process", EACH)
def test_every_code_of_a_process_has_its_japanese(process):
    """Fields, columns, choices, steps, tasks, time limits, messages and whom it waits for, too."""
    told = {each: JA.word(process.room, each) for each in said.codes(process) | said.host_codes()}
    assert sorted(code for code, japanese in told.items() if not is_japanese(japanese)) == []


@pytest.mark.parametrize("tongue", [JA, EN], ids=["ja", "en"])
def test_no_sentence_names_a_command_or_an_option(tongue):
    """Who works on the pages has no command line; what a refusal says of it is left out for them."""
    told = [tongue(each) for each in said.sentences_of_pages()]
    for process in PROCESSES.values():
        told += [tongue.sentence(process.room, each) for each in said.sentences(process)]
        told += [tongue.word(process.room, each) for each in said.codes(process)]
    told += [PAGE.text(Refusal(code), tongue.language) for code in _texts]
    assert sorted(each for each in told if COMMAND.search(each)) == []


@pytest.mark.parametrize("process", EACH)
@pytest.mark.parametrize("tongue", [JA, EN], ids=["ja", "en"])
def test_a_label_is_short(process, tongue):
    """What stands on a button, a link or above a field is no whole sentence."""
    labels = {tongue.title(process.room, each) for each in said.sentences(process)}
    assert [each for each in labels if len(each) > LONGEST[tongue.language]] == []


@pytest.mark.parametrize("process", EACH)
@pytest.mark.parametrize("tongue", [JA, EN], ids=["ja", "en"])
def test_two_acts_of_a_process_have_two_labels(process, tongue):
    """Who reads a list of decisions, or of doors, can tell one from another."""
    decisions = [command.__doc__ or "" for command in process.decisions]
    doors = [door.operation.summary for door in DOORS.get(process.name, ())]
    for acts in (decisions, doors):
        labels = [tongue.title(process.room, each) for each in acts]
        assert sorted(each for each in labels if labels.count(each) > 1) == []


def test_no_word_of_a_process_is_left_over():
    """What only pages say of a process, or of all, is said by some page."""
    everywhere = said.host_codes()
    left = set()
    for process in PROCESSES.values():
        used = said.sentences(process) | said.codes(process)
        own = process_words()[process.room]
        words = {*own.get("pages", {}), *own.get("english", {})}
        noted = said.constants_of(process.room)
        loose = {each for each in words - used - said.host_codes() if each.rpartition(": ")[2] not in noted}
        left |= {(process.room, each) for each in loose}
        everywhere |= used
    words = {*host_words()["pages"], *host_words()["english"]}
    assert left | {("kernel", each) for each in words - everywhere} == set()


def test_a_fault_of_a_file_is_told_by_the_words_of_the_files():
    """The pages have the words that the command line prints of it, and none of their own."""
    for code, words in FILE_FAULTS.items():
        told = (JA.word(NO_ROOM, code), EN.word(NO_ROOM, code))
        assert told == tuple(re.sub(r"{\w+}", "…", words[each]) for each in ("ja", "en")), code
        assert lookup(NO_ROOM, code) is None, code


def test_what_concerns_somebody_is_told_with_whom():
    """A time limit or a task of one person has the words of its kind."""
    assert JA.word("admission", "score:reviewer-1") == "評点の提出期限 (reviewer-1)"
    assert EN.word("admission", "role:reviewer") == f"role ({ROLES['reviewer'][1]})"


def test_one_code_has_the_words_of_what_it_is_one_of():
    """An accepted document is not an accepted message, and neither is a stage of that name."""
    told = [JA.choice("exchange", of, "accepted") for of in ("document", "message")]
    assert [*told, JA.cell("exchange", "stage", "accepted")] == ["確認済", "送信済", "受入許可"]
    assert JA.choice("admission", "deadline", "answer:reviewer-1") == "審査引受の回答期限 (reviewer-1)"


def test_a_stage_and_a_document_have_the_names_that_the_process_gives_them():
    """What a process names in both languages needs no words beside it."""
    process = PROCESSES["admission-review"]
    for stage, info in process.lifecycle.stages.items():
        assert named(process.room, stage) == (info.ja, info.en)
    assert JA.word(process.room, "eligibility") == "資格審査"


def test_what_has_not_arrived_is_told_with_why():
    """Each code of a reason has words; of a receiver's answer the number stands beside them."""
    assert {"no-address", "recipient-refused", "connect-failed", "workflow-lost"} <= said.undelivered()
    assert JA.undelivered("no-address") == "アドレスの登録なし"
    assert EN.undelivered("http-503") == "answer of the receiver (503)"
    assert JA.undelivered("temporal-deadline-exceeded") == "Temporal の応答なし (deadline-exceeded)"


def test_what_a_gate_asks_for_is_told_in_words():
    """Also of a document, which has its own name."""
    assert {"slot", "ward-office", "document", "visa"} <= said.missing(PROCESSES["exchange-onboarding"])
    assert JA.choice("exchange", "gate", "slot") == "到着の日時"
    assert JA.choice("exchange", "gate", "document:passport").startswith("書類 (")


def test_words_of_a_person_have_a_title_for_people():
    """What it is and who has entered it, or from which system it came: no path of a field."""
    assert EN.said_by("support", "office:triage-1/words") == "words (triage-1)"
    assert JA.said_by("support", "urn:example:portal/referral.words") == "文章 (urn:example:portal)"
    assert JA.said_by("support", "counsellor-1") == "counsellor-1"


def test_a_code_that_reads_badly_has_other_english():
    """The rest are their own English, without the signs of a code."""
    assert EN.word("exchange", "coe-result") == "result of the certificate"
    assert EN.word("exchange", "application-submitted") == "application submitted"


def test_an_act_is_told_by_its_label_in_both_languages():
    """The label of a button stands before the sentence that says the rest."""
    command = next(
        each for each in PROCESSES["admission-review"].decisions if each.step == "confirm-eligibility"
    )
    words = command.__doc__ or ""
    told = [tongue.title("admission", words) for tongue in (JA, EN)]
    assert told == ["出願資格の確認", "Check eligibility"]
    rest = [tongue.rest("admission", words) for tongue in (JA, EN)]
    assert all(rest)
    assert not any(each.startswith(label) for each, label in zip(rest, told, strict=True))


def test_what_is_missing_before_a_stage_is_told_in_words():
    """As on the case's page: the stage by its name, each of what the gate asks for by its own."""
    session = Session(1, Actor(id="office-1"), "", "ja", datetime.now(UTC), datetime.now(UTC))
    reader, process = Reader(session, JA, {}), PROCESSES["exchange-onboarding"]
    refusal = Refusal("gate-shut", stage="pre-arrival", missing="slot, document:passport")
    told = why_not(reader, process, refusal)
    assert JA.stage(process.name, "pre-arrival") in told
    assert "到着の日時、書類 (" in told
    assert "slot" not in told
