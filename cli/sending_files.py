"""What `iehe events send` reads: the sender's key or token, and files with events."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Final

from cli.event_requests import Event, Proof
from cli.session import CommandError, Exit
from cli.typed import usage

SECRET_VARIABLE: Final = "IEHE_SOURCE_SECRET"  # noqa: S105 - the name of the variable


def proof_of(secret: str | None, token: str | None) -> Proof:
    """What shows who sends, from a file, standard input or the environment; never from an argument."""
    if secret is not None and token is not None:
        raise usage("proof-unclear", "Give a secret or a token.", "鍵とトークンは同時に指定できません。")
    if token is not None:
        return Proof(token=_visible(_content(token, "--token-file")))
    content = _content(secret, "--secret-file") if secret is not None else os.environ.get(SECRET_VARIABLE, "")
    if not content.strip():
        raise usage(
            "proof-missing",
            f"Say who sends: --secret-file, {SECRET_VARIABLE}, or --token-file.",
            f"送信元の鍵を指定してください: --secret-file、{SECRET_VARIABLE}、または --token-file。",
        )
    return Proof(key=_visible(content))


def _visible(content: str) -> str:
    if not re.fullmatch(r"[!-~]+", text := content.strip()):
        raise usage("key-malformed", "The file holds no key or token.", "鍵またはトークンではありません。")
    return text


def _content(name: str, option: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(option, error) from None


def _unreadable(option: str, error: Exception) -> CommandError:
    why = getattr(error, "strerror", None) or "not UTF-8"
    return usage(
        "file-unreadable",
        f"{option}: cannot be read ({why}).",
        f"{option}: 読み取れません（{why}）。",
    )


def events_in(path: Path, source: str) -> list[Event]:
    """The events of a file, one in JSON a line.

    Raises:
        CommandError: each faulty line by its number.
    """
    from gateway.strict_json import JsonFault, parse

    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise _unreadable("--batch", error) from None
    events, faulty = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = parse(line)
        except JsonFault:
            event = None
        # an id made here would be another one when the file is sent again
        if not isinstance(event, dict) or not isinstance(event.get("id"), str):
            faulty.append(number)
            continue
        events.append({"specversion": "1.0", "source": source, **event})
    if faulty or not events:
        listed = ", ".join(map(str, faulty[:20])) or "-"
        raise CommandError(
            "faulty-file",
            f"Nothing was sent: each line has to be one event in JSON with its id (faulty lines: {listed}).",
            f"送信していません。1 行に ID を含む JSON の通知を 1 件記述してください（該当行: {listed}）。",
            Exit.FAULTY_FILE,
            {"lines": faulty},
        )
    return events
