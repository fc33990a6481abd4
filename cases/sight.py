"""Who sees what: one answer for the command line, HTTP, lists, exports, dead letters and the codec server.

The tables belong to the processes (`Room.sight`), and are written into the database by `iehe migrate`; there
`iehe.rights_of` answers of one case, to these functions and to the policies of the rows alike. Nobody sees
what no table gives to one of their roles: neither a process, nor a case, nor a field.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from activities.kernel.queries import queries
from cases.registry import ROOMS
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import RoleName
from workflows.kernel.sight import Field, Grant

SQL: Final = queries("kernel/sight")
CONFIDENTIAL: Final = frozenset(name for name, room in ROOMS.items() if room.process.confidential)
"""Processes of which every read is noted, and no row is shown to who does not see its case."""
PASSING: Final = ("list", "search")
"""What is read of a case among many others, in the words of `iehe.case_reads`."""


@dataclass(frozen=True, slots=True)
class View:
    """The cases that somebody sees, as a query asks for them.

    A case of a process in `whole` is seen. Any other one is seen only when `iehe.concerns` has a row of it
    with `staff_id` and one of the `roles`, and the pair of its process and that role stands in `processes`
    and `roles`, which are of one length.
    """

    staff_id: str
    whole: tuple[str, ...]
    processes: tuple[str, ...]
    roles: tuple[str, ...]
    held: tuple[str, ...]
    """The roles that they have: work of no case is asked of roles."""

    @property
    def parameters(self) -> tuple[str, list[str], list[str], list[str]]:
        """For a query: staff id, processes seen whole, and process and role of what is seen by concern."""
        return self.staff_id, list(self.whole), list(self.processes), list(self.roles)


def view_of(actor: Actor, field: Field = Field.CASE) -> View:
    """The cases of which an actor sees a group of fields."""
    whole, own = [], []
    for process in ROOMS:
        grants = [grant for grant in _grants(actor, process) if field in grant.fields]
        if any(grant.concerns is None for grant in grants):
            whole.append(process)
        else:
            own += [(process, str(role)) for grant in grants for role in grant.concerns or ()]
    pairs = sorted(set(own))
    names, concerns = tuple(name for name, _ in pairs), tuple(role for _, role in pairs)
    return View(actor.id, tuple(whole), names, concerns, tuple(actor.roles))


async def fields_of(connection: Any, case_id: str, actor: Actor) -> frozenset[Field]:
    """The fields of a case that an actor sees.

    `connection` is one, or a pool, with the office's rights.
    """
    rows = await connection.fetch(SQL["fields"], case_id, actor.id)
    return frozenset(Field(row["field"]) for row in rows)


async def note_reads(
    connection: Any, case_ids: Collection[str], what: str, field: Field = Field.CASE
) -> None:
    """Note, before it is shown, what whoever acts reads of some cases, of those that are confidential."""
    if any(process_of(case_id) in CONFIDENTIAL for case_id in case_ids):
        await connection.execute(SQL["note_reads"], list(case_ids), str(field), what)


def whole_processes(actor: Actor, field: Field = Field.WORK) -> frozenset[str]:
    """The processes of which an actor sees a group of fields in every case: what belongs to no one case."""
    return frozenset(view_of(actor, field).whole)


def roles_that_see_whole(field: Field = Field.WORK, process: str | None = None) -> frozenset[RoleName]:
    """The roles that see a group of fields in every case of a process, or of any process."""
    return frozenset(
        str(role)
        for name, room in ROOMS.items()
        for role, grants in room.sight.items()
        for grant in grants
        if process in (None, name) and field in grant.fields and grant.concerns is None
    )


def process_of(case_id: str) -> str | None:
    """The process that a case of this id is of; None where no process has such ids."""
    before = case_id.partition("/")[0]
    return next((name for name, room in ROOMS.items() if room.process.room == before), None)


def readable_classes(actor: Actor) -> frozenset[str]:
    """The classes of data, each a process's own, of which an actor may have payloads made readable."""
    return frozenset(ROOMS[name].process.room for name in whole_processes(actor, Field.PAYLOADS))


def _grants(actor: Actor, process: str) -> list[Grant]:
    table = ROOMS[process].sight
    return [grant for role in actor.roles for grant in table.get(role, ())]


def written() -> list[tuple[str, str, str, str]]:
    """The tables of all processes for the database: process, role, field, and the concern or nothing."""
    return sorted(
        {
            (process, str(role), str(field), str(concern))
            for process, room in ROOMS.items()
            for role, grants in room.sight.items()
            for grant in grants
            for field in grant.fields
            for concern in grant.concerns or ("",)
        }
    )
