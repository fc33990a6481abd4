"""Who may change policies, staff, sources and keys, and the log in which each change is kept."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from activities.kernel.queries import queries
from cases.registry import ROOMS
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import RoleName
from schemas.kernel.roles import ADMINISTRATOR, AUDITOR
from workflows.kernel.sight import Administration

SQL: Final = queries("kernel/administration")
_ADMINISTRATOR: Final = frozenset({ADMINISTRATOR})
READ_LOG: Final = "read-log"
ENTER: Final = "enter"
"""The act, of each process, of putting in what another system would have sent, and of sending it again."""
ACTS: Final[Administration] = {
    "import-staff": _ADMINISTRATOR,
    "bind-account": _ADMINISTRATOR,
    "unbind-account": _ADMINISTRATOR,
    "invite-staff": _ADMINISTRATOR,
    "unbind-subject": _ADMINISTRATOR,
    "note-absence": _ADMINISTRATOR,
    "add-source": _ADMINISTRATOR,
    "allow-reading": _ADMINISTRATOR,
    "rotate-source": _ADMINISTRATOR,
    "revoke-source": _ADMINISTRATOR,
    **dict.fromkeys(("add-webhook", "rotate-webhook", "revoke-webhook"), _ADMINISTRATOR),
    **dict.fromkeys(("list-webhooks", "test-webhook"), _ADMINISTRATOR),
    **dict.fromkeys(("add-channel", "remove-channel", "test-channel", "confirm-channel"), _ADMINISTRATOR),
    "rotate-key": _ADMINISTRATOR,
    "forget-key": _ADMINISTRATOR,
    "run-schedule": _ADMINISTRATOR,
    "pause-schedule": _ADMINISTRATOR,
    "resume-schedule": _ADMINISTRATOR,
    "run-retention": _ADMINISTRATOR,
    "set-places": _ADMINISTRATOR,
    "read-retention": _ADMINISTRATOR | {AUDITOR},
    READ_LOG: _ADMINISTRATOR | {AUDITOR},
}
"""The acts of the host and the roles that may do each; those of a process are in its own table."""


def roles_for(act: str, process: str | None = None) -> frozenset[RoleName]:
    """The roles that may do an act, of the host or of a process; nobody an act that no table has."""
    if process is None:
        return ACTS.get(act, frozenset())
    return ROOMS[process].administration.get(act, frozenset())


def entering(actor: Actor) -> frozenset[str]:
    """The processes whose referrals and facts an actor may enter, send again, and start."""
    return frozenset(name for name in ROOMS if not roles_for(ENTER, name).isdisjoint(actor.roles))


def roles_that_enter() -> frozenset[RoleName]:
    """The roles that may do so in any process."""
    return frozenset().union(*(roles_for(ENTER, name) for name in ROOMS))


async def note(connection: Any, actor: str, act: str, subject: str, **details: Any) -> None:
    """Keep an act in the administration log, in the transaction that does it.

    Args:
        connection: with the rights of the office or the owner.
        actor: staff id; before there is any staff, `account:` and the operating system's account.
        act: as in the tables.
        subject: code of what was changed.
        details: codes and counts; nothing personal and no secret.
    """
    await connection.execute(SQL["note"], actor, act, subject, json.dumps(details, default=str))


async def gains(connection: Any, given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The roles that a change gives to each person, beyond those on record."""
    rows = await connection.fetch(SQL["roles_on_record"], list(given))
    had = {row["staff_id"]: set(row["roles"]) for row in rows}
    found = {who: sorted(set(roles) - had.get(who, set())) for who, roles in given.items()}
    return {who: roles for who, roles in found.items() if roles}
