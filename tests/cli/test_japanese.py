"""Under `ja` nothing of the command line stays English: help, headings, roles."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cases.registry import CASE_ROOMS, PROCESSES, ROLES, ROOMS
from cases.words import process_words
from cli.japanese import CATALOGUE, catalogue
from cli.main import app
from cli.session import messages

ROOT = Path(__file__).parents[2]
CLI = ROOT / "cli"
DEFAULTS = ROOT / "activities" / "admission" / "defaults.toml"
SAYING = ("CommandError", "say", "answer", "also")
COLUMNS = ("columns", "REACHES", "FACTS", "CORRECTIONS", "TASKS", "DEADLINES", "TEXTS")
WITH_THEIR_OWN = {
    "said-elsewhere",
    "usage",
    "claim-without-proof",
    "policy-exists",
    "migration-failed",
    "decided",
    "decided-before",
}
"""Messages that have other values in each language."""
PARSERS_OWN = {"Show this message and exit."}


def helps(command: Any) -> Iterator[str]:
    """Every text of help, of a command and of all below it."""
    yield command.help
    yield from (text for each in command.params if (text := getattr(each, "help", None)))
    for each in getattr(command, "commands", {}).values():
        yield from helps(each)


def headings(folder: Path) -> Iterator[str]:
    """The headings of tables: of columns, and what `table`, `_section` and `word` are given."""
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        chosen = {
            node.target.id: node.value
            for node in tree.body
            if isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(node.value, ast.Dict)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("table", "word", "_section"):
                first = node.args[0]
                if isinstance(first, ast.Subscript) and ast.unparse(first.value) in chosen:
                    first = ast.Tuple(chosen[ast.unparse(first.value)].values)
                yield from texts(first)
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if ast.unparse(target) in COLUMNS:
                    yield from columns(node.value)


def columns(node: ast.expr | None) -> Iterator[str]:
    """The headings of columns, each of which begins with its own."""
    for each in getattr(node, "elts", ()):
        if isinstance(each, ast.Tuple):
            yield from texts(each.elts[0])


def texts(node: ast.expr) -> Iterator[str]:
    """A text, the texts of a tuple, or of a choice."""
    if isinstance(node, ast.Constant) and node.value:
        yield node.value
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from texts(each)
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)


def test_every_help_has_its_japanese_and_none_is_left_over():
    """Each text of `--help` is in the catalogue, and the catalogue has no other."""
    told = {text for text in helps(typer.main.get_command(app)) if text} - PARSERS_OWN
    assert told == set(catalogue()["help"])


def test_every_heading_has_its_japanese():
    """Headings of tables are among the program's words, those about a process among its own."""
    own = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["words"]
    assert set(headings(CLI)) == set(own)
    for folder, words in process_words().items():
        assert set(headings(CLI / folder)) - own.keys() <= words["words"].keys(), folder


def test_everybody_who_is_waited_for_has_a_japanese_name():
    """Roles have theirs from the descriptor; who else a case waits for is among the words of its process."""
    stages = [info for each in PROCESSES.values() for info in each.lifecycle.stages.values()]
    assert {info.waits_for for info in stages if info.waits_for} <= ROLES.keys() | catalogue()["words"].keys()


def test_every_message_is_said_somewhere_with_its_values():
    """Each message that a command says is in the catalogue, in both languages with the same values."""
    sources = (*CLI.rglob("*.py"), *(ROOT / "cases").rglob("*.py"))
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert [name for name in messages() if f'"{name}"' not in code] == []
    used = {
        name: [set(re.findall(r"{(\w+)", said[language])) for language in ("en", "ja")]
        for name, said in messages().items()
    }
    assert {name for name, (english, japanese) in used.items() if english != japanese} <= WITH_THEIR_OWN


def test_no_message_is_said_that_is_not_there():
    """What the code names as a message, an error or an addition to one is in the catalogue."""
    named = set()
    for path in CLI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in SAYING and node.args:
                place = node.args[1:2] if ast.unparse(node.func).endswith(".answer") else node.args[:1]
                for each in place:
                    branches = (each.body, each.orelse) if isinstance(each, ast.IfExp) else (each,)
                    named |= {branch.value for branch in branches if isinstance(branch, ast.Constant)}
    assert named - messages().keys() == set()


def test_every_process_has_its_words():
    """A process has a group of commands, named as its cases are, and its part of the page of a case, with a
    title for each of its labels.
    """
    assert {words["cases"] for words in process_words().values()} == set(CASE_ROOMS)
    assert all(callable(room.page) for room in ROOMS.values())
    for words in process_words().values():
        (process,) = (each for each in PROCESSES.values() if each.room == words["cases"])
        assert set(words["labels"]) == set(process.labels)


def test_a_role_has_the_name_of_the_glossary():
    """入試課 is 入試課 everywhere."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    roles = glossary.split("## Roles\n")[1].split("\n## ")[0]
    named = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", roles, re.MULTILINE))
    assert {role: ROLES[role][0] for role in named} == {k: v.strip() for k, v in named.items()}


def test_japanese_is_japanese():
    """No entry repeats its English, except words that are the same in both languages."""
    same = {key for table in catalogue().values() for key, text in table.items() if key == text}
    assert all(re.fullmatch(r"[a-z|]+", key) for key in same)


async def test_answers_are_japanese(office, tmp_path):
    """What a command has done is told in Japanese under `ja`, of every group of commands."""
    policy = DEFAULTS.read_text(encoding="utf-8").replace('version = "default-1"', 'version = "next-1"')
    (tmp_path / "next.toml").write_text(policy, encoding="utf-8")
    later = ("--enrol-by", "2027-03-15", "--waitlist-until", "2027-03-31", "--opens-at", "2026-11-01T00:00")
    titles = ("--route", "general", "--title-ja", "見本", "--title-en", "Sample", *later)
    portal = ("portal", "--uri", "urn:example:portal", "--type", "jp.ac.iehe.admission-review.*")
    commands = (
        ("staff", "import", ROOT / "docs" / "samples" / "staff.csv"),
        ("admission", "round", "add", "2027-other", *titles, "--closes-at", "2027-01-31T12:00"),
        ("admission", "round", "add", "2027-third", *titles, "--closes-at", "2026-01-31T12:00"),
        ("policy", "load", tmp_path / "next.toml"),
        ("source", "add", *portal, "--webhook", "v1"),
        ("source", "rotate", "portal"),
        ("source", "revoke", "portal"),
        ("sample", "staff", "--out", tmp_path / "made.csv"),
        ("sample", "admissions", "--round", "!", "--out", tmp_path / "made.csv"),
        ("mail", "list"),
        ("migrate",),
    )
    english = []
    for words in commands:
        ended = await office(*words, IEHE_LANGUAGE="ja", IEHE_SMTP_EMBEDDED="true")
        told = [line for line in (ended.err + ended.out).splitlines() if not line.startswith("whsec_")]
        if not re.search("[ぁ-ん]|\\d 行$", told[-1]):
            english.append(told[-1])
    assert english == []
