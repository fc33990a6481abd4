"""Words that drift: every command, option, file, test, address and name in the documents exists."""

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from cli.main import app
from cli.stack import HINTS
from workers.settings import setting_names

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
CODE = re.compile(r"```\w*\n(.*?)```|(?<!`)`([^`\n]+)`(?!`)", re.DOTALL)
COMMAND = re.compile(r"(?:^|[\s(|])(?:\.venv/bin/)?iehe ((?:[a-z][\w-]*|-[\w-]+)[^\n|`;)]*)")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
SECRET_ARGUMENT = re.compile(
    r"-H [\"']?(?:authorization|cookie)|-macopt|-hmac |--(?:token|secret|password|user)[ =]|\biehe .*whsec_",
    re.IGNORECASE,
)
"""Options that would put a token, a key or a password into the list of processes."""
COMMANDS = typer.main.get_command(app)
IN_HOME = ("secrets/", "logs/")
"""Folders of IEHE_HOME, whose files a running stack makes."""
FOLDERS = ("", "docs", "docs/adr", "tests", "tests/workflows/rules")


@cache
def source() -> str:
    """All code, in which a name that a page uses has to stand somewhere."""
    files = [
        path
        for folder in (
            *("schemas", "workflows", "activities", "cases", "encryption", "spreadsheets", "embedded"),
            *("gateway", "office", "cli", "workers", "tests"),
        )
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".sql", ".toml", ".txt"}
    ]
    return (
        "\n".join(path.read_text(encoding="utf-8") for path in files) + (ROOT / "pyproject.toml").read_text()
    )


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def pieces(page: Path) -> list[str]:
    """What a page sets as code: blocks and words between backticks."""
    return [block or word for block, word in CODE.findall(page.read_text(encoding="utf-8"))]


def commands(page: Path) -> list[str]:
    """Each use of `iehe` on a page, to the end of its line; a line that goes on is joined."""
    return [found for piece in pieces(page) for found in COMMAND.findall(piece.replace("\\\n", " "))]


def subcommands(command: Any) -> dict[str, Any]:
    return getattr(command, "commands", {})


def command_of(words: list[str]) -> Any:
    """The command that words call, as far as they name one; None when there is none."""
    command = COMMANDS
    for word in words:
        if not subcommands(command) or not re.fullmatch(r"[a-z][a-z-]*", word):
            break
        if word not in subcommands(command):
            return None
        command = subcommands(command)[word]
    return command


def unknown_options(command: Any, text: str) -> set[str]:
    known = {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    return set(OPTION.findall(text)) - known - {"--help", "--version"}


def surplus(text: str) -> list[str]:
    """Words of a command that stand where it takes no argument; of one that is only sketched, none."""
    text = re.split(r"[>(#&]", text)[0].rstrip(" .,\\")
    if text.count('"') % 2 or text.count("'") % 2:
        return []
    command, words = COMMANDS, shlex.split(text)
    while words and words[0] in subcommands(command):
        command = subcommands(command)[words.pop(0)]
    if subcommands(command) or re.search(r"[\[<…]", text):
        return []
    context = command.make_context("iehe", [], resilient_parsing=True)
    given = [word for word in words if word != "--help"]
    try:
        _, left, _ = command.make_parser(context).parse_args(given)
    except click.UsageError as error:
        return [error.format_message()]
    return list(left)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_section_stands_on_a_page_twice(page) -> None:
    """A section that a merge has doubled is mended in one place only."""
    sections = re.split(r"^(?=## )", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    headings = [each.partition("\n")[0] for each in sections]
    assert len(set(headings)) == len(headings), page


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_on_a_page_exists_with_its_options(page) -> None:
    """Whoever copies a command from a page is not told that there is none."""
    for text in commands(page):
        command = command_of(text.split())
        assert command is not None, f"iehe {text}"
        if not subcommands(command):
            assert not unknown_options(command, text), f"iehe {text}"
        assert not surplus(text), f"iehe {text}"


@pytest.mark.parametrize("hint", HINTS)
def test_every_hint_of_a_started_stack_is_a_command(hint) -> None:
    """What `iehe up` proposes can be typed."""
    command = command_of(hint.split())
    assert command is not None
    assert not subcommands(command)
    assert not surplus(hint)


def test_hints_act_as_nobody_whom_none_before_has_bound() -> None:
    """The account is its own administrator; as anybody else it may act once an administrator has said so."""
    acting, bound = "", {"admin-1"}
    for hint in HINTS:
        if hint.startswith("staff bind "):
            assert acting == "admin-1", hint
            bound.add(hint.split()[-1])
        if hint.startswith("login "):
            acting = hint.split()[-1]
            assert acting in bound, hint


def leaves(command: Any, words: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if not subcommands(command):
        return [(words, command)]
    return [leaf for each, sub in subcommands(command).items() for leaf in leaves(sub, (*words, each))]


@pytest.mark.parametrize("words", [words for words, _ in leaves(COMMANDS)], ids=" ".join)
def test_every_command_is_on_its_page(words) -> None:
    """None is left out: each stands in docs/cli.md or on its process's page, under its group or with it."""
    pages = [ROOT / "docs" / "cli.md", *(ROOT / "docs" / "processes").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    spans = [word for _, word in CODE.findall(text)]
    named = {span.removeprefix("iehe ") for span in spans}
    wanted = (" ".join(words), words[-1])
    assert any(each == want or each.startswith(f"{want} ") for each in named for want in wanted)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_row_of_commands_has_options_that_exist(page) -> None:
    """The tables of commands name no option that its command does not have."""
    for row in re.findall(r"^\| (`.*?`) \|", page.read_text(encoding="utf-8"), re.MULTILINE):
        for span in re.findall(r"`([^`]+)`", row):
            words = span.removeprefix("iehe ").split()
            command = command_of(words) if words[0] in subcommands(COMMANDS) else None
            command = command or command_of(["admission", *words])
            if command is not None and not subcommands(command):
                assert not unknown_options(command, span), span


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_and_test_on_a_page_exists(page) -> None:
    """Nobody is sent to a file, a test or a heading that is not there."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, heading = target.partition("#")
        if "://" in target:
            continue
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if heading:
            assert heading in anchors(file), target
    for piece in (word for _, word in CODE.findall(text)):
        file, _, test = piece.partition("::")
        if file.startswith(IN_HOME) or "NNNN" in file:
            continue
        if re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|sql|md|toml|txt|csv|json|html)", file):
            assert found(file), piece
        elif re.fullmatch(r"[a-z_]+\.(py|sql|toml)", file):
            assert list(ROOT.glob(f"[a-z]*/**/{file}")) or (ROOT / file).exists(), piece
        if re.fullmatch(r"test_\w+", test):
            assert f"def {test}(" in source(), piece


def found(file: str) -> bool:
    return any((ROOT / folder / file).exists() for folder in FOLDERS)


def anchors(file: Path) -> set[str]:
    """The headings of a page as they are linked to."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_name_of_the_code_on_a_page_exists(page) -> None:
    """A class, constant, setting or function that a page names is in the code."""
    for piece in (word for _, word in CODE.findall(page.read_text(encoding="utf-8"))):
        if re.fullmatch(r"_?[A-Z][a-z]\w*[a-z][A-Z]\w*|[A-Z]{3,}[A-Z_]*_[A-Z_]+|\w+_\w+\(\)", piece):
            assert piece.removesuffix("()") in source() or setting(piece), piece


def setting(piece: str) -> bool:
    return piece in setting_names() or piece.removesuffix("_") in setting_names()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_target_of_make_on_a_page_exists(page) -> None:
    """`make …` names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for piece in pieces(page) for target in re.findall(r"(?:^|\$ |&& )make ([a-z-]+)", piece)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_everybody_who_acts_on_a_page_is_in_the_sample_file(page) -> None:
    """`login` and `--as` name somebody whom the sample file of staff brings."""
    staff = (ROOT / "docs" / "samples" / "staff.csv").read_text(encoding="utf-8")
    text = "\n".join(commands(page))
    for staff_id in re.findall(r"(?:--as|iehe login|staff bind) ?([a-z]+-\d+)", text):
        assert f"\n{staff_id}," in staff, staff_id


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_secret_on_a_page_is_an_argument(page) -> None:
    """Every account of a machine reads arguments: secrets go by standard input, a file or `printf`."""
    for piece in pieces(page):
        for line in piece.replace("\\\n", " ").splitlines():
            assert not SECRET_ARGUMENT.search(line), line
