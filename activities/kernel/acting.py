"""For whom the office's connections act: what rows the database shows follows from it (`iehe.rights_of`).

Set once a person is proven, for the rest of a request or a command; a pool tells it to the database at each
use of a connection. Nobody by default, who sees nothing of what is confidential.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

THE_HOST: Final = "*"
"""The host itself: it stores, starts, repairs and counts, and shows nothing of a case to a person."""
_ACTING: ContextVar[str] = ContextVar("acting", default="")


def acting() -> str:
    """The staff id of who acts; `THE_HOST`, or empty for nobody."""
    return _ACTING.get()


def act_for(who: str) -> None:
    """From here on act for a person, by the staff id that was proven."""
    _ACTING.set(who)


@contextmanager
def acting_for(who: str) -> Iterator[None]:
    """Act for somebody for a while."""
    before = _ACTING.set(who)
    try:
        yield
    finally:
        _ACTING.reset(before)
