"""The case that is measured, at this system's own doors; what other engines are given is recorded from it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
from temporalio.client import Client

from activities.kernel.queries import queries
from benchmarks.servers import Servers
from cases.decisions import decide
from cases.starting import start_case
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.admission.commands import (
    AcceptReview,
    CastVote,
    ConfirmEligibility,
    RecordDecision,
    RecordEnrolment,
    SubmitScores,
)
from schemas.admission.identifiers import PROCESS, ROUND_ATTRIBUTE
from schemas.kernel.case import Actor, Command, EventEnvelope, MoveDeadline
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from tests.office import DEFAULT_STAFF, GOOD, Institute, actor
from tests.words import vault_of

ROUND: Final = "2027-comprehensive"
SOURCE: Final = "urn:example:portal"


@dataclass(frozen=True)
class Message:
    """What a system tells (`fact`) or a person decides (`command`): by name, or the nth with a task."""

    fact: str = ""
    command: type[Command] | None = None
    by: str | tuple[str, int] = "office-1"
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str | None = None


MESSAGES: Final[Sequence[Message]] = (
    Message("document-received", values={"item": "transcript"}),
    Message("document-received", values={"item": "identity"}),
    Message("fee-paid"),
    Message("recommendation-received"),
    Message(command=ConfirmEligibility, values={"eligible": True}),
    *(
        Message(command=command, by=("review", number), values=values)
        for number in range(3)
        for command, values in ((AcceptReview, {"no_conflict": True}), (SubmitScores, {"points": GOOD}))
    ),
    *(
        Message(command=CastVote, by=("vote", number), values={"choice": "admit"}, text="A reason")
        for number in range(5)
    ),
    Message(command=RecordDecision, by="head-1", values={"decision": "offered"}),
    Message("offer-answered", values={"answer": "accepted"}),
    Message(command=RecordEnrolment, values={"result": "enrolled"}),
)


async def prepare(servers: Servers, count: int) -> list[str]:
    """Store so many applications and people who may take them all; the cases' ids."""
    institute = Institute(await servers.client(), await servers.pool("owner", 4))
    await institute.employ(*DEFAULT_STAFF)
    await institute.pool.execute("UPDATE iehe.round_places SET places = 100000")
    # nobody is full, and no letter waits for the morning
    await institute.pool.execute(
        "UPDATE iehe.policies SET body = regexp_replace(regexp_replace(body::text, "
        """'"load_cap": *6', '"load_cap": 100000', 'g'), """
        """'("quiet_(from|until)": *)"[0-9:]+"', '\\1"00:00"', 'g')::jsonb"""
    )
    return [(await institute.apply(start=False)).case_id for _ in range(count)]


@dataclass
class Admission:
    """The system with everything on; `direct` signals facts past inbox and relay."""

    client: Client
    pool: asyncpg.Pool
    look: asyncpg.Pool
    direct: bool = False
    table: str = "iehe.cases"
    _people: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict)

    async def start(self, case_id: str) -> None:
        """Start the case."""
        await start_case(self.client, case_id, {ROUND_ATTRIBUTE: ROUND})

    async def send(self, case_id: str, number: int) -> int:
        """Hand a message over; the version of the case where the answer tells it."""
        message = MESSAGES[number]
        if message.command is None:
            await self._tell(case_id, message)
            return 0
        values = {"actor": await self._actor(case_id, message), **message.values}
        return await self._decide(case_id, message.command, values, message.text)

    async def postpone(self, case_id: str) -> None:
        """A decision that can be made again and again while the case waits for documents."""
        due = datetime.now(UTC) + timedelta(days=30)
        await self._decide(
            case_id, MoveDeadline, {"actor": actor("office-1"), "deadline": "completeness", "due_at": due}
        )

    async def result(self, case_id: str) -> None:
        """Return when the case has ended and its last letter is gone."""
        await self.client.get_workflow_handle(case_id).result()

    async def _decide(
        self, case_id: str, command: type[Command], values: Mapping[str, Any], text: str | None = None
    ) -> int:
        async def client() -> Client:
            return self.client

        (row,) = await self.pool.fetch(queries("kernel/office")["case"], case_id)
        texts = {"reason": text} if text else {}
        made = command.model_validate({"command_id": uuid4().hex, **values})
        return (await decide(self.pool, client, row, made, texts, vault_of(self.client))).version

    async def _tell(self, case_id: str, message: Message) -> None:
        kind = event_type(PROCESS, message.fact)
        if self.direct:
            envelope = EventEnvelope(id=uuid4().hex, source=SOURCE, type=kind, data=dict(message.values))
            await self.client.get_workflow_handle(case_id).signal(EVENT_SIGNAL, envelope)
            return
        event = {"specversion": "1.0", "id": uuid4().hex, "source": SOURCE, "type": kind}
        subject = case_id.partition("/")[2]
        await Inbox(self.pool).store(
            SOURCE, [arrival_of({**event, "subject": subject, "data": dict(message.values)})]
        )

    async def _actor(self, case_id: str, message: Message) -> Actor:
        if isinstance(message.by, str):
            return actor(message.by)
        kind, number = message.by
        if (case_id, kind) not in self._people:
            rows = await self.look.fetch(
                "SELECT assignee FROM iehe.tasks WHERE case_id = $1 AND kind = $2 ORDER BY key", case_id, kind
            )
            self._people[case_id, kind] = [row["assignee"] for row in rows]
        return actor(self._people[case_id, kind][number])


@asynccontextmanager
async def running(
    servers: Servers, *, direct: bool = False
) -> AsyncIterator[tuple[Admission, Sequence[int]]]:
    """The system's own worker and relay, and the ids of their processes."""
    names = ["worker"] if direct else ["worker", "relay"]
    processes = [await servers.start("cli.main", name) for name in names]
    door, look = await servers.pool("office", 32, "door"), await servers.pool("owner")
    try:
        yield Admission(await servers.client(), door, look, direct), [each.pid for each in processes]
    finally:
        # the next turn's connections are as many, and the server has a hundred
        door.terminate()
        look.terminate()
        for each in processes:
            await each.stop()
