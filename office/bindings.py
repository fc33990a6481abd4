"""Whom somebody is who signs in: by a subject of the provider that is bound once, or a one-time link."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cases.administration import note
from office.problems import problem
from office.sessions import SQL, hash_of, start

LINK_BYTES: Final = 32


class LinkKind(StrEnum):
    """What a link is for."""

    SIGN_IN = "sign-in"
    INVITATION = "invitation"


HOLDS: Final = {LinkKind.SIGN_IN: timedelta(seconds=60), LinkKind.INVITATION: timedelta(days=7)}


@dataclass(frozen=True)
class Shown:
    """What the provider has said of who signed in; `at`: when they showed it, None where it does not say."""

    issuer: str
    subject: str
    at: datetime | None

    @property
    def subject_hash(self) -> bytes:
        """What is kept of the subject: enough to know it again."""
        return hashlib.sha256(f"{self.issuer}\0{self.subject}".encode()).digest()


async def make_link(connection: Any, kind: LinkKind, staff_id: str, by: str) -> str:
    """What a link ends with that holds once and for a while; earlier ones of the kind hold no more.

    Args:
        connection: with the office's rights.
        kind: what it is for.
        staff_id: for whom.
        by: who has made it.
    """
    new = secrets.token_urlsafe(LINK_BYTES)
    await connection.execute(SQL["forget_links"])
    await connection.execute(SQL["make_link"], hash_of(new), str(kind), staff_id, by, HOLDS[kind])
    return new


async def holds(connection: Any, kind: LinkKind, shown: str) -> bool:
    """Whether a link holds; it goes on doing so."""
    return await connection.fetchval(SQL["link"], hash_of(shown), str(kind)) is not None


async def sign_in_by_link(connection: Any, shown: str, now: datetime) -> str:
    """Use a link up and begin a session; what the browser shows from then on.

    Raises:
        Problem: 404, it was used, is too old, or is nobody's who is active.
    """
    async with connection.transaction():
        taken = await connection.fetchrow(SQL["take_link"], hash_of(shown), str(LinkKind.SIGN_IN))
        begun = taken and await start(connection, taken["staff_id"], None, now)
        if begun is None:
            raise problem("link-over")
        return str(begun)


async def sign_in(connection: Any, shown: Shown, invitation: str | None, language: str) -> str:
    """Begin a session for who has signed in at the provider; what the browser shows from then on.

    An invitation is used up, the subject bound and the session begun in one transaction: who is cut off in it
    is invited still.

    Raises:
        Problem: 403, the subject is nobody's; 404 or 409, the invitation cannot be used.
    """
    async with connection.transaction():
        if invitation is not None:
            await _bind(connection, shown, invitation)
        staff_id = await staff_of(connection, shown)
        begun = staff_id and await start(connection, staff_id, language, shown.at)
        if begun is None:
            raise problem("subject-not-bound")
        return begun


async def staff_of(connection: Any, shown: Shown) -> str | None:
    """The active member of staff that a subject is bound to."""
    found: str | None = await connection.fetchval(SQL["staff_of_subject"], shown.issuer, shown.subject_hash)
    return found


async def _bind(connection: Any, shown: Shown, invitation: str) -> None:
    taken = await connection.fetchrow(SQL["take_link"], hash_of(invitation), str(LinkKind.INVITATION))
    if taken is None:
        raise problem("invitation-over")
    staff_id, by = taken["staff_id"], taken["made_by"]
    bound = await connection.fetchval(SQL["bind_subject"], shown.issuer, shown.subject_hash, staff_id, by)
    if bound is None:
        raise problem("subject-bound-already")
    await note(connection, staff_id, "bind-subject", staff_id, invited_by=by)
