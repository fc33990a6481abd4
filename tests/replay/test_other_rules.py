"""What a case has decided stays decided, whatever the rules of a later release say.

Every recorded history is replayed under rules that all refuse, and under rules that all decide otherwise:
the commands are the same, and so is the state at the end.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from cases.registry import PROCESSES
from schemas.kernel.refusals import Refusal
from tests.replay.recorded import RECORDED, text_of
from workers.temporal import DATA_CONVERTER
from workers.worker import WORKFLOWS
from workflows.kernel.case import CaseWorkflow
from workflows.kernel.draft import Draft
from workflows.kernel.lifecycle import Lifecycle
from workflows.kernel.process import FollowUp, Process

EVERY_HISTORY = pytest.mark.parametrize("name", sorted(RECORDED))


def refuse(*_args: Any) -> None:
    raise Refusal("case-closed", step="any", stage="any")


def decide_otherwise(draft: Draft[Any], *_message: Any) -> None:
    """Another stage, another outcome, no task, no deadline."""
    draft.state.stage, draft.state.outcome, draft.state.closed = "elsewhere", "otherwise", True
    draft.state.tasks, draft.state.deadlines = {}, {}
    draft.notify("of-no-table", "nobody")


class _Otherwise(Lifecycle):
    """Every stage has another name and waits for somebody else, and every step is let through."""

    def __init__(self, of: Lifecycle) -> None:
        stages = {
            name: dataclasses.replace(info, en="other", waits_for="nobody", final=not info.final)
            for name, info in of.stages.items()
        }
        super().__init__(stages, ())

    def check(self, name: str, stage: str, actor: Any) -> None:
        """Whatever is asked."""


def under(old: Process[Any], rule: Callable[..., None], *, lifecycle: Lifecycle) -> Process[Any]:
    """A process with every rule, table and word of it replaced."""
    return dataclasses.replace(
        old,
        lifecycle=lifecycle,
        tracks=dict.fromkeys(old.tracks, lifecycle),
        gates=dict.fromkeys(old.gates, lambda _state: ["other"]),
        undoes=dict.fromkeys(old.undoes, rule),
        asked=rule,
        role_here=lambda _state, _role: "nobody",
        open=rule,
        enter=dict.fromkeys(old.enter, rule),
        decisions=dict.fromkeys(old.decisions, rule),
        events={
            fact: dataclasses.replace(kind, step="other", apply=rule) for fact, kind in old.events.items()
        },
        takes={kind: dataclasses.replace(each, step="other", apply=rule) for kind, each in old.takes.items()},
        corrections={
            name: dataclasses.replace(each, check=rule, follows=rule)
            for name, each in old.corrections.items()
        },
        takes_back={
            step: dataclasses.replace(each, apply=rule, check=rule) for step, each in old.takes_back.items()
        },
        expiries=dict.fromkeys(old.expiries, ("other", rule)),
        follow_ups=(FollowUp("other", lambda _state: True, rule),),
        attributes=lambda _state: {"IeheRound": "other"},
        office="nobody",
    )


_DECIDED: dict[str, dict[str, Any]] = {}
"""What each case knows at its end, under its own rules."""
RULES: dict[str, Callable[[Process[Any]], Process[Any]]] = {
    "refusing": lambda old: under(old, refuse, lifecycle=Lifecycle({}, ())),
    "deciding otherwise": lambda old: under(old, decide_otherwise, lifecycle=_Otherwise(old.lifecycle)),
}


async def final_state(name: str, monkeypatch, process: Process[Any]) -> dict[str, Any]:
    """Replay a history under a process, and return what the case knows at its end."""
    known: list[CaseWorkflow] = []
    begin = CaseWorkflow.__init__

    def noted(self: CaseWorkflow, start: Any) -> None:
        begin(self, start)
        known.append(self)

    workflow = next(each for each in WORKFLOWS if each.process.name == process.name)
    monkeypatch.setattr(CaseWorkflow, "__init__", noted)
    monkeypatch.setattr(workflow, "process", process)
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=DATA_CONVERTER, workflow_runner=UnsandboxedWorkflowRunner()
    )
    history = WorkflowHistory.from_json(name, text_of(name))
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is None, result.replay_failure
    monkeypatch.undo()
    return {"version": known[-1]._version, "waiting_for": known[-1]._waiting_for, **known[-1]._stored}


@EVERY_HISTORY
@pytest.mark.parametrize("rules", sorted(RULES))
async def test_a_replay_takes_what_was_decided(name: str, rules: str, monkeypatch) -> None:
    """The same commands and the same state, under whichever rules."""
    process = PROCESSES[name.partition("/")[0]]
    if name not in _DECIDED:
        _DECIDED[name] = await final_state(name, monkeypatch, process)
    expected = _DECIDED[name]
    assert await final_state(name, monkeypatch, RULES[rules](process)) == expected
    assert expected["version"] >= 0


@pytest.mark.parametrize("rules", sorted(RULES))
@pytest.mark.parametrize("process", PROCESSES.values(), ids=list(PROCESSES))
def test_the_other_rules_are_others(process: Process[Any], rules: str) -> None:
    """Nothing that decides is left of the process under which the replays run."""
    kept = {
        "outlasting",
        "name",
        "room",
        "state",
        "policy",
        "roles",
        "attach",
        "restarted",
        "audience",
        "facts",
    }
    kept |= {"completed", "answers_since", "title", "subject", "own_attributes", "labels", "confidential"}
    kept |= {"veil"}  # what is shown instead of a stage
    kept |= {
        "audiences",
        "keyed",
        "home",
        "calls",
        "break_glass",
        "receipt",
        "documents",
        "tells",
        "own_views",
        "choices",
        "exceptional",
    }
    for field in dataclasses.fields(Process):
        if field.name not in kept and getattr(process, field.name):
            assert getattr(RULES[rules](process), field.name) != getattr(process, field.name), field.name
