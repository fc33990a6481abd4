"""The page of a case as `iehe case show` prints it; what a process adds is shown by its own words for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cases.words import process_words
from cli.case_notes import NOTES
from cli.japanese import word
from cli.links import FATES
from cli.session import local
from cli.tables import Columns, table, table_of, width

FACTS: Final = (("fact", "step"), ("happened", "happened_at"), ("entered", "entered_at"), ("by", "actor_id"))
TOLD: Final = (("type", "type"), ("revision", "revision"), ("when", "at"), ("fact", "fact_id"))
TAKEN: Final = (*TOLD[:3], ("state", lambda row: word(FATES[row["how"]])), TOLD[3])
TASKS: Final = (("task", "task"), ("of", lambda row: row["assignee"] or row["role"]), ("due", "due_at"))
DEADLINES: Final = (("deadline", "deadline"), ("state", "state"), ("due", "due_at"))
CORRECTIONS: Final = (
    ("record", "record"),
    ("fields", "fields"),
    ("by", "made_by"),
    ("at", "made_at"),
    ("before", lambda row: row.get("before", "-")),
    ("after", lambda row: row.get("after", "-")),
)
TEXTS: Final = (("by", "author"), ("at", "created_at"), ("text", "body"))


def print_page(page: dict[str, Any], own: dict[str, Any], language: str) -> None:
    """Print what every case has, and of what its process adds each part that has a name in `words.toml`."""
    ja = language == "ja"
    cases = page["case_id"].partition("/")[0]
    words = next(words for words in process_words().values() if words["cases"] == cases)
    named = [(title[ja], own[name]) for name, title in words["page"].items() if own.get(name)]
    lines = [
        *((words["labels"][name][ja], value) for name, value in page["labels"].items()),
        *((title, value) for title, value in named if not _is_section(value)),
        (word("stage"), f"{page['stage_text'][language]} ({page['stage']})"),
        (word("since"), page["stage_since"]),
        (word("waits for"), page["waiting_for"]),
        (word("due"), page["due_at"]),
        (word("version"), f"{page['version']}  ({word('policy')} {page['policy_version']})"),
        (word("path"), " → ".join(page["path"])),
        *((name, f"{at[language]} ({at['at']})") for name, at in page["tracks"].items()),
        *((f"{word('missing for')} {to}", codes) for to, codes in page["missing"].items()),
    ]
    if page["outcome"]:
        lines.append((word("outcome"), f"{page['outcome']} ({_by(page['outcome_by'], ja=ja)})"))
    if page["owes"]:
        lines.append((word("owes if it ends"), page["owes"]))
    if page.get("take_back"):
        proposed = page["take_back"]
        lines.append((word("proposed to be taken back"), f"{proposed['step']} ({proposed['version']})"))
    if page["possible"]:
        lines.append((word("possible now"), page["possible"]))
    print(page["case_id"])
    size = max(width(title) for title, _ in lines)
    for title, value in lines:
        print(f"  {title}{' ' * (size - width(title))}  {_cell('', value, ja=ja) or '-'}")
    for title, value in named:
        if _is_section(value):
            _own_section(title, value, ja=ja)
    _section("what happened when", FACTS, page.get("facts", ()))
    _section("told other processes", TOLD, page.get("facts_told", ()), page.get("facts_told_in_all", 0))
    _section("told by other processes", TAKEN, page.get("facts_taken", ()), page.get("facts_taken_in_all", 0))
    _section("put right", CORRECTIONS, page.get("corrections", ()))
    _section("open tasks", TASKS, page["tasks"])
    _section("deadlines", DEADLINES, page["deadlines"])
    _section("reasons and remarks", TEXTS, page.get("texts", ()))
    _section("notes", NOTES, page.get("notes", ()))


def _is_section(value: Any) -> bool:
    if isinstance(value, dict):
        return value.keys() != {"en", "ja"}
    return isinstance(value, list) and isinstance(value[0], dict)


def _own_section(title: str, value: Any, *, ja: bool) -> None:
    """Rows under the names of their values, or the values of one thing line by line."""
    if isinstance(value, dict):
        rows = ((word(name), _cell(name, each, ja=ja)) for name, each in value.items())
        _print_section(title, table(("", ""), rows))
        return
    names = tuple(value[0])
    _print_section(title, table(names, ([_cell(name, row[name], ja=ja) for name in names] for row in value)))


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
        return ", ".join(_cell("", each, ja=ja) for each in value)
    return "" if value is None else str(value)


def _by(kind: str | None, *, ja: bool) -> str:
    words = {
        "person": ("by a person", "担当者による"),
        "clock": ("by the clock", "期限経過による"),
        "system": ("by an event", "通知による"),
    }
    return words.get(kind or "", ("-", "-"))[ja]


def _section(title: str, columns: Columns, rows: Sequence[Mapping[str, Any]], in_all: int = 0) -> None:
    if rows:
        of_all = f" ({len(rows)}/{in_all})" if in_all > len(rows) else ""
        _print_section(f"{word(title)}{of_all}", table_of(columns, rows))


def _print_section(title: str, lines: str) -> None:
    print(f"\n{title}")
    print("\n".join(f"  {line}" for line in lines.splitlines()))
