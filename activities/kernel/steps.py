"""The step: a message to a case is decided, looked up and written in one transaction.

The rules run here, on the state that the database holds under a lock; or, if they look nothing up, on the
state as this worker has written it last, and the one statement that writes their steps sees that the case is
still there. What came of it is the activity's answer, which Temporal records: a replay takes it and decides
nothing.
"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import asyncpg
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.kernel.case_log import FIRST
from activities.kernel.database import Connection, OvertakenError, transact
from activities.kernel.host_lookups import HOST_LOOKUPS
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.room import Room
from activities.kernel.written_steps import Remembered, write_steps
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
    UndoDue,
)
from schemas.kernel.transition import Transition
from workflows.kernel import stepping
from workflows.kernel.draft import Draft
from workflows.kernel.frame import Frame, LookupNeeded
from workflows.kernel.known_policies import POLICIES
from workflows.kernel.process import shown
from workflows.kernel.state import difference, waiting_for_whom

SQL: Final = queries("kernel/cases")
REMEMBERED: Final = 4000
"""Cases whose last state is kept in memory."""
NEW: Final = Remembered(version=0, hash=FIRST, state="{}")
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
        self._remembered: OrderedDict[str, Remembered] = OrderedDict()

    @activity.defn(name="take-step")
    async def take_step(self, request: StepRequest) -> StepOutcome:
        """Take the steps that a message leads to, whole or not at all; the same message again is answered.

        Raises:
            ApplicationError: `DatabaseFault` when the database does not let it through; `DatabaseBehind` when
                it is older than what Temporal has recorded.
        """
        room = self._rooms[request.process]
        try:
            outcome = await self._from_memory(room, request) or await self._transact(room, request)
        except Refusal as refusal:
            outcome = await self._refused(room, request, refusal)
        except (TypeError, ValueError, LookupError, AttributeError, AssertionError):
            if not isinstance(request.message, UndoDue):
                raise
            # a fault of the rule: it holds up nothing else that is to be given back
            activity.logger.exception("undo-fault", extra={"case_id": request.case_id})
            outcome = await self._refused(room, request, Refusal("undo-unknown", kind="fault"))
        if self._fault is not None and outcome.refused is None:
            await self._fault(f"written:{outcome.step}")
        return outcome

    async def _from_memory(self, room: Room, request: StepRequest) -> StepOutcome | None:
        """In one statement; None when the case is to be looked at first."""
        known = self._remembered.get(request.case_id)
        if known is None or known.version != request.follows:
            return None
        taking = _Taking(room, request)
        try:
            await taking.decide(known, None)
        except (LookupNeeded, Refusal):
            return None  # and what is refused is refused of the case as it is stored
        try:
            written = await transact(self._pool, taking.write, one_statement=True)
        except OvertakenError:
            return None
        return self._remember(request.case_id, *written)

    async def _transact(self, room: Room, request: StepRequest, *, alone: bool = False) -> StepOutcome:
        cause = cause_of(request.message, room)

        async def work(connection: Connection) -> tuple[StepOutcome, Remembered]:
            taking = _Taking(room, request)
            row = await connection.fetchrow(SQL["lock_case"], request.case_id, cause)
            known = Remembered(row["version"], row["hash"], row["state"]) if row is not None else NEW
            await taking.decide(known, connection, row["earlier"] if row is not None else None, alone=alone)
            return await taking.write(connection)

        return self._remember(request.case_id, *await transact(self._pool, work))

    async def _refused(self, room: Room, request: StepRequest, refusal: Refusal) -> StepOutcome:
        """Who asked is told; what nobody can be told of is kept for a person."""
        message = request.message
        if isinstance(message, FactTold):
            over = refusal.code == "case-closed" and stepping.is_from_afar(room.process, message.event)
            refused = RefusedEvent(event_id=message.event.cause, code=refusal.code, handed_back=over)
            instead = FactRefused(refused=refused, cause=message.event.cause)
            return await self._transact(room, request.model_copy(update={"message": instead}))
        if isinstance(message, Decided):
            return StepOutcome(
                version=request.follows,
                step=message.step,
                refused=RefusedStep(code=refusal.code, params=refusal.params),
            )
        if isinstance(message, UndoDue) and message.failed is None:
            failed = message.model_copy(update={"failed": refusal.code})
            return await self._transact(room, request.model_copy(update={"message": failed}))
        # only the database refuses what the case does by itself: the message counts, its sequels come later
        return await self._transact(room, request, alone=True)

    def _remember(self, case_id: str, outcome: StepOutcome, now: Remembered) -> StepOutcome:
        """Only what has been committed."""
        self._remembered[case_id] = now
        self._remembered.move_to_end(case_id)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return outcome


class _Taking:
    """One message on its way into steps."""

    def __init__(self, room: Room, request: StepRequest) -> None:
        self.room = room
        self.request = request
        self.known = NEW
        self.taken: list[Transition] = []
        self._process = room.process
        self._connection: Connection | None = None
        self._before: dict[str, Any] = {}
        self._stored: dict[str, Any] = {}
        self._state: CaseState = room.process.new(request.case_id)
        self._earlier: int | None = None

    async def decide(
        self,
        known: Remembered,
        connection: Connection | None,
        earlier: int | None = None,
        *,
        alone: bool = False,
    ) -> None:
        """Decide what follows from the message.

        Args:
            known: the case as it stands.
            connection: in the transaction that has locked it; None: nothing may be looked up.
            earlier: the version under which it has taken this message before.
            alone: without what the case does by itself afterwards.

        Raises:
            LookupNeeded: something is to be looked up.
            Refusal: a rule refuses.
        """
        self.known, self._connection, self._earlier = known, connection, earlier
        request, message = self.request, self.request.message
        if known.version < request.follows:
            # it was restored from an older copy
            raise ApplicationError(
                f"step {request.follows + 1} would follow version {known.version}", type="DatabaseBehind"
            )
        if known.version:
            self._before = self._stored = json.loads(known.state)
            self._state = self._process.state.model_validate(self._stored)
        if earlier is None and not (isinstance(message, Opened) and known.version):
            await self._take(message)
            if not alone:
                await self._follow_up()

    async def _step(self, make: Callable[[Any, Frame], Draft[Any]]) -> None:
        """Run a rule, looking up what it asks for, until it asks for nothing more."""
        process, found = self._process, dict[str, Any]()
        while True:
            message = self.request.message
            frame = Frame(
                now=self.request.at,
                found=found,
                policies=POLICIES.of(process),
                origin=message.event.link if isinstance(message, FactTold) else None,
            )
            try:
                # a rule changes the state that it gets: each try has its own
                draft = make(
                    process.read(self._stored, frame.policies)
                    if self._stored
                    else process.new(self.request.case_id),
                    frame,
                )
                break
            except LookupNeeded as question:
                if self._connection is None:
                    raise
                if question.name == "policy":
                    await read_policy(self._connection, process, question.terms)
                else:
                    lookup = {**self.room.lookups, **HOST_LOOKUPS}[question.name]
                    found[question.key] = await lookup(self._connection, question.terms)
        transition = draft.transition()
        self.taken.append(transition)
        self._stored, self._state = transition.state, draft.state

    async def _take(self, message: Message) -> None:
        process = self._process
        match message:
            case Opened():
                await self._step(partial(stepping.opened, process))
            case Decided():
                await self._step(partial(stepping.decided, process, command_of(message, self.room)))
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
            case UndoDue():
                await self._undo(message.failed)
            case Restarted():
                await self._catch_up()

    async def _let_time_pass(self) -> None:
        process = self._process
        while len(self.taken) < STEPS_OF_A_MESSAGE:
            name = stepping.due(self._state, self.request.at)
            if name is None:
                return
            try:
                await self._step(partial(stepping.time_passed, process, name))
            except Refusal as refusal:
                await self._step(partial(stepping.deadline_refused, process, name, refusal.code))

    async def _undo(self, failed: str | None) -> None:
        owed = stepping.to_undo(self._state, self.request.at)
        if owed is None:
            return
        process, key = self._process, owed.key
        if failed is None:
            await self._step(partial(stepping.undone, process, key))
        else:
            await self._step(partial(stepping.undo_failed, process, key, failed))

    async def _catch_up(self) -> None:
        wanted = self._process.restarted
        if wanted is not None and wanted.wanted(self._state):
            with suppress(Refusal):
                await self._step(partial(stepping.followed_up, self._process, wanted))

    async def _follow_up(self) -> None:
        while len(self.taken) < STEPS_OF_A_MESSAGE:
            wanted = stepping.follow_up(self._process, self._state)
            if wanted is None:
                return
            try:
                await self._step(partial(stepping.followed_up, self._process, wanted))
            except Refusal:
                # it does not fit any more; the case looks again after its next message
                return

    async def write(self, connection: Connection) -> tuple[StepOutcome, Remembered]:
        """Write what was decided: what Temporal is to record, and the case as it then stands."""
        now = self.known
        if self.taken:
            now = await write_steps(connection, self.room, self.taken, now.hash)
        return await self._outcome(connection), now

    async def _outcome(self, connection: Connection) -> StepOutcome:
        request, state, was = self.request, self._state, self.known.version
        whole = was != request.follows or not was
        changed = shown(self._process, state)
        if not whole:
            before = shown(self._process, self._process.state.model_validate(self._before))
            changed = {name: value for name, value in changed.items() if before.get(name) != value}
        notices = tuple(step.version for step in self.taken if step.notices)
        if was > request.follows:
            rows = await connection.fetch(SQL["owed"], request.case_id, request.follows)
            notices = tuple(row["version"] for row in rows)
        return StepOutcome(
            version=state.version,
            step=self.taken[0].step if self.taken else _name(request.message),
            repeated=self._earlier is not None and self._earlier <= request.follows,
            change=self._stored if whole else difference(self._before, self._stored),
            whole=whole,
            waiting_for=waiting_for_whom(self._process, state),
            attributes=changed,
            notices=notices,
        )


def _name(message: Message) -> str:
    return message.step if isinstance(message, Decided) else message.kind
