"""Cases that are running must survive the next release: their recorded histories replay on today's code."""

import base64
import json

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from cases.registry import PROCESSES
from tests.replay.recorded import RECORDED, text_of
from workers.temporal import DATA_CONVERTER, sandbox
from workers.worker import WORKFLOWS

TEACH = """
This change alters what running cases did in the past: their workers would fail after the release.
Keep the old commands for old cases:

    if workflow.patched("what-changed"):
        ...  # new
    else:
        ...  # as before

and record a history for the new path (make record-histories). Never delete or overwrite a history while
cases of its kind may be running.
"""


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_history_replays(name: str) -> None:
    """The recorded history makes the same commands as when it was recorded."""
    replayer = Replayer(workflows=WORKFLOWS, data_converter=DATA_CONVERTER, workflow_runner=sandbox())

    result = await replayer.replay_workflow(
        WorkflowHistory.from_json(name, text_of(name)), raise_on_replay_failure=False
    )

    if result.replay_failure is not None:
        pytest.fail(f"{name}: {result.replay_failure}\n{TEACH}")


async def test_replay_notices_a_changed_command() -> None:
    """A history with one activity renamed does not replay: the test above can fail."""
    text = text_of("admission-review/enrolled")
    changed = text.replace('"deliver-notices"', '"deliver-letters"')
    assert changed != text
    replayer = Replayer(workflows=WORKFLOWS, data_converter=DATA_CONVERTER, workflow_runner=sandbox())

    result = await replayer.replay_workflow(
        WorkflowHistory.from_json("enrolled", changed), raise_on_replay_failure=False
    )

    assert result.replay_failure is not None


@pytest.mark.parametrize("process", PROCESSES.values(), ids=list(PROCESSES))
def test_every_ending_has_a_history(process) -> None:
    """Each stage in which a case of any process is over, or waits for its retention alone, is recorded."""
    recorded = [_payloads(text_of(name)) for name in RECORDED if name.startswith(f"{process.name}/")]
    endings = {
        stage
        for stage, info in process.lifecycle.stages.items()
        if info.final or info.waits_for == "retention"
    }
    assert {stage for stage in endings if not any(f'"{stage}"' in each for each in recorded)} == set()


def _payloads(text: str) -> str:
    def walk(value):
        if isinstance(value, dict):
            if set(value) >= {"metadata", "data"}:
                yield base64.b64decode(value["data"]).decode("utf-8", "replace")
            else:
                for item in value.values():
                    yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    return "\n".join(walk(json.loads(text)))
