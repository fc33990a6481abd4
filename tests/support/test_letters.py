"""What letters of support say, and what none of them may."""

from datetime import UTC, datetime

import pytest

from activities.kernel.message_templates import LANGUAGES, Office, Reader, render
from activities.support.messages import MESSAGES

FACTS = {
    "task": "first-response",
    "due_at": datetime(2026, 11, 20, 9, tzinfo=UTC).isoformat(),
    "since": datetime(2026, 12, 27, 15, tzinfo=UTC).isoformat(),
    "until": datetime(2027, 1, 5, 15, tzinfo=UTC).isoformat(),
    "page": 3,
    "code": "library",
    "case": "support/ABCDEFGHIJKLMNOPQRSTUVWX",
    "level": 1,
}
TELLS = (
    "support/",
    "ABCDEFGH",
    "level",
    "レベル",
    "harassment",
    "ハラスメント",
    "crisis",
    "危機",
    "counsell",
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MESSAGES)
def test_p11_no_letter_tells_case_level_or_kind(name, language) -> None:
    """Neither its subject nor its words: there is news, sign in. A page has its number."""
    message = MESSAGES[name]
    reader = Reader(message.to, "見本 花子", language, "ABCDEFGHIJKLMNOPQRSTUVWX")
    letter = render("support", name, message.facts, FACTS, reader, Office())
    for word in TELLS:
        assert word not in letter.subject + letter.text.replace("Student Support", ""), word


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name, message in MESSAGES.items() if message.to == "student"])
def test_p11_a_student_reads_that_there_is_a_message(name, language) -> None:
    """On a lock screen: お知らせがあります / You have a message."""
    reader = Reader("student", "", language, None)
    letter = render("support", name, MESSAGES[name].facts, FACTS, reader, Office())
    assert letter.subject == {"ja": "お知らせがあります", "en": "You have a message"}[language]
