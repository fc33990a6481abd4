"""Taking what a home university's system says of a mobility: once, whole, and never more than it may say.

A mobility is one case however often it is told of: its case id is made from the partner and its id there by a
keyed hash.
"""

from base64 import b32encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.exchange.facts import MobilityChanged
from schemas.exchange.nomination import Nomination
from schemas.exchange.partners import Mobility
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from workflows.exchange.process import EXCHANGE

SQL: Final = queries("exchange/partners")
ROOM: Final = EXCHANGE.room
FIX: Final = "fix-nomination"
"""What a partner says cannot be taken: its coordinator has to put it right."""
WAITS: Final = "waits"
_CODE_BYTES: Final = 10
_COPIED: Final = (
    *("agreement", "faculty", "family", "given", "nationality", "mail", "language"),
    *("first", "last", "months", "needs_coe"),
)
Mark = Callable[[str, str], bytes]
Row = Mapping[str, Any]


def subject_of(mark: Mark, term: str, partner: str, mobility: str) -> str:
    """The subject of the case of a mobility, which says nothing of it but the term."""
    return f"{term}-{code_of(mark, partner, mobility)}"


def code_of(mark: Mark, partner: str, mobility: str) -> str:
    """What stands for a mobility in the ids of cases and tasks."""
    return b32encode(mark(ROOM, f"mobility|{partner}|{mobility}")[:_CODE_BYTES]).decode("ascii")


async def take(connection: Connection, mark: Mark, partner: str, said: Mobility) -> str:
    """Take what a partner says of one of its mobilities, in a transaction of the caller's.

    Returns:
        What became of it: new, changed, same, old (it has said something later), ended, refused, or `WAITS`:
        nothing yet, its case is to be opened first with what was said before.
    """
    await connection.execute(SQL["one_at_a_time"], partner, said.mobility)
    known = await connection.fetchrow(SQL["known"], partner, said.mobility)
    if known is None:
        fate = await _new(connection, mark, partner, said)
    else:
        fate = await _known(connection, mark, said, known)
    if fate not in ("refused", WAITS):
        await connection.execute(SQL["close_task"], FIX, code_of(mark, partner, said.mobility))
    return fate


async def _known(connection: Connection, mark: Mark, said: Mobility, known: Row) -> str:
    """What is said of a mobility that has a case."""
    if known["erased_at"] is not None:
        return "ended"
    if said.revision < known["revision"]:
        return "old"
    if fixed := _fixed(known, said):
        # its own rule refuses it, and a person looks at the case (X5)
        await _tell(connection, known, f"r{said.revision}-{'-'.join(fixed)}", said, fixed)
        return "refused"
    if said.revision > known["revision"]:
        return await _next_revision(connection, mark, said, known)
    if said.status != (known["home_status"] or "live"):
        return await refused(connection, mark, said.partner, said.mobility)  # a change is a revision
    await connection.execute(SQL["confirm"], known["case_id"], said.host, said.status)
    return "same"


async def _next_revision(connection: Connection, mark: Mark, said: Mobility, known: Row) -> str:
    """Written with what the case is told of it; what was said before is kept."""
    if not await _has_agreement(connection, said.partner, said, known["term"]):
        return await refused(connection, mark, said.partner, said.mobility)
    if said.term != known["term"]:
        # deferred here: what it says is of another stay
        said = said.model_copy(update={name: known[name] for name in ("first", "last", "months")})
    if not await connection.fetchval(SQL["is_opened"], known["case_id"]):
        # it would be opened with this revision, and then be told of it as of a change
        return WAITS
    await connection.execute(SQL["keep_revision"], known["case_id"])
    await connection.execute(SQL["take_revision"], known["case_id"], said.revision, *_own(said))
    if known["closed"]:
        return "ended"
    await _tell(connection, known, f"r{said.revision}", said, _changed(known, said))
    return "changed"


async def _new(connection: Connection, mark: Mark, partner: str, said: Mobility) -> str:
    """A nomination, stored and noted to be started (X2); one that was cancelled before is none."""
    if said.partner != partner:
        return await refused(connection, mark, partner, said.mobility)
    if said.status == "cancelled":
        return "ended"
    if not await _has_agreement(connection, partner, said, said.term):
        return await refused(connection, mark, partner, said.mobility)
    case_id = EXCHANGE.case_id(subject_of(mark, said.term, partner, said.mobility))
    form = said.model_dump(mode="json", include=set(Nomination.model_fields))
    await _enter(connection, case_id, "nomination-received", f"r{said.revision}", partner, form)
    await connection.execute(SQL["confirm"], case_id, said.host, said.status)
    return "new"


async def refused(connection: Connection, mark: Mark, partner: str, mobility: str) -> str:
    """Nothing of it is taken, and the office asks the coordinator."""
    await connection.execute(SQL["open_task"], FIX, code_of(mark, partner, mobility))
    return "refused"


async def _has_agreement(connection: Connection, partner: str, said: Mobility, term: str) -> bool:
    return bool(await connection.fetchval(SQL["has_agreement"], term, said.agreement, partner))


def _fixed(known: Row, said: Mobility) -> tuple[str, ...]:
    """What never changes under an id and has: the student, by number and birth, home and host (X5)."""
    student = said.student
    differs = {
        "student": (known["number"], known["born"]) != (student.number, student.born),
        "home": known["partner"] != said.partner,
        "host": known["host"] not in (None, said.host),
    }
    return tuple(name for name, other in differs.items() if other)


def _changed(known: Row, said: Mobility) -> tuple[str, ...]:
    """Names of the fields that differ from the copy."""
    before = [known[each] for each in _COPIED] + [known["home_status"] or "live"]
    named = zip((*_COPIED, "status"), before, _own(said)[:-1], strict=True)
    return tuple(name.replace("_", "-") for name, one, other in named if one != other)


def _own(said: Mobility) -> tuple[Any, ...]:
    """What the home university is the master of, as the copy has it; birth and number never change."""
    student = said.student
    return (
        *(said.agreement, said.faculty, student.family, student.given or None, student.nationality),
        *(student.mail, student.language, said.first, said.last, said.counted_months, said.needs_coe),
        *(said.status, said.host),
    )


async def _tell(
    connection: Connection, known: Row, fact: str, said: Mobility, fields: tuple[str, ...]
) -> None:
    changed = MobilityChanged(revision=said.revision, fields=fields, status=said.status)
    data = changed.model_dump(mode="json")
    await _enter(connection, known["case_id"], "mobility-changed", fact, known["partner"], data)


async def _enter(
    connection: Connection, case_id: str, kind: str, fact: str, partner: str, data: Mapping[str, Any]
) -> None:
    """Put a fact into the inbox of a case; its id follows from what it says, so that it is told once."""
    envelope = EventEnvelope(
        id=f"{case_id.partition('/')[2]}/{fact}",
        source=f"partner:{partner}",
        type=event_type(EXCHANGE.name, kind),
        received_at=datetime.now(UTC),
        data=dict(data),
    )
    where = (EXCHANGE.name, case_id, envelope.model_dump_json())
    await connection.execute(SQL["tell_case"], envelope.source, envelope.id, envelope.type, *where)
