"""The pages that processes have of their own, found in their rooms: `office/<room>/pages.py`."""

from collections.abc import Mapping
from typing import Final

from starlette.routing import BaseRoute

from cases.registry import own_modules
from office.rights import OwnPage
from schemas.kernel.case import Actor

_OWN: Final = own_modules("office", "pages")
PAGES: Final[Mapping[str, tuple[OwnPage, ...]]] = {room: tuple(own.PAGES) for room, own in _OWN.items()}
"""By room, what of it is shown beside its boards."""


def pages_of(actor: Actor, room: str) -> list[OwnPage]:
    """The pages of a room to which an actor is shown the way."""
    return [each for each in PAGES.get(room, ()) if each.may(actor)]


def ways_to_start(actor: Actor) -> list[OwnPage]:
    """The pages of all rooms at which an actor may begin cases."""
    return [each for room in PAGES for each in pages_of(actor, room) if each.starts]


def routes() -> list[BaseRoute]:
    """The addresses of all of them."""
    return [route for own in _OWN.values() for route in own.ROUTES]
