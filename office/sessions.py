"""Sessions of the pages: who is signed in, since when and until when.

A session is a row, and its id a random number that only the browser has: whoever ends it has ended it,
whatever a browser still shows. Roles are looked up at each request, so that who leaves is out at once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.acting import act_for
from activities.kernel.queries import queries
from cases.time_limits import within
from gateway.staff import actor_of
from office.context import Office, office_of
from schemas.kernel.case import Actor
from schemas.kernel.patience import CONNECT_WITHIN

SQL: Final = queries("kernel/office_sessions")
ID_BYTES: Final = 32
HOURS: Final = 10
"""The longest stay, also in `office_sessions_in_force`; a browser forgets its cookie with it."""
FRESH_MINUTES: Final = 15
"""How long ago somebody may have shown who they are for a page that asks for it anew."""
_ID_LENGTH: Final = 43
_BY_A_PERSON: Final = "navigate"
"""`Sec-Fetch-Mode` of a link or a form; what a script of the page fetches has another."""
_BY_ITSELF: Final = "by-itself"
"""In the address with which a page without scripts asks for itself again."""


class SignInNeeded(Exception):  # noqa: N818 - an answer about a request, not an error of the program
    """Nobody is signed in, or not lately enough (`again`)."""

    def __init__(self, *, again: bool = False) -> None:
        super().__init__()
        self.again = again


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    Args:
        number: of the session, for who ends it.
        actor: the member of staff, with the roles that are on record now.
        csrf: what every form of the session carries.
        language: `ja` or `en`, as chosen.
        signed_in_at: when it was last shown who they are.
        ends_at: when the session is over, if nothing is done.
    """

    number: int
    actor: Actor
    csrf: str
    language: str
    signed_in_at: datetime
    ends_at: datetime


async def session_of(request: Request, *, used: bool = True) -> Session:
    """The session of a request; the actor is then who acts in the database.

    Args:
        request: of the browser.
        used: a person may have asked; what a page asks by itself does not keep a session from ending, and a
            browser says of a script's request that it is one, a page without scripts in its address.

    Raises:
        SignInNeeded: there is none.
    """
    shown = request.cookies.get(cookie_name(office_of(request)), "")
    if len(shown) != _ID_LENGTH:
        raise SignInNeeded
    pool = office_of(request).gateway.pool
    # the first that is asked of the database: a frozen one is told at once
    row = await within(CONNECT_WITHIN, pool.fetchrow(SQL["session"], hash_of(shown)))
    if row is None:
        raise SignInNeeded
    ends_at = row["ends_at"]
    scripted = request.headers.get("sec-fetch-mode", _BY_A_PERSON) != _BY_A_PERSON
    by_itself = scripted or _BY_ITSELF in request.query_params
    if used and not by_itself and row["stale"]:
        ends_at = await pool.fetchval(SQL["seen"], row["number"]) or ends_at
    actor = actor_of(row["staff_id"], row["roles"])
    act_for(actor.id)
    # also of a page that refuses
    request.state.language = row["language"]
    signed_in = row["signed_in_at"]
    session = Session(row["number"], actor, row["csrf"], row["language"], signed_in, ends_at)
    request.state.session = session
    return session


def require_fresh(session: Session, minutes: float = FRESH_MINUTES) -> None:
    """Let only pass who has shown who they are within so many minutes: before what is confidential.

    Raises:
        SignInNeeded: it is longer ago; they are asked `again`.
    """
    if datetime.now(UTC) - session.signed_in_at > timedelta(minutes=minutes):
        raise SignInNeeded(again=True)


async def start(
    connection: Any, staff_id: str, language: str | None, shown_at: datetime | None
) -> str | None:
    """Begin a session; what the browser shows from then on, or None when nobody active has that id.

    Args:
        connection: with the office's rights; the session begins with its transaction.
        staff_id: who signs in.
        language: `ja` or `en`; None: the one on record.
        shown_at: when they showed who they are; None: the provider does not say.
    """
    new = secrets.token_urlsafe(ID_BYTES)
    await connection.execute(SQL["forget_ended"])
    token = secrets.token_urlsafe(ID_BYTES)
    begun = await connection.fetchval(SQL["start"], hash_of(new), staff_id, token, language, shown_at)
    return None if begun is None else new


async def shown_again(connection: Any, session: Session, shown_at: datetime) -> str | None:
    """Note that somebody has shown anew who they are; the session's new id, None when it has ended."""
    new = secrets.token_urlsafe(ID_BYTES)
    number = await connection.fetchval(SQL["shown_again"], session.number, hash_of(new), shown_at)
    return None if number is None else new


async def extend(pool: asyncpg.Pool, session: Session) -> datetime:
    """Put off the end for want of use; when the session is over now. The longest stay is not put off."""
    return await pool.fetchval(SQL["seen"], session.number) or session.ends_at


async def own_sessions(pool: asyncpg.Pool, session: Session) -> list[asyncpg.Record]:
    """The sessions of the same person that hold, the newest first."""
    rows: list[asyncpg.Record] = await pool.fetch(SQL["of_staff"], session.actor.id)
    return rows


async def end(pool: asyncpg.Pool, session: Session, number: int) -> bool:
    """End one of one's own sessions; False: there is none of that number."""
    return await pool.fetchval(SQL["end"], number, session.actor.id) is not None


async def end_others(pool: asyncpg.Pool, session: Session) -> int:
    """End all of one's own but this one; how many."""
    ended: int = await pool.fetchval(SQL["end_others"], session.actor.id, session.number)
    return ended


async def end_former(request: Request, connection: Any) -> None:
    """End the session that a browser has had before: it has one, whoever sits there."""
    former = request.cookies.get(cookie_name(office_of(request)))
    if former is not None:
        await connection.execute(SQL["end_by_id"], hash_of(former))


async def set_language(pool: asyncpg.Pool, session: Session, language: str) -> None:
    """Remember the language for the rest of the session."""
    await pool.execute(SQL["set_language"], session.number, language)


def hash_of(shown: str) -> bytes:
    """What is stored of something random that a browser shows; too random to need a salt."""
    return hashlib.sha256(shown.encode()).digest()


def cookie_name(office: Office) -> str:
    """`__Host-` binds the cookie to this host and to https; over http some browsers refuse it."""
    return "__Host-iehe-office" if is_secure(office) else "iehe-office"


def is_secure(office: Office) -> bool:
    """Whether the pages are reached by https."""
    return office.url.startswith("https:")


def keep_cookie(answer: Response, office: Office, shown: str) -> None:
    """Let the browser show this session from now on."""
    answer.set_cookie(
        cookie_name(office),
        shown,
        max_age=HOURS * 3600,
        path="/",
        secure=is_secure(office),
        httponly=True,
        samesite="lax",
    )


def forget_cookie(answer: Response, office: Office) -> None:
    """Let the browser forget its session."""
    answer.delete_cookie(
        cookie_name(office), path="/", secure=is_secure(office), httponly=True, samesite="lax"
    )
