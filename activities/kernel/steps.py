"""The step: a message to a case is decided, looked up and written in one transaction.

The rules run here, on the state that the database holds under a lock. What came of it is the activity's
answer, which Temporal records: a replay takes it and decides nothing.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, Final

import asyncpg
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.kernel.case_log import FIRST
from activities.kernel.database import Connection, transact
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.room import Room
from activities.kernel.written_steps import write_steps
from schemas.kernel.case import CaseState, Command, RefusedEvent
from schemas.kernel.refusals import Refusal
from schemas.kernel.step import (
    Decided,
    FactRefused,
    FactTold,
    Message,
    NoticesFailed,
    Opened,
    RefusedStep,
    Restarted,
    StepOutcome,
    StepRequest,
    TimePassed,
)
from schemas.kernel.transition import Transition
from workflows.kernel import stepping
from workflows.kernel.draft import Draft, Frame, LookupNeeded
from workflows.kernel.known_policies import POLICIES
from workflows.kernel.process import shown
from workflows.kernel.state import difference, waiting_for_whom

SQL: Final = queries("kernel/cases")
STEPS_OF_A_MESSAGE: Final = 20
"""Steps written in one transaction at most; the workflow asks again when the clock has more to do."""


def cause_of(message: Message, room: Room) -> str | None:
    """What the log remembers of a message, so that it is taken once; None for what can be asked twice."""
    match message:
        case Decided():
            return command_of(message, room).cause
        case FactTold():
            return message.event.cause
        case FactRefused():
            return message.cause
        case NoticesFailed():
            return _cause_of_report(message)
        case _:
            return None


def _cause_of_report(message: NoticesFailed) -> str:
    keys = hashlib.sha256("".join(sorted(message.failed)).encode()).hexdigest()
    return f"notices/{message.version}/{keys[:16]}"


def command_of(message: Decided, room: Room) -> Command:
    """The command that a person has given."""
    return room.process.commands[message.step].model_validate(message.command)


class StepActivities:
    """The database side of every case.

    Args:
        pool: connections of the worker role.
        rooms: the processes by their names.
        fault: called at named points so that tests can die there.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        rooms: Mapping[str, Room],
        fault: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._pool = pool
        self._rooms = rooms
        self._fault = fault

    @activity.defn(name="take-step")
    async def take_step(self, request: StepRequest) -> StepOutcome:
        """Take the steps that a message leads to, whole or not at all; the same message again is answered.

        Raises:
            ApplicationError: `DatabaseFault` when the database does not let it through; `DatabaseBehind` when
                it is older than what Temporal has recorded.
        """
        room = self._rooms[request.process]
        try:
            outcome = await self._transact(room, request)
        except Refusal as refusal:
            outcome = await self._refused(room, request, refusal)
        if self._fault is not None and outcome.refused is None:
            await self._fault(f"written:{outcome.step}")
        return outcome

    async def _transact(self, room: Room, request: StepRequest, *, alone: bool = False) -> StepOutcome:
        async def work(connection: Connection) -> StepOutcome:
            return await _Taking(self, room, request, connection).take(alone=alone)

        return await transact(self._pool, work)

    async def _refused(self, room: Room, request: StepRequest, refusal: Refusal) -> StepOutcome:
        """Who asked is told; what nobody can be told of is kept for a person."""
        message = request.message
        if isinstance(message, FactTold):
            refused = RefusedEvent(event_id=message.event.cause, code=refusal.code)
            instead = FactRefused(refused=refused, cause=message.event.cause)
            return await self._transact(room, request.model_copy(update={"message": instead}))
        if isinstance(message, Decided):
            return StepOutcome(
                version=request.follows,
                step=message.step,
                refused=RefusedStep(code=refusal.code, params=refusal.params),
            )
        # only the database refuses what the case does by itself: the message counts, its sequels come later
        return await self._transact(room, request, alone=True)

    async def answered(
        self, room: Room, connection: Connection, make: Callable[[Frame], Draft[Any]], at: datetime
    ) -> Draft[Any]:
        """Run a rule, looking up what it asks for, until it asks for nothing more."""
        found: dict[str, Any] = {}
        while True:
            try:
                return make(Frame(now=at, found=found, policies=POLICIES.of(room.process)))
            except LookupNeeded as question:
                if question.name == "policy":
                    await read_policy(connection, room.process, question.terms)
                else:
                    found[question.key] = await room.lookups[question.name](connection, question.terms)


class _Taking:
    """One message on its way into steps, in one transaction."""

    def __init__(
        self, activities: StepActivities, room: Room, request: StepRequest, connection: Connection
    ) -> None:
        self._activities = activities
        self._room = room
        self._process = room.process
        self._request = request
        self._connection = connection
        self._stored: dict[str, Any] = {}
        self._state: CaseState = room.process.new(request.case_id)
        self._taken: list[Transition] = []

    async def take(self, *, alone: bool) -> StepOutcome:
        request, message = self._request, self._request.message
        row = await self._connection.fetchrow(
            SQL["lock_case"], request.case_id, cause_of(message, self._room)
        )
        version = row["version"] if row is not None else 0
        if version < request.follows:
            # it was restored from an older copy
            raise ApplicationError(
                f"step {request.follows + 1} would follow version {version}", type="DatabaseBehind"
            )
        if row is not None:
            self._stored = json.loads(row["state"])
            self._state = self._process.state.model_validate(self._stored)
        before = self._stored
        earlier = row["earlier"] if row is not None else None
        if earlier is None and not (isinstance(message, Opened) and version):
            await self._take(message)
            if not alone:
                await self._follow_up()
        if self._taken:
            prev_hash = row["hash"] if row is not None else FIRST
            await write_steps(self._connection, self._room, self._taken, prev_hash)
        return await self._outcome(
            version, before, repeated=earlier is not None and earlier <= request.follows
        )

    async def _step(self, make: Callable[[Any, Frame], Draft[Any]]) -> None:
        def from_stored(frame: Frame) -> Draft[Any]:
            # a rule changes the state that it gets: each try has its own
            known = self._process.read(self._stored, frame.policies) if self._stored else self._state
            return make(known, frame)

        draft = await self._activities.answered(self._room, self._connection, from_stored, self._request.at)
        transition = draft.transition()
        self._taken.append(transition)
        self._stored, self._state = transition.state, draft.state

    async def _take(self, message: Message) -> None:
        process = self._process
        match message:
            case Opened():
                await self._step(partial(stepping.opened, process))
            case Decided():
                await self._step(partial(stepping.decided, process, command_of(message, self._room)))
            case FactTold():
                await self._step(partial(stepping.told, process, message.event))
            case FactRefused():
                await self._step(partial(stepping.fact_refused, process, message.refused, message.cause))
            case NoticesFailed():
                await self._step(
                    partial(stepping.notices_failed, process, _cause_of_report(message), message.failed)
                )
            case TimePassed():
                await self._let_time_pass()
            case Restarted():
                await self._catch_up()

    async def _let_time_pass(self) -> None:
        process = self._process
        while len(self._taken) < STEPS_OF_A_MESSAGE:
            name = stepping.due(self._state, self._request.at)
            if name is None:
                return
            try:
                await self._step(partial(stepping.time_passed, process, name))
            except Refusal as refusal:
                await self._step(partial(stepping.deadline_refused, process, name, refusal.code))

    async def _catch_up(self) -> None:
        wanted = self._process.restarted
        if wanted is not None and wanted.wanted(self._state):
            with suppress(Refusal):
                await self._step(partial(stepping.followed_up, self._process, wanted))

    async def _follow_up(self) -> None:
        while len(self._taken) < STEPS_OF_A_MESSAGE:
            wanted = stepping.follow_up(self._process, self._state)
            if wanted is None:
                return
            try:
                await self._step(partial(stepping.followed_up, self._process, wanted))
            except Refusal:
                # it does not fit any more; the case looks again after its next message
                return

    async def _outcome(self, was: int, before: Mapping[str, Any], *, repeated: bool) -> StepOutcome:
        request, state = self._request, self._state
        whole = was != request.follows or not was
        changed = shown(self._process, state)
        if not whole:
            known = shown(self._process, self._process.state.model_validate(before))
            changed = {name: value for name, value in changed.items() if known.get(name) != value}
        notices = tuple(step.version for step in self._taken if step.notices)
        if was > request.follows:
            rows = await self._connection.fetch(SQL["owed"], request.case_id, request.follows)
            notices = tuple(row["version"] for row in rows)
        return StepOutcome(
            version=state.version,
            step=self._taken[0].step if self._taken else _name(request.message),
            repeated=repeated,
            change=self._stored if whole else difference(before, self._stored),
            whole=whole,
            waiting_for=waiting_for_whom(self._process.lifecycle, state),
            attributes=changed,
            notices=notices,
        )


def _name(message: Message) -> str:
    return message.step if isinstance(message, Decided) else message.kind
