"""What may be chosen in a field of a decision: tasks and time limits of the case, colleagues, versions of
the policy, and what the process says.
"""

from collections.abc import Mapping
from typing import Any, Final, get_args

import asyncpg

from activities.kernel.queries import queries
from cases.decisions import own_fields
from office.forms import kind_of
from office.words import Tongue, step_of
from schemas.kernel.case import Command, KernelCommand, ReassignTask
from schemas.kernel.identifiers import StaffId
from workflows.kernel.choices import Choice, StaffOf
from workflows.kernel.process import Process

OFFICE: Final = queries("kernel/office")
STAFF: Final = queries("kernel/staff")
_JA: Final = Tongue("ja")
_EN: Final = Tongue("en")
_STAFF: Final = get_args(StaffId)[1].pattern


async def options_of(
    pool: asyncpg.Pool,
    tongue: Tongue,
    process: Process[Any],
    case_id: str,
    state: Any,
    command: type[Command],
) -> dict[str, tuple[Choice, ...]]:
    """By field what may be chosen; a field that is not in it says so itself, or is typed."""
    own = process.choices.get(command)
    found = {}
    for name, each in (own(state) if own is not None else {}).items():
        found[name] = await _colleagues(pool, each.roles) if isinstance(each, StaffOf) else tuple(each)
    fields = own_fields(command)
    if issubclass(command, KernelCommand):
        if "task" in fields:
            found["task"] = tuple(await _tasks(pool, tongue, process, case_id))
        if "deadline" in fields:
            found["deadline"] = tuple(
                Choice(name, _JA.word(process.room, name), _EN.word(process.room, name))
                for name in _deadlines(command, state)
            )
    wanted = [name for name, each in fields.items() if name not in found and _is_staff(each)]
    if command is ReassignTask:
        wanted.append("assignee")
    if wanted:
        colleagues = await _colleagues(pool, tuple(sorted(process.roles)))
        found |= dict.fromkeys(wanted, colleagues)
    return found


async def nothing_to_choose(
    pool: asyncpg.Pool, process: Process[Any], case_id: str, state: Any, command: type[Command]
) -> bool:
    """Whether a field that has to be given could be about nothing; asks for less than `options_of`."""
    own = process.choices.get(command)
    fields, given = own_fields(command), own(state) if own is not None else {}
    for name, each in given.items():
        if isinstance(each, StaffOf) or not fields[name].is_required():
            continue  # that there is nobody is told where they are chosen
        if not each:
            return True
    if not issubclass(command, KernelCommand):
        return False
    if "deadline" in fields and not _deadlines(command, state):
        return True
    return "task" in fields and not await pool.fetch(OFFICE["tasks_of_case"], case_id)


def _deadlines(command: type[Command], state: Any) -> list[str]:
    paused = {"pause-deadline": False, "resume-deadline": True}.get(command.step)
    return [
        name
        for name, each in state.deadlines.items()
        if paused is None or (each.paused_at is not None) is paused
    ]


async def _tasks(pool: asyncpg.Pool, tongue: Tongue, process: Process[Any], case_id: str) -> list[Choice]:
    rows = await pool.fetch(OFFICE["tasks_of_case"], case_id)
    return [
        Choice(
            row["task"],
            step_of(_JA, process, row["kind"]),
            step_of(_EN, process, row["kind"]),
            note=(row["assignee"] or tongue.word(process.room, row["role"]),) * 2,
        )
        for row in rows
    ]


async def _colleagues(pool: asyncpg.Pool, roles: tuple[str, ...]) -> tuple[Choice, ...]:
    """Active staff with one of some roles, each with how much they have and until when they are away."""
    found = []
    for row in await pool.fetch(STAFF["colleagues"], list(roles)):
        load = f"{row['open_tasks']}" + (f"/{row['load_cap']}" if row["load_cap"] is not None else "")
        ja, en = f"担当 {load} 件", f"{load} open"
        if row["away_until"] is not None:
            until = row["away_until"]
            ja, en = f"{ja}、不在（{_JA.moment(until)}まで）", f"{en}, away until {_EN.moment(until)}"
        found.append(Choice(row["staff_id"], row["staff_id"], row["staff_id"], (ja, en)))
    return tuple(found)


def _is_staff(field: Any) -> bool:
    """Whether a field is a member of staff, or several."""
    metadata = list(field.metadata)
    for part in get_args(field.annotation):
        metadata += getattr(part, "__metadata__", ())
    return (
        any(getattr(each, "pattern", None) == _STAFF for each in metadata)
        and kind_of(field.annotation) is not dict
    )


Options = Mapping[str, tuple[Choice, ...]]
