"""What may be chosen in a field of a decision or of a fact: tasks and time limits of the case, colleagues,
versions of the policy, documents, and what the process says; what only the database knows is looked up by its
room (`office/<room>/options.py`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, get_args

import asyncpg

from activities.kernel.queries import queries
from cases.decisions import own_fields
from cases.registry import ROLES, own_modules
from office.forms import kind_of
from office.staff_names import called
from office.words import Tongue, step_of
from schemas.kernel.break_glass import ReviewBreakGlass
from schemas.kernel.case import Command, KernelCommand, ReassignTask
from schemas.kernel.corrections import CorrectData
from schemas.kernel.document_commands import (
    AcceptDocument,
    ChaseDocuments,
    RejectDocument,
    RevokeDocument,
    WaiveDocument,
)
from schemas.kernel.documents import SETTLED, DocumentStage
from schemas.kernel.identifiers import StaffId
from schemas.kernel.payload import Payload
from schemas.kernel.taking_back import TakeBack
from workflows.kernel.choices import Choice, StaffOf, Typed, named
from workflows.kernel.process import Process

Found = Mapping[str, Sequence[Choice]]
Asking = Callable[[asyncpg.Pool, Any, Found], Awaitable[Found]]
"""Looks up more for a decision: from the state of the case and what is known of its fields already."""
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
    model: type[Payload],
) -> dict[str, tuple[Choice, ...]]:
    """By field of a decision, or of the data of a fact, what may be chosen.

    A field that is not in it says so itself, or is typed.
    """
    own = process.choices.get(model)
    found = dict[str, tuple[Choice, ...]]()
    told = own(state) if own is not None else {}
    for name, each in told.items():
        if isinstance(each, Typed):
            continue
        found[name] = await _among(pool, each) if isinstance(each, StaffOf) else tuple(each)
    if (more := _own_of(process.room).get(model)) is not None:
        found |= {name: tuple(each) for name, each in (await more(pool, state, found)).items()}
    fields = own_fields(model) if issubclass(model, Command) else model.model_fields
    if issubclass(model, KernelCommand):
        found |= await _of_host(pool, tongue, process, case_id, state, model)
    wanted = [name for name, each in fields.items() if name not in {*found, *told} and _is_staff(each)]
    if model is ReassignTask:
        wanted.append("assignee")
    if wanted:
        colleagues = await _colleagues(pool, tuple(sorted(process.roles)))
        found |= dict.fromkeys(wanted, colleagues)
    return found


async def nothing_to_choose(
    pool: asyncpg.Pool,
    tongue: Tongue,
    process: Process[Any],
    case_id: str,
    state: Any,
    command: type[Command],
) -> bool:
    """Whether a field that has to be given could be about nothing; asks for no list of colleagues.

    That there is nobody to choose is told where they are chosen.
    """
    fields = own_fields(command)
    if command in _own_of(process.room):
        found: Mapping[str, Sequence[Any]] = await options_of(pool, tongue, process, case_id, state, command)
    else:
        own = process.choices.get(command)
        told = own(state) if own is not None else {}
        found = {name: each for name, each in told.items() if not isinstance(each, StaffOf | Typed)}
        if issubclass(command, KernelCommand):
            found |= await _of_host(pool, tongue, process, case_id, state, command)
    return any(not some and fields[name].is_required() for name, some in found.items())


async def _among(pool: asyncpg.Pool, staff: StaffOf) -> tuple[Choice, ...]:
    roles = staff.roles or tuple(ROLES)
    return tuple(each for each in await _colleagues(pool, roles) if each.value not in staff.apart)


async def _of_host(
    pool: asyncpg.Pool,
    tongue: Tongue,
    process: Process[Any],
    case_id: str,
    state: Any,
    command: type[Command],
) -> dict[str, tuple[Choice, ...]]:
    """Tasks, time limits, documents, and who has opened the case without a right to."""
    fields, found = own_fields(command), dict[str, tuple[Choice, ...]]()
    if "task" in fields:
        found["task"] = tuple(await _tasks(pool, tongue, process, case_id))
    if "deadline" in fields:
        paused = {"pause-deadline": False, "resume-deadline": True}.get(command.step)
        names = [
            name
            for name, each in state.deadlines.items()
            if paused is None or (each.paused_at is not None) is paused
        ]
        found["deadline"] = tuple(
            Choice(
                name,
                _JA.choice(process.room, "deadline", name),
                _EN.choice(process.room, "deadline", name),
            )
            for name in names
        )
    if command is TakeBack:
        found["taken"] = tuple(await _decisions(pool, tongue, process, case_id))
    if command is CorrectData:
        found["record"] = tuple(Choice(name, *each.title) for name, each in process.corrections.items())
    if "document" in fields:
        found["document"] = tuple(_documents(process, state, command))
    if command is ReviewBreakGlass:
        opened = [each.partition(":")[2] for each in state.tasks if each.startswith(f"{command.step}:")]
        found["staff"] = tuple(named(opened))
    return found


@cache
def _own_of(room: str) -> Mapping[type[Payload], Asking]:
    own = own_modules("office", "options").get(room)
    return {} if own is None else own.OPTIONS


_DOCUMENT_AT: Final[Mapping[type[Command], frozenset[DocumentStage]]] = {
    AcceptDocument: frozenset({DocumentStage.RECEIVED}),
    RejectDocument: frozenset({DocumentStage.RECEIVED}),
    WaiveDocument: frozenset(DocumentStage) - SETTLED,
    RevokeDocument: frozenset({DocumentStage.RECEIVED, DocumentStage.ACCEPTED, DocumentStage.REJECTED}),
    ChaseDocuments: frozenset(DocumentStage) - SETTLED,
}
"""Where a document stands that a decision can be about."""


def _documents(process: Process[Any], state: Any, command: type[Command]) -> list[Choice]:
    at = _DOCUMENT_AT.get(command, frozenset(DocumentStage))
    return [
        Choice(name, *process.documents[name].title)
        for name, each in state.documents.items()
        if each.state in at and name in process.documents
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


async def _decisions(pool: asyncpg.Pool, tongue: Tongue, process: Process[Any], case_id: str) -> list[Choice]:
    """The decisions of a case that its process lets take back, the last first."""
    return [
        Choice(
            str(row["version"]),
            step_of(_JA, process, row["step"]),
            step_of(_EN, process, row["step"]),
            note=(f"{tongue.moment(row['at'])} {row['actor_id']}",) * 2,
        )
        for row in reversed(await pool.fetch(OFFICE["log_of_case"], case_id))
        if row["step"] in process.takes_back
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
        name = called(row["staff_id"], row["name"])
        found.append(Choice(row["staff_id"], name, name, (ja, en)))
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
