"""The page of a case as `iehe case show` prints it; what a process adds is shown by its own words for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cases.words import process_words
from cli.japanese import word
from cli.session import local
from cli.tables import table, width


def print_page(page: dict[str, Any], own: dict[str, Any], language: str) -> None:
    """Print what every case has, and of what its process adds each part that has a name in `words.toml`."""
    ja = language == "ja"

    def say(english: str, japanese: str) -> str:
        return japanese if ja else english

    cases = page["case_id"].partition("/")[0]
    labels = next(words["page"] for words in process_words().values() if words["cases"] == cases)
    named = [(labels[name][ja], own[name]) for name in labels if own.get(name)]
    lines = [
        *((title, value) for title, value in named if not _is_section(value)),
        (say("stage", "段階"), f"{page['stage_text'][language]} ({page['stage']})"),
        (say("since", "開始"), page["stage_since"]),
        (say("waits for", "待ち"), page["waiting_for"]),
        (say("due", "期限"), page["due_at"]),
        (say("version", "版"), f"{page['version']}  ({say('policy', '方針')} {page['policy_version']})"),
        (say("path", "経過"), " → ".join(page["path"])),
    ]
    if page["outcome"]:
        lines.append((say("outcome", "結果"), f"{page['outcome']} ({_by(page['outcome_by'], ja=ja)})"))
    if page["possible"]:
        lines.append((say("possible now", "可能な操作"), page["possible"]))
    print(page["case_id"])
    size = max(width(title) for title, _ in lines)
    for title, value in lines:
        print(f"  {title}{' ' * (size - width(title))}  {_cell('', value, ja=ja) or '-'}")
    for title, value in named:
        if _is_section(value):
            _own_section(title, value, ja=ja)
    facts = (
        (each["step"], local(each["happened_at"]), local(each["entered_at"]), each["actor_id"])
        for each in page.get("facts", ())
    )
    _section(say("what happened when", "発生日時"), ("fact", "happened", "entered", "by"), facts)
    tasks = (
        (each["task"], each["assignee"] or each["role"], local(each["due_at"])) for each in page["tasks"]
    )
    _section(say("open tasks", "未完了の作業"), ("task", "of", "due"), tasks)
    deadlines = ((each["deadline"], each["state"], local(each["due_at"])) for each in page["deadlines"])
    _section(say("deadlines", "期限"), ("deadline", "state", "due"), deadlines)
    texts = ((each["author"], local(each["created_at"]), each["body"]) for each in page.get("texts", ()))
    _section(say("reasons and remarks", "理由・所見"), ("by", "at", "text"), texts)


def _is_section(value: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() != {"en", "ja"}
    return isinstance(value, list) and isinstance(value[0], dict)


def _own_section(title: str, value: Any, *, ja: bool) -> None:
    """Rows under the names of their values, or the values of one thing line by line."""
    if isinstance(value, dict):
        _section(title, ("", ""), ((word(name), _cell(name, each, ja=ja)) for name, each in value.items()))
        return
    _section(title, tuple(value[0]), ([_cell(name, row[name], ja=ja) for name in row] for row in value))


def _cell(name: str, value: Any, *, ja: bool) -> str:
    if name.endswith("_by_kind"):
        return _by(value, ja=ja)
    if isinstance(value, bool):
        return word(name) if value else ""
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, dict):
        return str(value["ja" if ja else "en"])
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _by(kind: str | None, *, ja: bool) -> str:
    words = {
        "person": ("by a person", "担当者による"),
        "clock": ("by the clock", "期限経過による"),
        "system": ("by an event", "通知による"),
    }
    return words.get(kind or "", ("-", "-"))[ja]


def _section(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    listed = list(rows)
    if listed:
        print(f"\n{title}")
        print("\n".join(f"  {line}" for line in table(headers, listed).splitlines()))
