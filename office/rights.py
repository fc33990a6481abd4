"""The doors that a process has of its own, as pages: what they show as tables, what they take as forms."""

from collections.abc import Callable
from typing import NamedTuple

from cases.administration import roles_for
from cases.registry import PROCESSES
from cases.sight import whole_processes
from gateway.door import Door
from gateway.rooms import DOORS
from schemas.kernel.case import Actor
from workflows.kernel.sight import Field


class OwnPage(NamedTuple):
    """A page that a process has of its own (`office/<room>/pages.py`), beside those made from its doors."""

    path: str
    title: str
    """In English, as the catalogue of the pages has it."""
    may: Callable[[Actor], bool]
    """Who is shown the way to it; the page itself asks again."""
    starts: bool = False
    """Whether cases begin there: it is shown among the ways to begin one, too."""


def may_act(act: str, process: str) -> Callable[[Actor], bool]:
    """Whether an actor may do an act of a process, as a page of its own asks; nobody by default."""
    return lambda actor: not roles_for(act, process).isdisjoint(actor.roles)


def may_open(actor: Actor, process: str, door: Door) -> bool:
    """Whether a door is of use to an actor: by its act, or as one of those who work in the process."""
    if door.source is not None:
        return False
    if door.act is not None:
        return not roles_for(door.act, process).isdisjoint(actor.roles)
    if door.whole is not None:
        return process in whole_processes(actor, door.whole)
    works = process in whole_processes(actor, Field.WORK)
    return works or not set(PROCESSES[process].roles).isdisjoint(actor.roles)


def boards_of(actor: Actor, process: str) -> list[Door]:
    """The doors of a process that an actor may open."""
    return [door for door in DOORS.get(process, ()) if may_open(actor, process, door)]
