"""What is personal in a fact is put apart where it comes in: neither the inbox nor a case's history holds it.

What goes on is made by keyed hashes, so that the same fact told twice is the same fact.
"""

import json
from base64 import b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_args
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from activities.kernel.queries import queries
from cases.fields import kind_of
from cases.texts import Vault, keep_text
from schemas.kernel.case import Command
from schemas.kernel.personal import Apart
from workflows.kernel.process import EventKind, Process, Reach

STAFF: Final = queries("kernel/staff")
_ID_BYTES: Final = 10
_CHECK_BYTES: Final = 5


class Marks(Vault, Protocol):
    """The keys of cases, and marks that only who has the ring can make."""

    def mark(self, room: str, text: str) -> bytes:
        """32 bytes that stand for a text and say nothing of it."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words that are stored beside a fact."""

    text_id: UUID
    case_id: str
    author: str
    words: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A value that the room keeps in rows of its own; as JSON."""

    case_id: str
    fact: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class PutApart:
    """A fact without what is personal in it, and what is stored in the transaction that stores it."""

    case_id: str
    data: dict[str, Any]
    words: tuple[Words | Kept, ...] = ()


def is_apart(process: Process[Any], kind: EventKind) -> bool:
    """Whether a fact of this kind is changed where it comes in."""
    return process.keyed or any(True for _ in _marked(kind.data))


def put_apart(
    marks: Marks,
    process: Process[Any],
    kind: EventKind,
    subject: str,
    source: str,
    event: str,
    data: Mapping[str, Any],
) -> PutApart:
    """What goes on of a fact, and what is stored beside it.

    Args:
        marks: the keys.
        process: whose fact it is.
        kind: which one.
        subject: of whom, as the source names it.
        source: who tells it.
        event: its id there.
        data: what it says, checked.
    """
    if kind.reaches is not None:
        # it is of no case: there is no key under which words could be kept
        named = process.keyed and kind.reaches is Reach.PERSON
        about = person_key(marks, process.room, subject) if named else subject
        return PutApart(process.case_id(about), dict(data))
    case_id = process.case_id(keyed(marks, process.room, source, subject) if process.keyed else subject)
    kept, told = list[Words | Kept](), dict(data)
    for path, mark in _marked(kind.data):
        *way, name = path
        part: Any = told
        for step in way:
            if part.get(step) is None:
                part = {}
                break
            part[step] = part = dict(part[step])
        if part.get(name) is None:
            continue
        if mark is Apart.KEPT:
            value = json.dumps(part[name], sort_keys=True)
            fact = next(fact for fact, each in process.events.items() if each is kind)
            kept.append(Kept(case_id, fact, ".".join(path), value))
            told_as = "|".join(("kept", case_id, source, event, *path, value))
            part[name] = _code(marks.mark(process.room, told_as)[:_ID_BYTES])
            continue
        words = str(part[name])
        place = "|".join((case_id, "" if mark is Apart.PERSON else f"{source}|{event}", *path, words))
        text_id = UUID(bytes=marks.mark(process.room, f"text|{place}")[:16], version=5)
        kept.append(Words(text_id, case_id, f"{source}/{'.'.join(path)}"[:64], words))
        of_person = mark is Apart.PERSON
        part[name] = f"{party_key(marks, process.room, words)}.{text_id}" if of_person else str(text_id)
    return PutApart(case_id, told, tuple(kept))


def of_receiver(
    marks: Marks | None, process: Process[Any], model: type[BaseModel], data: Mapping[str, Any]
) -> dict[str, Any]:
    """A fact of another process as its receiver gets it: a person in it by its own keyed hash (L8).

    Raises:
        LookupError: there are no keys here.
    """
    own = dict(data)
    for (name, *_), mark in _marked(model):
        if mark is not Apart.PERSON or own.get(name) is None:
            continue
        if marks is None:
            raise LookupError(f"{process.name} is reached only where its keys are")
        own[name] = party_key(marks, process.room, str(own[name]))
    return own


async def keep(connection: Any, marks: Marks, words: tuple[Words | Kept, ...]) -> None:
    """Store them, in the transaction that stores the fact."""
    for each in words:
        if isinstance(each, Kept):
            room = each.case_id.partition("/")[0]
            given = each.case_id, each.fact, each.field, each.value
            await connection.execute(f"SELECT iehe.{room}_kept($1, $2, $3, $4::jsonb)", *given)
            continue
        await keep_text(connection, marks, each.text_id, each.case_id, each.author, each.words)


def party_key(marks: Marks, room: str, party: str) -> str:
    """The same for a number, or for a mail address however it is written."""
    return person_key(marks, room, party.lower() if "@" in party else party)


async def parted(
    connection: Any, marks: Marks, process: Process[Any], case_id: str, command: Command
) -> Command:
    """A decision without the persons whom it names: they are stored, and their keyed hashes go on."""
    parties = _parties(marks, process, case_id, command)
    for party, text_id in parties.values():
        await keep_text(connection, marks, text_id, case_id, command.actor.id, party)
    if parties:
        # the staff as it is now: whoever is named may be of it
        await keep_staff_keys(connection, marks, process)
    return without_parties(marks, process, case_id, command)


def without_parties(marks: Marks, process: Process[Any], case_id: str, command: Command) -> Command:
    """A decision as it goes on without the persons whom it names; nothing is stored."""
    parties = _parties(marks, process, case_id, command)
    return command.model_copy(
        update={
            name: f"{party_key(marks, process.room, party)}.{text_id}"
            for name, (party, text_id) in parties.items()
        }
    )


def _parties(
    marks: Marks, process: Process[Any], case_id: str, command: Command
) -> dict[str, tuple[str, UUID]]:
    """By field the person whom a decision names, and the id under which that is stored."""
    found = {}
    for (name,), mark in _marked(type(command)):
        party = getattr(command, name)
        if mark is Apart.PERSON and party is not None:
            place = f"text|{case_id}|{command.cause}|{name}|{party}"
            found[name] = party, UUID(bytes=marks.mark(process.room, place)[:16], version=5)
    return found


async def keep_staff_keys(connection: Any, marks: Marks, process: Process[Any]) -> None:
    """Let whoever a case is about or against be found among the staff, by staff id and by mail address."""
    rows = await connection.fetch(STAFF["parties"])
    staff = [(row["staff_id"], party) for row in rows for party in (row["staff_id"], row["email"])]
    keys = [party_key(marks, process.room, party) for _, party in staff]
    keep = f"SELECT iehe.{process.room}_keep_staff_keys($1, $2)"
    await connection.execute(keep, [staff_id for staff_id, _ in staff], keys)


def person_key(marks: Marks, room: str, person: str) -> str:
    """What stands for a person in all cases of a room, and says nothing of who it is."""
    return _code(marks.mark(room, f"person|{person}")[:_ID_BYTES])


def keyed(marks: Marks, room: str, source: str, reference: str) -> str:
    """The subject of a case whose id tells nothing: from who referred it, and under what.

    One that was made so is itself: a part of it is a check of the rest.
    """
    body, check = reference[:-8], reference[-8:]
    if len(reference) == 24 and check == _check(marks, room, body):  # noqa: PLR2004 - as made below
        return reference
    body = _code(marks.mark(room, f"case|{source}|{reference}")[:_ID_BYTES])
    return body + _check(marks, room, body)


def _check(marks: Marks, room: str, body: str) -> str:
    return _code(marks.mark(room, f"check|{body}")[:_CHECK_BYTES])


def _code(value: bytes) -> str:
    return b32encode(value).decode("ascii").rstrip("=")


def _marked(model: type[BaseModel], before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Apart]]:
    """The marked fields of a model, each with the way to it."""
    for name, field in model.model_fields.items():
        kind = kind_of(field)
        if (mark := _mark_of(field)) is not None:
            yield (*before, name), mark
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _marked(kind, (*before, name))


def _mark_of(field: FieldInfo) -> Apart | None:
    inside = (each for part in get_args(field.annotation) for each in getattr(part, "__metadata__", ()))
    return next((each for each in (*field.metadata, *inside) if isinstance(each, Apart)), None)
