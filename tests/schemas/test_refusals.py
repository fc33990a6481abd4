"""Refusals: one text for a reason, whoever has it and at whichever door it is said."""

import re

import pytest

from cases.refusal_words import COMMAND_LINE, HTTP
from cases.registry import PROCESSES
from schemas.kernel import refusals
from schemas.kernel.refusals import Refusal, RefusalKind, register, text_of

assert PROCESSES
CODES = sorted(refusals._texts)


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_whole_at_every_door(code):
    """In both languages, and without a gap where a value is not known any more."""
    for door in (COMMAND_LINE, HTTP):
        english, japanese = (door.text(Refusal(code), language) for language in ("en", "ja"))
        assert not re.search(r"[{}]", english + japanese)
        assert re.search("[ぁ-ん]", japanese)
        assert english.isascii() or "…" in english


def test_a_door_says_how_to_ask_again():
    """The same reason, and only what a person has to do differs."""
    stale, unknown = Refusal("stale-version", seen=1, current=2), Refusal("no-answer", command_id="c-1")

    assert COMMAND_LINE.text(stale, "en").endswith("Look at it again and repeat with --version 2.")
    assert HTTP.text(stale, "en").endswith("Look at it again and repeat with its ETag.")
    assert "--command-id c-1" in COMMAND_LINE.text(unknown, "ja")
    assert "Idempotency-Key" in HTTP.text(unknown, "ja")


def test_a_process_has_reasons_of_its_own(monkeypatch):
    """They are found as the kernel's are, and no code has two texts."""
    assert text_of("places-full").kind is RefusalKind.CONFLICT
    register("admission")
    monkeypatch.setitem(refusals._texts, "places-full", text_of("wrong-stage"))
    with pytest.raises(ValueError, match="places-full"):
        register("admission")
