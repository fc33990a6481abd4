"""Refusals: one text for a reason, whoever has it and at whichever door it is said."""

import re

import pytest

from cases.refusal_words import COMMAND_LINE, HTTP
from schemas.admission import refusals as of_admission
from schemas.kernel.refusals import TEXTS, Refusal, RefusalKind, register, text_of

CODES = sorted({*TEXTS, *of_admission.TEXTS})


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


def test_a_process_has_reasons_of_its_own():
    """They are found as the kernel's are, and no code has two texts."""
    assert text_of("places-full").kind is RefusalKind.CONFLICT
    assert not TEXTS.keys() & of_admission.TEXTS.keys()
    register(of_admission.TEXTS)
    with pytest.raises(ValueError, match="wrong-stage"):
        register({"wrong-stage": (RefusalKind.CONFLICT, "Not now.", "今はできません。")})
