"""A case in Markdown for the Temporal UI: where it stands, whom it waits for, since when, until when."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.kernel.case import CaseState
from workflows.kernel import deadlines as counting
from workflows.kernel.draft import Process, waiting_for_whom


def case_details(process: Process[Any], state: CaseState) -> str:
    """The current details of a case; codes, ids and times only."""
    zone = ZoneInfo(process.calendar(state).timezone)
    stage = process.lifecycle.stages[state.stage]
    who, due_at = waiting_for_whom(process, state)
    lines = [
        f"### {stage.en} · {stage.ja}",
        "",
        " → ".join([*(f"~~{name}~~" for name in state.path[:-1]), f"**{state.stage}**"]),
        "",
        f"- **waiting for**: {who or 'nobody'}",
        f"- **since**: {_local(state.stage_since, zone)}",
        f"- **due**: {_local(due_at, zone)}",
    ]
    if state.closed:
        lines.append(f"- **outcome**: {state.outcome} (by {state.outcome_by})")
    if state.tasks:
        lines += ["", "**open tasks**", ""]
        lines += [
            f"- `{task.key}` of {task.assignee or task.role}, due {_local(task.due_at, zone)}"
            for task in state.tasks.values()
        ]
    if state.deadlines:
        lines += ["", "**deadlines**", ""]
        for deadline in state.deadlines.values():
            moment = counting.next_moment(deadline)
            then = "paused" if deadline.paused_at else f"next {_local(moment, zone)}"
            lines.append(f"- `{deadline.name}` until {_local(deadline.due_at, zone)}, {then}")
    life = process.lifecycle
    possible = [name for name in life.possible(state.stage) if not state.closed or life.after_the_end(name)]
    if possible:
        lines += ["", "**possible now**: " + ", ".join(f"`{name}`" for name in possible)]
    return "\n".join(lines)


def _local(moment: datetime | None, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" if moment else "–"
