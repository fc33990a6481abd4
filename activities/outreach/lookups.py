"""What the rules of a request ask the database for, in the transaction of their step."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from schemas.outreach.lookups import LecturerFound, RequestFacts, Title, TopicFacts

SQL: Final = queries("outreach/requests")


async def request(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The stored request without anything personal, and the policy in force when it came.

    Raises:
        Refusal: no policy was in force.
    """
    row = await connection.fetchrow(SQL["request"], terms["case_id"])
    if row is None:
        raise Refusal("policy-unknown", policy="school-outreach")
    told = {name: row[name] for name in RequestFacts.model_fields if name in row}
    policy_ref = PolicyRef(version=row["version"], route=row["route"])
    title = Title(ja=row["ja"], en=row["en"])
    return RequestFacts(**told, policy_ref=policy_ref, title=title).model_dump(mode="json")


async def topic(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """A topic, or a field, as registered for the year of a date (O1).

    Raises:
        Refusal: it is not registered.
    """
    at = datetime.fromisoformat(terms["at"])
    row = await connection.fetchrow(SQL["topic"], terms["topic"], terms["field"], at)
    if row is None:
        year = await connection.fetchval("SELECT iehe.outreach_year($1)", at)
        raise Refusal("unknown-topic", topic=terms["topic"] or terms["field"], year=year)
    title = Title(ja=row["title_ja"], en=row["title_en"])
    if terms["topic"] is None:
        title = Title(ja=row["field"], en=row["field"])
    return TopicFacts(topic=terms["topic"], field=row["field"], title=title).model_dump(mode="json")


async def lecturers(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """At which dates the named, or those who registered the topic, are free; locked until the step is over.

    `spans` are the dates, each with its end, and the first moments of its term and of the next one.
    """
    spans = [[datetime.fromisoformat(at) for at in span] for span in terms["spans"]]
    named = terms["named"]
    if not named:
        rows = await connection.fetch(SQL["registered"], terms["topic"], terms["field"], spans[0][0])
        named = [row["lecturer"] for row in rows]
    active = {row["staff_id"] for row in await connection.fetch(SQL["lock_lecturers"], named)}
    columns = [list(column) for column in zip(*spans, strict=True)]
    rows = await connection.fetch(SQL["free"], named, *columns, terms["case_id"], terms["cap"])
    found = []
    for lecturer in named:
        theirs = [row for row in rows if row["staff_id"] == lecturer and row["there"] and lecturer in active]
        idle = [row for row in theirs if not row["busy"]]
        free = tuple(row["place"] for row in idle if not row["filled"])
        found.append(
            LecturerFound(lecturer=lecturer, active=bool(theirs), full=bool(idle) and not free, free=free)
        )
    return [each.model_dump(mode="json") for each in found]


LOOKUPS: Final = {"request": request, "topic": topic, "lecturers": lecturers}
