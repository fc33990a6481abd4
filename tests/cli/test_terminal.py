"""What a person at a terminal gets: text that is not obeyed, errors in their language, words to complete."""

import asyncio
import io
import json
import shlex
import sys
from pathlib import Path

import pytest

from cli.session import Exit
from cli.start_command import _form_in
from cli.terminal import READER_GONE
from cli.typed import checked_text
from tests.cli.command_line import environment, iehe  # noqa: F401 - fixtures
from tests.cli.program import PROGRAM, Program, clean_environment, elsewhere, proven
from tests.office import Institute, person
from tests.words import words_of
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

PRINTING = "from cli.terminal import wrap_streams; wrap_streams(); import sys; print(sys.argv[1])"
ENDLESS = "from cli.terminal import wrap_streams; wrap_streams()\nwhile True: print('x' * 1000)"


@pytest.fixture
def nowhere(tmp_path) -> Program:
    """Commands where no stack runs."""
    return Program(clean_environment(IEHE_HOME=tmp_path / "home"))


async def run(*command: str, **changes: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=clean_environment() | changes,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_control_characters_are_shown_and_not_obeyed():
    """No title is set, no cursor moved, no text turned around by what somebody wrote into a form."""
    hostile = "見本\x1b]0;title\x07 \x1b[2J\x9b31m\r\u202etxt\u2066"
    code, out, _ = await run(sys.executable, "-c", PRINTING, hostile)
    assert code == 0
    assert out == "見本\\x1b]0;title\\x07 \\x1b[2J\\x9b31m\\r\\u202etxt\\u2066\n"


async def test_a_reader_that_goes_away_ends_the_command_quietly():
    """`| head` is no fault of PostgreSQL's, nor of anything."""
    command = f"{sys.executable} -c {shlex.quote(ENDLESS)} | head -1; echo ${{PIPESTATUS[0]}}"
    code, out, err = await run("bash", "-c", command)
    assert (code, out.splitlines()[-1], err) == (0, str(READER_GONE), "")


@pytest.mark.parametrize(
    "locale", [{"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
async def test_a_locale_without_japanese_is_no_fault(nowhere, locale):
    """What the locale cannot show is shown by its code, and the exit code is the command's own."""
    ended = await nowhere("login", "office-1", IEHE_LANGUAGE="ja", **locale)
    assert (ended.code, "fault" in ended.err) == (Exit.UNAVAILABLE, False)
    assert "make run" in ended.err


@pytest.mark.parametrize(
    ("words", "japanese"),
    [
        (("case", "list", "--limit", "x"), "'--limit' の値が正しくありません"),
        (("case", "list", "--limt", "4"), "オプション --limt はありません。候補: --limit"),
        (("case", "show"), "'CASE' を指定してください"),
        (("cases",), "コマンドの書き方が正しくありません"),
    ],
)
async def test_a_usage_error_is_json_when_that_was_asked_for(nowhere, words, japanese):
    """A program gets an error object, with the sentence in both languages and where the help is."""
    ended = await nowhere(*words, "--json")
    assert (ended.code, ended.err) == (Exit.USAGE, "")
    error = json.loads(ended.out)["error"]
    assert error["code"] == "usage"
    assert japanese in error["message"]["ja"]
    assert "--help" in error["message"]["en"]
    person = await nowhere(*words, IEHE_LANGUAGE="ja")
    assert (person.code, person.out) == (Exit.USAGE, "")
    assert japanese in person.err


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (("case", "list", "--label", "rund_id=2027-general"), "round_id"),
        (("case", "list", "--waiting-for", "bla"), "applicant"),
        (("case", "list", "--stage", "reviev"), "review"),
        (("tasks", "--role", "reviewr"), "reviewer"),
        (("tasks", "--assignee", "ofice-1"), "office-1"),
        (("notices", "list", "--state", "ded"), "dead"),
        (("events", "list", "--state", "ded"), "dead"),
    ],
)
async def test_a_filter_that_can_match_nothing_is_refused(institute, iehe, words, near):
    """A mistyped name is no empty list: it is named, with what it may have been."""
    ended = await iehe(*words, "--json")
    assert (ended.code, ended.error["code"]) == (Exit.USAGE, "unknown-value")
    assert near in ended.error["known"]


@pytest.mark.parametrize(
    "words",
    [("notices", "list", "A2027-999999"), ("events", "list", "--case", "A2027-999999")],
)
async def test_a_case_that_is_not_there_is_no_empty_list(institute, iehe, words):
    """Lists of one case say when there is no such case."""
    assert await iehe.refused(*words) == (Exit.NOT_FOUND, "no-such-case")


async def test_an_unknown_source_is_no_empty_list(institute, iehe):
    """A source that never was registered and never sent is named."""
    assert await iehe.refused("events", "list", "--source", "urn:nobody") == (Exit.USAGE, "unknown-value")


async def test_a_reason_with_control_characters_is_not_stored(institute: Institute, iehe):
    """Escape sequences do not get into the database by a reason; lines and tabs may."""
    case = await institute.apply(person())
    await case.until_stage("completeness")
    moved = ("case", "move-deadline", case.case_id, "completeness", "--due-at", "2027-02-01")
    refused = await iehe.refused(*moved, "--reason", "\x1b[2J", by="office-1")
    assert refused == (Exit.USAGE, "text-not-readable")
    assert await institute.pool.fetchval("SELECT count(*) FROM iehe.texts") == 0
    assert (await iehe(*moved, "--reason", "一行目\r\n\t二行目", by="office-1")).code == 0
    assert await words_of(institute.pool, institute.client) == ["一行目\n\t二行目"]


async def complete(program: Program, line: str) -> list[str]:
    """What the shell offers at the end of a line."""
    words = line.split(" ")
    ended = await program(_IEHE_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=len(words) - 1)
    return ended.out.split()


async def test_the_shell_completes_cases_people_and_choices(institute, database, temporal, tmp_path):
    """Numbers of cases, staff ids, labels, stages and fixed words are offered; nothing without a server."""
    await institute.apply(person(application_no="C2027-000001"))
    case = await institute.apply(person(application_no="C2027-000002"))
    await case.until_stage("completeness")
    program = Program(elsewhere(database, temporal, tmp_path / "home"))
    assert await complete(program, "iehe case show C2027-0000") == ["C2027-000001", "C2027-000002"]
    assert await complete(program, "iehe case show admission/C2027-000002") == ["admission/C2027-000002"]
    assert await complete(program, "iehe admission cast-vote C2027-000001 a") == ["admit", "abstain"]
    assert await complete(program, "iehe admission withdraw C2027-000001 --as off") == ["office-1"]
    assert await complete(program, "iehe login off") == ["office-1"]
    assert await complete(program, "iehe case list --label pro") == ["programme="]
    assert await complete(program, "iehe case list --stage completen") == ["completeness"]
    assert await complete(program, "iehe tasks --role adm") == ["admissions_office", "administrator"]
    assert await complete(program, "iehe admission event C2027-000001 fee-p") == ["fee-paid"]
    away = Program(clean_environment(IEHE_HOME=tmp_path / "none"))
    assert await complete(away, "iehe case show C2027-0000") == []


async def test_the_sdk_does_not_write_on_the_clerks_screen(database, temporal, tmp_path):
    """A server that is not there is our one sentence; the native part of the SDK keeps its warnings."""
    iehe = await proven(database, elsewhere(database, temporal, tmp_path / "home"))
    environment = {**iehe.environment, "TEMPORAL_ADDRESS": "127.0.0.1:9"}
    code, _, err = await run(*PROGRAM, "case", "restart", "A2027-000001", **environment)
    assert code == Exit.UNAVAILABLE
    assert "WARN" not in err
    assert len(err.splitlines()) == 1


def test_what_is_personal_need_not_stand_in_the_process_list(monkeypatch) -> None:
    """A dash stands for what is piped in: words of a decision, and a form."""
    monkeypatch.setattr("sys.stdin", io.StringIO("  電話で話した（見本）\n"))
    assert checked_text("-") == "電話で話した（見本）"
    monkeypatch.setattr("sys.stdin", io.StringIO('{"way": "desk"}'))
    assert _form_in(Path("-")) == {"way": "desk"}
