"""The demonstration: each process plays its sample cases to their end, and what is not sound is seen."""

import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from cases.registry import PROCESSES
from cli.session import Exit
from tests.cli import zygote
from tests.cli.program import Program, clean_environment
from tests.round.by_pages import ByPages, pages_of
from workers.demo import scenario
from workers.demo.play import outcome_of, play
from workers.demo.scenario import Turn, rooms_with_scenario, scenario_of
from workers.demo.servers import demo_servers
from workers.settings import Settings

ROOMS = rooms_with_scenario()
OF_ITS_OWN = {"exchange", "round"}
"""What is played by a test of its own: of more cases, or of one case with many applicants."""
pytestmark = pytest.mark.timeout(180)  # a whole demonstration on servers of its own bounds itself


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in OF_ITS_OWN])
async def test_the_cases_of_a_process_end(room: str, tmp_path: Path) -> None:
    """Every case ends, every log's chain holds, no message is sent twice; people and systems have acted."""
    iehe = Program(clean_environment(IEHE_HOME=tmp_path / "home"))
    ended = await iehe("demo", room, "--cases", 3, "--json")
    assert ended.code == Exit.OK, ended.err
    told = ended.json
    assert told["sound"]
    assert (told["open_cases"], sum(told["endings"].values())) == (0, 3)
    assert told["notices"].keys() <= {"accepted", "suppressed"}
    assert PROCESSES[told["process"]].room == room
    assert not (tmp_path / "home").exists(), "the office's own folder is not touched"


@pytest.mark.timeout(400)
@pytest.mark.parametrize("at_pages", [False, True], ids=["by commands", "by pages"])
async def test_a_round_is_played_from_its_score_files_to_its_end(tmp_path: Path, *, at_pages: bool) -> None:
    """Closed by the head; every list is made again to the same bytes, nobody was skipped, the sums agree."""
    async with demo_servers(Settings(home=tmp_path), "round") as servers, pages_of(servers) as desk:
        sample = scenario_of("round")(servers, seed=1, folder=tmp_path, applicants=60)
        sample.office.iehe = zygote.words()
        if at_pages:
            office = ByPages(servers, sample.office.number, tmp_path, zygote.words(), desk=desk)
            sample.office = sample.applications.office = office
        outcome = await play(sample, lambda _progress: None)
        walked = "SELECT DISTINCT stage FROM iehe.case_log"
        stages = {row["stage"] for row in await servers.pool.fetch(walked)}
        counted = "SELECT count(DISTINCT entry) FROM iehe.round_waitlist_log WHERE to_state = 'accepted'"
        promoted = await servers.pool.fetchval(counted)
    assert outcome.sound, outcome.invariants
    assert outcome.endings == {"closed (person)": 1}
    # its rules have no first stage; at the gate it waits where it was looked at between two files
    assert stages | {"gate"} == set(sample.process.lifecycle.stages) - {"cancelled", "first-stage"}
    assert promoted > 1
    assert {
        "lists that are made otherwise",
        "ranks skipped on a waitlist",
        "places that the sums do not explain",
        "applications told twice",
    } <= outcome.invariants.keys()


async def test_only_a_round_has_applicants(tmp_path: Path) -> None:
    """Asked of another process it is said, before any server starts."""
    iehe = Program(clean_environment(IEHE_HOME=tmp_path / "home"))
    ended = await iehe("demo", "support", "--applicants", 60, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (Exit.USAGE, "no-applicants")


async def test_a_process_without_a_demonstration(tmp_path: Path) -> None:
    """It is said that there is none, and which there are."""
    iehe = Program(clean_environment(IEHE_HOME=tmp_path / "home"))
    ended = await iehe("demo", "nowhere", "--json")
    assert (ended.code, ended.json["error"]["code"]) == (Exit.NOT_FOUND, "no-demonstration")
    assert all(room in ended.json["error"]["message"]["ja"] for room in ROOMS)


async def test_what_is_not_sound_is_seen(tmp_path: Path) -> None:
    """A mail that is there twice, a changed log and a case that is open again are each counted."""
    room = ROOMS[0]
    async with demo_servers(Settings(home=tmp_path), room) as servers:
        sample = scenario_of(room)(servers, cases=1, seed=1, folder=tmp_path)
        assert (await play(sample, lambda _course: None)).sound
        mail = next((servers.mail / "new").iterdir())
        shutil.copy(mail, mail.with_name(f"{mail.name}-again"))
        await servers.pool.execute("ALTER TABLE iehe.case_log DISABLE TRIGGER USER")
        await servers.pool.execute("UPDATE iehe.case_log SET step = 'other' WHERE version = 1")
        await servers.pool.execute("UPDATE iehe.cases SET closed_at = NULL")
        found = await outcome_of(sample, 0)
    assert (found.doubled_notices, found.broken_chains, found.open_cases) == (1, 1, 1)
    assert not found.sound


@pytest.mark.parametrize("room", ROOMS)
def test_a_scenario_speaks_of_stages_that_there_are(room: str) -> None:
    """Whose turn it is, what is left to the clock and what is slow: open stages of the process."""
    sample = scenario_of(room)
    servers: Any = None
    turns = sample(servers, cases=1, seed=1, folder=Path()).turns
    assert {*turns, *sample.settled, *sample.slow} <= set(sample.process.lifecycle.open_stages)


async def test_chance_belongs_to_a_case() -> None:
    """The same seed gives each case the same chances, in whatever order the cases have their turns."""

    class Drawing(scenario.Scenario[Any]):
        process = PROCESSES[next(iter(PROCESSES))]
        settled: ClassVar = frozenset()

        @property
        def turns(self) -> Mapping[str, Callable[[Turn[Any]], Awaitable[None]]]:
            return {"open": self._draw}

        async def prepare(self) -> None:
            self.drawn: dict[str, list[float]] = {}

        async def _draw(self, turn: Turn[Any]) -> None:
            self.drawn.setdefault(turn.case_id, []).append(turn.chance.random())

    async def drawn(seed: int, *order: str) -> dict[str, list[float]]:
        servers: Any = None
        sample = Drawing(servers, cases=2, seed=seed, folder=Path())
        await sample.prepare()
        for case_id in order:
            state = sample.process.new(case_id).model_dump_json()
            case: Any = {"case_id": case_id, "stage": "open", "state": state}
            await sample.act(case)
        return sample.drawn

    first = await drawn(1, "a/1", "a/2", "a/1", "a/2")
    assert first == await drawn(1, "a/2", "a/2", "a/1", "a/1")
    assert first != await drawn(2, "a/1", "a/2", "a/1", "a/2")
    assert first["a/1"] != first["a/2"]
