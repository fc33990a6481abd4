"""Parts of a case that are shown beside a form: what its process adds, its words, its documents; by right."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request

from cases import documents
from cases.registry import ROOMS
from cases.sight import note_reads
from cases.states import read_state
from cases.texts import texts_of
from office.case import Seen
from office.context import office_of
from office.pages import Reader
from office.tables import Section, sections_of
from workflows.kernel.sight import Field

READ: Final = "words"
"""What the log of reads calls it when words, or whom a case is about, are shown."""
Side = Callable[[Request, Reader, Seen], Awaitable[list[Section]]]


async def own_part(request: Request, seen: Seen, *, personal: bool = False) -> dict[str, Any]:
    """What the process adds to the page of the case, as far as the reader sees it."""
    pool = office_of(request).gateway.pool
    personal = personal and Field.PERSONAL in seen.fields
    if personal:
        await note_reads(pool, [seen.case_id], READ, Field.PERSONAL)
    room = ROOMS[seen.process.name]
    own = await room.page(pool, seen.case_id, await read_state(pool, seen.row), personal)
    return own if Field.WORK in seen.fields else {name: own[name] for name in own if name in room.shared}


def parts(*names: str, personal: bool = False) -> Side:
    """Some of what the process adds, in the order of its words."""

    async def shown(request: Request, reader: Reader, seen: Seen) -> list[Section]:
        own = await own_part(request, seen, personal=personal)
        return sections_of(reader.tongue, seen.process.room, {name: own.get(name) for name in names})

    return shown


async def words(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """Everything that was said of the case in words, for who sees what is personal; that is on record."""
    if Field.PERSONAL not in seen.fields:
        return []
    t, gateway, room = reader.tongue, office_of(request).gateway, seen.process.room
    await note_reads(gateway.pool, [seen.case_id], READ, Field.PERSONAL)
    lines = tuple(
        (
            f"{t.moment(each['created_at'])} {t.said_by(room, each['author'])}",
            each["body"] or t("It cannot be opened."),
        )
        for each in await texts_of(gateway.pool, gateway.vault, seen.case_id)
    )
    return [Section(t("What was said"), lines=lines)] if lines else []


async def files(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """The documents of the case with their versions, each of which can be opened from here."""
    t, room = reader.tongue, seen.process.room
    rows, links = [], []
    for each in await documents.listed(office_of(request).gateway.pool, seen.row):
        rows.append(
            {
                "document": t.of(each["title"]),
                "state": t.choice(room, "document", each["state"]) if each["state"] else "",
            }
        )
        links.append(
            tuple(
                (
                    f"/cases/{seen.case_id}/documents/{each['name']}/{version['version']}",
                    t("Version {number}", number=version["version"]),
                )
                for version in each["versions"]
                if not version["revoked_at"] and not version["erased_at"]
            )
        )
    columns = (("document", t("Document")), ("state", t("State")))
    return [Section(t("Documents"), columns=columns, rows=tuple(rows), links=tuple(links))] if rows else []


def beside(*sides: Side) -> Side:
    """Several, one below the other."""

    async def shown(request: Request, reader: Reader, seen: Seen) -> list[Section]:
        return [section for side in sides for section in await side(request, reader, seen)]

    return shown
