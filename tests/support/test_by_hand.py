"""Support driven by hand with the sample staff, command by command, as docs/processes/support.md has it."""

import asyncio
import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from cli.session import Exit
from tests.cli.program import Program, elsewhere, employ
from tests.gateway.stand import Stand
from workers.policies import load_defaults

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "processes" / "support.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ iehe (.*)$", PAGE, re.MULTILINE)
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def stand(database, temporal, tmp_path) -> AsyncIterator[Stand]:
    stand = Stand(elsewhere(database, temporal, tmp_path / "home"), tmp_path)
    yield stand
    await stand.close()


async def test_the_commands_of_the_page_work_with_the_sample_staff(database, stand) -> None:
    """Who signs in acts from then on; CASE is the one that was started."""
    connection = await asyncpg.connect(database.url("owner"))
    await load_defaults(connection)
    await connection.close()
    await employ(database, "chief-1", "administrator", "head_of_admissions")
    await stand.start("worker")
    program, acting, case = Program(stand.environment), "chief-1", ""
    imported = await program.by(acting)("staff", "import", ROOT / "docs" / "samples" / "staff.csv")
    assert imported.code == 0, imported
    for command in COMMANDS:
        words = [case if word == "CASE" else word for word in shlex.split(command)]
        if words[0] == "login":
            acting = words[1]
            continue
        if words[:2] == ["staff", "bind"]:
            continue
        while (ended := await program.by(acting)(*words)).code == Exit.UNAVAILABLE:
            await asyncio.sleep(0.1)  # the case is about to open, and says to ask again
        assert ended.code == 0, (command, ended)
        case = case or next(iter(re.findall(r"support/[A-Z0-9]{24}", ended.out)), "")
    assert case
    await _start_by_file(program, stand)


async def _start_by_file(program: Program, stand: Stand) -> None:
    """A form that says nothing in the process list: a file, or what is piped in; one that is not there."""
    form = stand.folder / "form.json"
    form.write_text(json.dumps({"way": "desk", "words": "見本"}), encoding="utf-8")
    start = program.by("triage-1")
    ended = await start("support", "start", "--file", form, "--json")
    assert ended.code == 0, ended
    piped = await start("support", "start", "--file", "-", "--json")
    assert piped.json["error"]["code"] == "not-json", "nothing is piped in here"
    absent = await start("support", "start", "--file", stand.folder / "none.json", "--json")
    assert absent.json["error"]["code"] == "file-unusable"
