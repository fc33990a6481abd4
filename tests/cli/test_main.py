"""The program as a whole: its help, its exit codes, and what it says of what nobody foresaw."""

import asyncio
import re
import stat
import sys
from pathlib import Path

import pytest

from cli.session import Exit
from tests.cli.program import Ended, Program, clean_environment

CANARY = "見本太郎"
SLOW = {"temporalio", "asyncpg", "xlsxwriter", "pydantic", "holidays", "rich"}
FALLING = """
import sys
import cli.main as program

def fall():
    applicant = "%(canary)s"
    try:
        raise LookupError(applicant)
    except LookupError as error:
        raise ValueError("no " + applicant) from error

program.app.command("fall")(fall)
sys.argv = ["iehe", "fall"]
program.main()
"""


@pytest.fixture
def iehe(tmp_path) -> Program:
    return Program(clean_environment(IEHE_HOME=tmp_path / "home"))


async def python(code: str, iehe: Program, **changes: object) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        env={**iehe.environment, **{name: str(value) for name, value in changes.items()}},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def test_help_lists_the_commands(iehe):
    """Help names every command with what it does."""
    ended = await iehe("--help")
    assert ended.code == 0
    commands = "up worker migrate doctor demo admission case tasks notices policy round staff sample mail"
    for name in commands.split():
        assert re.search(rf"^\W+{name} ", ended.out, re.MULTILINE), name


async def test_nothing_slow_is_imported_before_a_command_runs(iehe):
    """Importing the program imports neither Temporal, a database driver nor any model of a process."""
    ended = await python("import sys, cli.main; print(*sys.modules)", iehe)
    assert SLOW & set(ended.out.split()) == set()


@pytest.mark.parametrize(
    "words", [("nonsense",), ("up", "--nonsense"), ("sample", "admissions", "--rows", "x")]
)
async def test_a_wrong_command_is_a_usage_error(iehe, words):
    """An unknown command, an unknown option and a bad value end with 2."""
    ended = await iehe(*words)
    assert ended.code == Exit.USAGE
    assert ended.out == ""
    assert ended.err != ""


@pytest.mark.parametrize("words", [("up",), ("worker",), ("migrate",), ("doctor",), ("policy", "list")])
async def test_a_faulty_setting_is_named(iehe, words):
    """Every command names a faulty setting, without its value, and ends with 2."""
    ended = await iehe(*words, IEHE_UI_PORT="s3cret")
    assert ended.code == Exit.USAGE
    assert "IEHE_UI_PORT" in ended.err
    assert "s3cret" not in ended.err


async def test_version(iehe):
    """The version is printed on one line."""
    assert re.fullmatch(r"iehe \d+\.\d+\.\d+\n", (await iehe("--version")).out)


async def test_an_unforeseen_fault_says_where_and_nothing_of_what(iehe, tmp_path):
    """One line with the type and a private file with the places: no text, no variable of anybody's."""
    ended = await python(FALLING % {"canary": CANARY}, iehe, TMPDIR=tmp_path)
    assert ended.code == Exit.FAULT
    (line,) = ended.err.splitlines()
    assert "builtins.ValueError" in line
    (file,) = tmp_path.glob("iehe-fault-*.log")
    assert str(file) in line
    content = file.read_text()
    assert "builtins.ValueError < builtins.LookupError" in content
    assert " fall" in content
    assert CANARY not in content + ended.err + ended.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_file_of_a_fault_is_among_the_logs(iehe, tmp_path):
    """Where the stack has a folder for logs the file is put there."""
    logs = tmp_path / "home" / "logs"
    logs.mkdir(parents=True)
    await python(FALLING % {"canary": CANARY}, iehe)
    assert len(list(logs.iterdir())) == 1


async def test_completion_can_be_installed(iehe):
    """The shell's own words for completing are given out."""
    ended = await iehe("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert ended.code == 0
    assert "_IEHE_COMPLETE" in ended.out


def test_exit_codes_are_documented():
    """The table in docs/cli.md is that of the program."""
    text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    assert [(int(code), name) for code, name in rows] == [(each.value, each.name) for each in Exit]
