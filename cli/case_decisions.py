"""`iehe case …` decisions that every process knows: about deadlines and tasks."""

from typing import Annotated, Any

import typer

from cli.deciding import Decision, ReasonOption, decision_command
from cli.typed import moment

app = typer.Typer()
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="As iehe case show names it.")]
TaskArgument = Annotated[str, typer.Argument(metavar="TASK", help="As iehe tasks names it.")]


@decision_command(app, "move-deadline")
def move_deadline(
    name: NameArgument,
    due: Annotated[str, typer.Option("--due", help="2027-02-10 17:00, or a day: its end. Japan time.")],
    reason: ReasonOption = None,
) -> Decision:
    """Set another due time; reminders keep their distance from it."""
    from schemas.kernel.case import MoveDeadline

    values: dict[str, Any] = {"deadline": name, "due_at": moment(due, "--due", end_of_day=True)}
    return Decision(MoveDeadline, values, reason)


@decision_command(app, "pause-deadline")
def pause_deadline(name: NameArgument, reason: ReasonOption = None) -> Decision:
    """Stop the clock of a deadline; nothing of it fires until it is resumed."""
    from schemas.kernel.case import PauseDeadline

    return Decision(PauseDeadline, {"deadline": name}, reason)


@decision_command(app, "resume-deadline")
def resume_deadline(name: NameArgument, reason: ReasonOption = None) -> Decision:
    """Let a paused deadline run again, with the time that it had left."""
    from schemas.kernel.case import ResumeDeadline

    return Decision(ResumeDeadline, {"deadline": name}, reason)


@decision_command(app, "cancel-deadline")
def cancel_deadline(name: NameArgument, reason: ReasonOption = None) -> Decision:
    """End a deadline for good, without its consequence."""
    from schemas.kernel.case import CancelDeadline

    return Decision(CancelDeadline, {"deadline": name}, reason)


@decision_command(app, "reassign-task")
def reassign_task(
    task: TaskArgument,
    to: Annotated[str, typer.Option("--to", help="Staff id of who shall do it.")],
    reason: ReasonOption = None,
) -> Decision:
    """Hand an open task to another person."""
    from schemas.kernel.case import ReassignTask

    return Decision(ReassignTask, {"task": task, "assignee": to}, reason)


@decision_command(app, "complete-task")
def complete_task(task: TaskArgument, reason: ReasonOption = None) -> Decision:
    """Mark an office task as done that no other step closes."""
    from schemas.kernel.case import CompleteTask

    return Decision(CompleteTask, {"task": task}, reason)
