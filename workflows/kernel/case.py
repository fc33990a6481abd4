"""The kernel: what every case does, whatever its process.

A case takes one message at a time. Each is a pure step on a copy of the state, written to the database
as one transition, and only then true. Facts wait in the inbox, decisions are updates, the clock is one
timer set to the next moment at which something is due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Generic, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.kernel.cases import CaseActivities
    from activities.kernel.notices import NoticeActivities
    from schemas.kernel.case import (
        CLOCK,
        SYSTEM,
        Actor,
        ActorKind,
        CancelDeadline,
        CaseState,
        Command,
        CompleteTask,
        EventEnvelope,
        MoveDeadline,
        PauseDeadline,
        ReassignTask,
        Receipt,
        RefusedEvent,
        ResumeDeadline,
    )
    from schemas.kernel.identifiers import NOTICES_QUEUE, event_type
    from schemas.kernel.refusals import Refusal
    from schemas.kernel.transition import Delivery, DeliveryReport, Transition, Written
    from workflows.kernel import deadlines as counting
    from workflows.kernel import steps
    from workflows.kernel.case_details import case_details
    from workflows.kernel.database import database
    from workflows.kernel.draft import Draft, Process, waiting_for_whom
    from workflows.kernel.messages import as_error, decision, is_storable, read_event
    from workflows.kernel.search_attributes import Shown, attributes_of, changes

S = TypeVar("S", bound=CaseState)
T = TypeVar("T")

NOTICE_TIMEOUT = timedelta(minutes=10)
NOTICE_HEARTBEAT = timedelta(minutes=3)
NOTICE_RETRY = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(hours=1))
DELIVERIES_AT_ONCE = 10
"""Notice activities of one case under way; the others wait, so that a night of messages is no flood."""
HISTORY_OF_A_RUN = 2_000
"""Events after which a case starts its next run: to replay one takes 1.5 ms (measured), and a workflow task
has 10 s, on a busy machine too. A run that cannot be replayed within them never goes on."""
HISTORY_PATIENCE = 3_000
"""Events after which it does so even while notices are under way."""
SIGNALS_OF_A_RUN = 400
"""Signals after which it does so too: each makes some four events, and Temporal refuses the 10,001st."""
STEPS_AT_ONCE = 20
"""Steps written in one workflow task. The next one ends it, so that decisions come between the facts of a
backlog, and no task lasts so long that the server gives it to another worker."""


class CaseWorkflow(Generic[S]):
    """A case of any process. Subclasses add `run`, the process's decisions and what needs outside data."""

    def __init__(self, process: Process[S], state: S) -> None:
        self.process = process
        self.state = state
        self._inbox: list[EventEnvelope | RefusedEvent] = []
        self._received = 0
        self._steps_in_a_row = 0
        self._lock = asyncio.Lock()
        self._changed = False
        self._alarm: tuple[datetime, str] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._deliveries: dict[int, asyncio.Task[None]] = {}
        self._under_way = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        self._shown: Shown = {}

    # the life of a case

    async def live(self) -> None:
        """Take what comes until the case is closed and owes nothing, or until its next run is due.

        A request to cancel the workflow ends nothing: a case ends by a decision or by the clock.
        """
        for version in self.state.undelivered:
            self._start_delivery(version)
        self.state.undelivered = []
        self._show()
        await self.uncancelled(self._work)

    async def uncancelled(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it again from its beginning when somebody cancels the workflow meanwhile."""
        while True:
            try:
                await work()
            except (asyncio.CancelledError, FailureError) as error:
                if not is_cancelled_exception(error):
                    raise
                workflow.logger.warning("cancellation-ignored")
            else:
                return

    async def _work(self) -> None:
        while True:
            self._changed = False
            while self._inbox:
                await self._take(self._inbox[0])
                self._inbox.pop(0)
            await self.follow_up()
            await self._act_on_time()
            if self._inbox or self._changed:
                continue
            if self._finished() or self._next_run_due():
                await workflow.wait_condition(workflow.all_handlers_finished)
                # nothing may be awaited between this look and the end of the run
                if not self._inbox and not self._changed:
                    return
                continue
            self._set_alarm()
            self._steps_in_a_row = 0
            await workflow.wait_condition(self._awake)

    def _finished(self) -> bool:
        return self.state.closed and not self.state.tasks and not self._deliveries

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do; otherwise the case goes on in a new run."""
        return self._finished() and not self._inbox

    async def follow_up(self) -> None:
        """What a stage needs from outside before a person can act; nothing by default."""

    def _awake(self) -> bool:
        rung = self._timer is not None and self._timer.done()
        return bool(self._inbox) or self._changed or rung or self._finished()

    def _next_run_due(self) -> bool:
        if self._lock.locked():
            return False
        info = workflow.info()
        events = info.get_current_history_length()
        patient = bool(self._deliveries) and events < HISTORY_PATIENCE
        long = info.is_continue_as_new_suggested() or events >= HISTORY_OF_A_RUN
        return (long and not patient) or self._received >= SIGNALS_OF_A_RUN

    def handed_over(self) -> S:
        """The state for the next run, with what is still to be delivered."""
        self.state.undelivered = sorted(self._deliveries)
        return self.state

    # steps

    async def apply(
        self,
        step: str,
        rule: Callable[[Draft[S]], None],
        *,
        actor: Actor = SYSTEM,
        cause: str | None = None,
        version: int | None = None,
        happened_at: datetime | None = None,
    ) -> Receipt:
        """Take one step: decide on a copy, write it down, then let it be true.

        Raises:
            Refusal: the rules, or a guard in the database, do not allow it; nothing has changed.
        """
        async with self._lock:
            if cause is not None and cause in self.state.seen:
                return self._receipt(step, repeated=True)
            draft = self._draft(step, rule, actor, cause, version, happened_at)
            written = await self._write(draft.transition())
            self._changed = True
            for owed in written.notices:
                self._start_delivery(owed)
            if written.repeated:
                # the log knows this message from longer ago than the case remembers
                self.state.seen[cause or ""] = written.version
                return self._receipt(step, repeated=True)
            self.state = self._taken_over(written) or draft.state
            self._show()
            if not written.taken_over or written.same_step:
                return self._receipt(step)
        return await self.apply(
            step, rule, actor=actor, cause=cause, version=version, happened_at=happened_at
        )

    def _taken_over(self, written: Written) -> S | None:
        if written.taken_over is None:
            return None
        return type(self.state).model_validate(written.taken_over)

    def _draft(
        self,
        step: str,
        rule: Callable[[Draft[S]], None],
        actor: Actor,
        cause: str | None,
        version: int | None,
        happened_at: datetime | None = None,
    ) -> Draft[S]:
        if version is not None and version != self.state.version:
            raise Refusal("stale-version", seen=version, current=self.state.version)
        self.process.lifecycle.check(step, self.state.stage, actor)
        draft = Draft(
            self.process,
            self.state,
            step=step,
            actor=actor,
            now=workflow.now(),
            cause=cause,
            happened_at=happened_at,
        )
        rule(draft)
        return draft

    async def by_itself(self, step: str, rule: Callable[[Draft[S]], None], actor: Actor = SYSTEM) -> None:
        """A step that no message asked for; when it does not fit any more the case looks again."""
        try:
            await self.apply(step, rule, actor=actor)
        except Refusal:
            self._changed = True

    async def _write(self, transition: Transition) -> Written:
        summary = f"{transition.version}: {transition.step}"
        self._steps_in_a_row += 1
        ends_the_task = self._steps_in_a_row % STEPS_AT_ONCE == 0
        return await database(
            CaseActivities.record_transition, transition, summary, ends_the_task=ends_the_task
        )

    def _receipt(self, step: str, *, repeated: bool = False) -> Receipt:
        state = self.state
        waiting_for, due_at = waiting_for_whom(self.process, state)
        return Receipt(
            case_id=state.case_id,
            version=state.version,
            stage=state.stage,
            step=step,
            waiting_for=waiting_for,
            due_at=due_at,
            outcome=state.outcome,
            repeated=repeated,
        )

    # decisions

    def check(self, command: Command) -> None:
        """Refuse an update before it is accepted: the same rule, on a copy that is thrown away."""
        if not is_storable(command):
            raise as_error(Refusal("invalid-message", faults="NUL"))
        try:
            if command.cause not in self.state.seen:
                rule = partial(self._rule_of(command), command=command)
                frame = (command.actor, None, command.case_version, command.happened_at)
                self._draft(command.step, rule, *frame)
        except Refusal as refusal:
            raise as_error(refusal) from None

    async def decide(self, command: Command, rule: Callable[[Draft[S]], None] | None = None) -> Receipt:
        """Do what the validator has let through, on the state as it is by then."""
        try:
            return await self.apply(
                command.step,
                rule or partial(self._rule_of(command), command=command),
                actor=command.actor,
                cause=command.cause,
                version=command.case_version,
                happened_at=command.happened_at,
            )
        except Refusal as refusal:
            raise as_error(refusal) from None

    def _rule_of(self, command: Command) -> Callable[..., None]:
        return self.process.decisions[type(command)]

    reassign_task = decision(ReassignTask)
    complete_task = decision(CompleteTask)
    move_deadline = decision(MoveDeadline)
    pause_deadline = decision(PauseDeadline)
    resume_deadline = decision(ResumeDeadline)
    cancel_deadline = decision(CancelDeadline)

    # facts

    @workflow.signal(dynamic=True, description="Events of other systems; whatever comes is kept.")
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Take any signal with anything in it: Temporal would drop what does not decode."""
        self._received += 1
        self._inbox.append(read_event(name, args))

    async def _take(self, event: EventEnvelope | RefusedEvent) -> None:
        if isinstance(event, RefusedEvent):
            await self._refuse(event, cause=event.event_id)
            return
        cause = f"{event.source}#{event.id}"
        kind = next(
            (k for f, k in self.process.events.items() if event.type == event_type(self.process.name, f)),
            None,
        )
        refused = partial(RefusedEvent, event_id=cause)
        if not is_storable(event):
            await self._refuse(refused(code="invalid-message"), cause)
            return
        if kind is None:
            await self._refuse(refused(code="unknown-event"), cause)
            return
        try:
            fact = kind.data.model_validate(event.data)
        except ValidationError:
            await self._refuse(refused(code="invalid-message"), cause)
            return
        try:
            await self.apply(
                kind.step,
                lambda draft: kind.apply(draft, fact),
                actor=Actor(id=event.source[:64], kind=ActorKind.SYSTEM),
                cause=cause,
                happened_at=event.occurred_at or event.received_at,
            )
        except Refusal as refusal:
            await self._refuse(refused(code=refusal.code), cause)

    async def _refuse(self, refused: RefusedEvent, cause: str | None) -> None:
        await self.apply("refuse-event", partial(steps.refuse_event, refused=refused), cause=cause)

    # time

    async def _act_on_time(self) -> None:
        while (alarm := steps.next_alarm(self.state)) is not None and alarm[0] <= workflow.now():
            name = alarm[1]
            deadline = self.state.deadlines[name]
            if counting.has_expired(deadline, workflow.now()):
                step = self.process.expiries[deadline.kind][0]
                await self.by_itself(step, partial(steps.expire, name=name), CLOCK)
            else:
                await self.by_itself("remind", partial(steps.remind, name=name), CLOCK)

    def _set_alarm(self) -> None:
        alarm = steps.next_alarm(self.state)
        if alarm == self._alarm and self._timer is not None and not self._timer.done():
            return
        if self._timer is not None:
            self._timer.cancel()
        self._alarm, self._timer = alarm, None
        if alarm is not None:
            wait = max(alarm[0] - workflow.now(), timedelta(milliseconds=1))
            self._timer = asyncio.create_task(workflow.sleep(wait, summary=f"deadline {alarm[1]}"))

    # what the case owes

    def _start_delivery(self, version: int) -> None:
        self._deliveries[version] = asyncio.create_task(self._deliver(version))

    async def _deliver(self, version: int) -> None:
        delivery = Delivery(
            case_id=self.state.case_id, version=version, notices=self.process.notices(self.state)
        )
        while (wait := await self._deliver_notices(delivery)) is not None:
            # a timer and no activity that fails until then: whoever looks sees that all is well
            await workflow.sleep(wait, summary=f"notices of step {version} wait for the morning")
        del self._deliveries[version]
        self._changed = True

    async def _deliver_notices(self, delivery: Delivery) -> timedelta | None:
        """Try once, as often as it takes; the answer is how long to wait when it is not the time for it."""
        async with self._under_way:
            report = await self._delivered(delivery)
        if report.failed:
            rule = partial(steps.report_notices, failed=dict(report.failed))
            await self.by_itself("report-notices", rule)
        return report.again_after

    async def _delivered(self, delivery: Delivery) -> DeliveryReport:
        return await workflow.execute_activity_method(
            NoticeActivities.deliver,
            delivery,
            task_queue=NOTICES_QUEUE,
            start_to_close_timeout=NOTICE_TIMEOUT,
            heartbeat_timeout=NOTICE_HEARTBEAT,
            retry_policy=NOTICE_RETRY,
            summary=f"notices of step {delivery.version}",
        )

    # what ops see

    @workflow.query(name="case", description="Where the case stands.")
    def case(self) -> Receipt:
        """Where the case stands, without touching it."""
        return self._receipt("query")

    def _show(self) -> None:
        state = self.state
        shown = attributes_of(self.process, state)
        if changed := changes(self._shown, shown):
            workflow.upsert_search_attributes(changed)
            self._shown = shown
        workflow.set_current_details(case_details(self.process, state))
