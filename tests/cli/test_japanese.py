"""Under `ja` nothing of the command line stays English: help, headings, roles."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cases.registry import CASE_ROOMS, ROOMS
from cases.words import process_words
from cli.japanese import CATALOGUE, catalogue
from cli.main import app
from schemas.admission.roles import Role
from schemas.kernel.roles import HOST_ROLES

ROOT = Path(__file__).parents[2]
CLI = ROOT / "cli"
DEFAULTS = ROOT / "activities" / "admission" / "defaults.toml"
PARSERS_OWN = {"Show this message and exit."}


def helps(command: Any) -> Iterator[str]:
    """Every text of help, of a command and of all below it."""
    yield command.help
    yield from (text for each in command.params if (text := getattr(each, "help", None)))
    for each in getattr(command, "commands", {}).values():
        yield from helps(each)


def headings() -> Iterator[str]:
    """The headings of all tables: literals handed to `table`, `_section` and `word`, or named so."""
    for path in CLI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                place = {"table": 0, "_section": 1, "word": 0}.get(node.func.id)
                if place is not None:
                    yield from texts(node.args[place])
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("headers", "columns"):
                yield from texts(node.value)


def texts(node: ast.expr) -> Iterator[str]:
    """The texts of a tuple, or of its columns, each of which begins with its heading."""
    if isinstance(node, ast.Constant) and node.value:
        yield node.value
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from texts(each)


def test_every_help_has_its_japanese_and_none_is_left_over():
    """Each text of `--help` is in the catalogue, and the catalogue has no other."""
    told = {text for text in helps(typer.main.get_command(app)) if text} - PARSERS_OWN
    assert told == set(catalogue()["help"])


def test_every_heading_and_role_has_its_japanese():
    """Headings of tables and names of roles are among the program's own words, and nothing else."""
    told = set(headings()) | {role.value for role in Role} | HOST_ROLES.keys() | {"applicant"}
    assert told == set(tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["words"])


def test_every_process_has_its_words():
    """A process has a group of commands, named as its cases are, and its part of the page of a case."""
    assert {words["cases"] for words in process_words().values()} == set(CASE_ROOMS)
    assert all(callable(room.page) for room in ROOMS.values())


def test_a_role_has_the_name_of_the_glossary():
    """入試課 is 入試課 everywhere."""
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    roles = glossary.split("## Roles\n")[1].split("\n## ")[0]
    named = dict(re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", roles, re.MULTILINE))
    assert {role: catalogue()["words"][role] for role in named} == {k: v.strip() for k, v in named.items()}


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
        ("round", "add", "2027-other", *titles, "--closes-at", "2027-01-31T12:00"),
        ("round", "add", "2027-third", *titles, "--closes-at", "2026-01-31T12:00"),
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
