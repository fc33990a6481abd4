"""A pause put into any path of the workflows is noticed by a recorded history."""

from typing import Final

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from tests.replay.mutants import Path, counting, modules, mutated, paths
from tests.replay.recorded import RECORDED, text_of
from workers.temporal import DATA_CONVERTER
from workers.worker import WORKFLOWS

UNRECORDED: Final = {
    ("database", "raise"): "a step that is cancelled, which nobody but the end of its run does",
    ("ScheduledWorkflow.run", ""): "a run of a night, which is begun anew where it cannot be replayed",
    ("CaseWorkflow._uncancelled", "raise"): "the end of a run by a fault of the program, not a way of a case",
    (
        "CaseWorkflow._deliver",
        "raise",
    ): "a delivery that is cancelled with its run is not taken for a failed one",
}
"""Paths without a history: function and first word of the path, and why there is none."""

REMEDY: Final = "play a case that goes this way in tests/replay and run make record-histories"


def _excused(path: Path) -> bool:
    return any(path.function == function and path.first == first for function, first in UNRECORDED)


@pytest.fixture(scope="module")
async def ways() -> dict[Path, list[str]]:
    """Which histories go each path, those that go fewest paths first."""
    gone: dict[str, set[Path]] = {}
    with counting() as (workflows, seen):
        for name in RECORDED:
            seen.clear()
            assert not await _fails(name, workflows), f"{name} does not replay"
            gone[name] = set(seen)
    names = sorted(gone, key=lambda name: len(gone[name]))
    return {path: [name for name in names if path in gone[name]] for path in paths()}


async def _fails(name: str, workflows: list[type]) -> bool:
    history = WorkflowHistory.from_json(name, text_of(name))
    replayer = Replayer(
        workflows=workflows, data_converter=DATA_CONVERTER, workflow_runner=UnsandboxedWorkflowRunner()
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure is not None


def test_the_paths_are_those_of_kernel_and_process() -> None:
    """Every asynchronous function of the workflows is looked at, whichever module it is in."""
    assert {"workflows.kernel.case", "workflows.kernel.database"} <= set(modules())
    functions = {path.function for path in paths()}
    assert {"CaseWorkflow._take", "CaseWorkflow._set_alarm"} <= functions
    assert {f"{each.__name__}.run" for each in WORKFLOWS} <= functions


async def test_every_path_has_a_history(ways: dict[Path, list[str]]) -> None:
    """A path that no recorded history goes is named, and so is an excuse that excuses nothing."""
    missing = [str(path) for path, names in ways.items() if not names and not _excused(path)]
    assert not missing, f"{REMEDY}: {missing}"
    idle = {excuse for excuse in UNRECORDED if not any((p.function, p.first) == excuse for p in ways)}
    assert not idle


@pytest.mark.parametrize("path", [path for path in paths() if not _excused(path)], ids=str)
async def test_a_pause_is_noticed(path: Path, ways: dict[Path, list[str]]) -> None:
    """With a pause, or one more command, in this path at least one recorded history does not replay."""
    with mutated(path) as workflows:
        for name in ways[path]:
            if await _fails(name, workflows):
                return
    pytest.fail(f"nobody notices a change in {path}; {REMEDY}")
