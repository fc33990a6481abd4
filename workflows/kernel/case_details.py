"""A case in Markdown for the Temporal UI: where it stands, whom it waits for, since when, until when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.kernel.case import CaseState
from schemas.kernel.japan import TOKYO
from workflows.kernel import deadlines as counting
from workflows.kernel.process import Process
from workflows.kernel.state import due_at

"""Where the institute is; ops read its time, whatever a case's own calendar."""


def case_details(
    process: Process[Any],
    state: CaseState,
    waiting_for: str | None,
    missing: Mapping[str, list[str]] | None = None,
) -> str:
    """The current details of a case; codes, ids and times only. `missing`: by stage that could follow.

    A stage that this release does not know is shown by its code: who looks is not to lose the case.
    """
    stage = process.lifecycle.stages.get(state.stage)
    lines = [
        f"### {stage.en} · {stage.ja}" if stage else f"### {state.stage or 'not opened'}",
        "",
        " → ".join([*(f"~~{name}~~" for name in state.path[:-1]), f"**{state.stage}**"]),
        "",
        f"- **waiting for**: {waiting_for or 'nobody'}",
        f"- **since**: {_local(state.stage_since)}",
        f"- **due**: {_local(due_at(state))}",
        *(f"- **{name}**: {_on_track(process, name, at)}" for name, at in state.tracks.items()),
        *(f"- **missing for `{to}`**: {', '.join(codes)}" for to, codes in (missing or {}).items()),
    ]
    if state.closed:
        lines.append(f"- **outcome**: {state.outcome} (by {state.outcome_by})")
    if state.tasks:
        lines += ["", "**open tasks**", ""]
        lines += [
            f"- `{task.key}` of {task.assignee or task.role}, due {_local(task.due_at)}"
            for task in state.tasks.values()
        ]
    if state.deadlines:
        lines += ["", "**deadlines**", ""]
        for deadline in state.deadlines.values():
            moment = counting.next_moment(deadline)
            then = "paused" if deadline.paused_at else f"next {_local(moment)}"
            lines.append(f"- `{deadline.name}` until {_local(deadline.due_at)}, {then}")
    if state.owes:
        lines += ["", "**owes if it ends**: " + ", ".join(f"`{owed.key}`" for owed in state.owes)]
    if possible := process.possible(state):
        lines += ["", "**possible now**: " + ", ".join(f"`{name}`" for name in possible)]
    return "\n".join(lines)


def _on_track(process: Process[Any], name: str, at: str) -> str:
    table = process.tracks.get(name)
    info = table.stages.get(at) if table is not None else None
    return f"{info.en} · {info.ja}" if info else at


def _local(moment: datetime | None) -> str:
    return f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}" if moment else "–"
