"""Sessions of the pages: who is signed in, since when and until when."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from schemas.kernel.case import Actor


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


async def session_of(_request: Request) -> Session:
    """The session of a request; the actor is then who acts in the database.

    Raises:
        SignInNeeded: there is none.
    """
    raise SignInNeeded
