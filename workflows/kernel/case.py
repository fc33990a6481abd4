"""The kernel: what every case does, whatever its process.

A case takes one message at a time. Where it leads is decided and written by one activity, in one
transaction; what came of it is recorded, and only then true. The workflow itself knows no rule: what it does
next follows from recorded outcomes and from this module. Facts wait in the inbox, decisions are updates, the
clock is one timer set to the next moment at which something is due.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.kernel.delivering import DELIVER, NOTICE_HEARTBEAT, NOTICE_RETRY, NOTICE_TIMEOUT
    from schemas.kernel.case import CaseState, Command, Receipt
    from schemas.kernel.homes import notices_queue_of
    from schemas.kernel.refusals import Refusal
    from schemas.kernel.step import (
        CaseHandover,
        CaseStart,
        Decided,
        FactRefused,
        FactTold,
        Message,
        NoticesFailed,
        Opened,
        Restarted,
        StepOutcome,
        StepRequest,
        TimePassed,
        UndoDue,
    )
    from schemas.kernel.transition import Delivery, DeliveryReport, Undelivered
    from workflows.kernel import stepping
    from workflows.kernel.case_details import case_details
    from workflows.kernel.database import database
    from workflows.kernel.frame import Frame, LookupNeeded
    from workflows.kernel.known_policies import POLICIES
    from workflows.kernel.messages import as_error, decision, read_event
    from workflows.kernel.process import Process
    from workflows.kernel.search_attributes import changes
    from workflows.kernel.state import due_at, next_alarm, next_undo, patched

LOST = Undelivered(reason="not-deliverable")
"""Of a version whose delivery failed for good: nobody knows which of its notices are sent."""
DELIVERIES_AT_ONCE = 10
"""Notice activities of one case under way; the others wait, so that a night of messages is no flood."""
HISTORY_OF_A_RUN = 2_000
"""Events after which a case starts its next run: to replay one takes 1.5 ms (measured), and a workflow task
has 10 s, on a busy machine too. A run that cannot be replayed within them never goes on."""
HISTORY_PATIENCE = 3_000
"""Events after which it does so even while notices are under way."""
SIGNALS_OF_A_RUN = 400
"""Signals after which it does so too: each makes some four events, and Temporal refuses the 10,001st."""
DECISIONS_REMEMBERED = 64
"""Decisions of which the next run knows that they were made; the log in the database knows of all."""
STEPS_AT_ONCE = 20
"""Messages taken in one workflow task. The next one ends it, so that decisions come between the facts of a
backlog, and no task lasts so long that the server gives it to another worker."""


def _of_alarm(name: str) -> str:
    return name if name.startswith("undo ") else f"deadline {name}"


class CaseWorkflow:
    """A case of a process: `class X(CaseWorkflow, process=…)` has an update for each of its decisions."""

    process: ClassVar[Process[Any]]

    def __init_subclass__(cls, process: Process[Any]) -> None:
        cls.process = process
        for command in process.decisions:
            setattr(cls, command.step.replace("-", "_"), decision(command))

    def __init__(self, start: CaseStart) -> None:
        self.case_id = start.case_id
        self._version = 0
        self._stored: dict[str, Any] = {}
        self._state = CaseState(case_id=start.case_id, process=self.process.name)
        self._waiting_for: str | None = None
        self._shown: dict[str, str | None] = {}
        self._inbox: list[FactTold | FactRefused] = []
        self._received = 0
        self._steps_in_a_row = 0
        self._decided: dict[str, None] = {}
        self._lock = asyncio.Lock()
        self._changed = False
        self._alarm: tuple[datetime, str] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._deliveries: dict[int, asyncio.Task[None]] = {}
        self._under_way = asyncio.Semaphore(DELIVERIES_AT_ONCE)
        self._first: Message | None = Opened()
        if start.handover is not None:
            self._take_over(start.handover)

    def _take_over(self, handover: CaseHandover) -> None:
        self._version, self._waiting_for = handover.version, handover.waiting_for
        self._know(handover.state)
        # a restarted workflow has none of its search attributes yet
        self._shown = {} if handover.restarted else handover.attributes
        self._decided = dict.fromkeys(handover.decided)
        self._first = Restarted() if handover.restarted else None

    def _know(self, stored: Mapping[str, Any]) -> None:
        self._stored = dict(stored)
        self._state = CaseState.model_validate(stored)

    # the life of a case

    async def live(self, start: CaseStart) -> str | None:
        """Take what comes until the case is closed and owes nothing, or until its next run is due.

        A request to cancel the workflow ends nothing: a case ends by a decision or by the clock.

        Returns:
            The outcome.
        """
        handover = start.handover
        if handover is not None:
            self._show(handover.attributes)
            for version in handover.undelivered:
                self._start_delivery(version)
        await self._uncancelled(self._work)
        if not self._finished() or self._inbox:
            workflow.continue_as_new(CaseStart(case_id=self.case_id, handover=self._handover()))
        return self._state.outcome

    def _handover(self) -> CaseHandover:
        return CaseHandover(
            version=self._version,
            state=self._stored,
            waiting_for=self._waiting_for,
            attributes=self._shown,
            undelivered=tuple(sorted(self._deliveries)),
            decided=tuple(self._decided)[-DECISIONS_REMEMBERED:],
        )

    async def _uncancelled(self, work: Callable[[], Awaitable[None]]) -> None:
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
        if self._first is not None:
            await self._take(self._first)
            self._first = None
        while True:
            self._changed = False
            while self._inbox:
                await self._take(self._inbox[0])
                self._inbox.pop(0)
            await self._let_time_pass()
            await self._undo()
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
        state = self._state
        return state.closed and not state.tasks and not self._deliveries and next_undo(state) is None

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

    # steps

    async def _take(self, message: Message) -> StepOutcome:
        """Have a message taken: what came of it is true when this returns."""
        async with self._lock:
            request = StepRequest(
                case_id=self.case_id,
                process=self.process.name,
                follows=self._version,
                at=workflow.now(),
                message=message,
            )
            self._steps_in_a_row += 1
            outcome = await database(
                request,
                f"{self._version + 1}: {message.step if isinstance(message, Decided) else message.kind}",
                ends_the_task=self._steps_in_a_row % STEPS_AT_ONCE == 0,
            )
            if outcome.refused is None:
                self._changed = self._changed or outcome.version != self._version
                self._believe(outcome)
            return outcome

    def _believe(self, outcome: StepOutcome) -> None:
        self._version, self._waiting_for = outcome.version, outcome.waiting_for
        if outcome.change or outcome.whole:
            self._know(outcome.change if outcome.whole else patched(self._stored, outcome.change))
        self._show(outcome.attributes)
        for version in outcome.notices:
            self._start_delivery(version)

    def _receipt(self, step: str, *, repeated: bool = False) -> Receipt:
        state = self._state
        return Receipt(
            case_id=self.case_id,
            version=self._version,
            stage=state.stage,
            step=step,
            waiting_for=self._waiting_for,
            due_at=due_at(state),
            outcome=state.outcome,
            repeated=repeated,
        )

    # decisions

    def check(self, command: Command) -> None:
        """Refuse an update before it is accepted, by the rule itself, on a copy that is thrown away.

        It is looked at once and never replayed, so it may know the rules. What it cannot know, because the
        rule asks the database, is refused where the step is written.
        """
        if command.cause in self._decided:
            return
        try:
            process = self.process
            frame = Frame(now=workflow.now(), policies=POLICIES.of(process))
            state = process.read(self._stored, frame.policies) if self._stored else process.new(self.case_id)
            stepping.decided(process, command, state, frame)
        except LookupNeeded:
            return
        except Refusal as refusal:
            raise as_error(refusal) from None

    async def decide(self, command: Command) -> Receipt:
        """Do what the validator has let through, on the state as it is by then."""
        if command.happened_at is None:
            # what was due before it is, also when nobody was there to do it
            await self._let_time_pass()
        outcome = await self._take(Decided(step=command.step, command=command.model_dump(mode="json")))
        if outcome.refused is not None:
            raise as_error(Refusal(outcome.refused.code, **outcome.refused.params))
        self._decided[command.cause] = None
        return self._receipt(command.step, repeated=outcome.repeated)

    # facts

    @workflow.signal(dynamic=True, description="Events of other systems; whatever comes is kept.")
    def receive(self, name: str, args: Sequence[RawValue]) -> None:
        """Take any signal with anything in it: Temporal would drop what does not decode."""
        self._received += 1
        came_as = f"signal/{workflow.info().run_id}/{self._received}"
        self._inbox.append(read_event(name, args, came_as))

    # time

    async def _let_time_pass(self) -> None:
        while (alarm := next_alarm(self._state)) is not None and alarm[0] <= workflow.now():
            await self._take(TimePassed())

    async def _undo(self) -> None:
        """Give back what is to be given back, one thing at a time; decisions and facts come in between."""
        while (wanted := next_undo(self._state)) is not None and not self._inbox:
            if wanted[0] is not None and wanted[0] > workflow.now():
                return
            await self._take(UndoDue())

    def _next_alarm(self) -> tuple[datetime, str] | None:
        undo = next_undo(self._state)
        alarms = [next_alarm(self._state)]
        if undo is not None:
            alarms.append((undo[0] or workflow.now(), f"undo {undo[1].key}"))
        return min((each for each in alarms if each is not None), default=None)

    def _set_alarm(self) -> None:
        alarm = self._next_alarm()
        if alarm == self._alarm and self._timer is not None and not self._timer.done():
            return
        if self._timer is not None:
            self._timer.cancel()
        self._alarm, self._timer = alarm, None
        if alarm is not None:
            wait = max(alarm[0] - workflow.now(), timedelta(milliseconds=1))
            self._timer = asyncio.create_task(workflow.sleep(wait, summary=_of_alarm(alarm[1])))

    # what the case owes

    def _start_delivery(self, version: int) -> None:
        if version not in self._deliveries:
            self._deliveries[version] = asyncio.create_task(self._deliver(version))

    async def _deliver(self, version: int) -> None:
        try:
            told: set[str] = set()
            while (wait := await self._deliver_notices(version, told)) is not None:
                # a timer and no activity that fails until then: whoever looks sees that all is well
                await workflow.sleep(wait, summary=f"notices of step {version} wait for their time")
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            # it is of no use to try again: a person looks after it, and the case does not wait for ever
            await self._take(NoticesFailed(version=version, failed={f"version-{version}": LOST}))
        del self._deliveries[version]
        self._changed = True

    async def _deliver_notices(self, version: int, told: set[str]) -> timedelta | None:
        """Try once, as often as it takes; the answer is how long to wait for what is not sent by then.

        `told`: notices of which the case has been told that they reached nobody; these are added.
        """
        async with self._under_way:
            report: DeliveryReport = await workflow.execute_activity(
                DELIVER,
                Delivery(case_id=self.case_id, version=version, told=tuple(sorted(told))),
                result_type=DeliveryReport,
                task_queue=notices_queue_of(workflow.info().task_queue),
                start_to_close_timeout=NOTICE_TIMEOUT,
                heartbeat_timeout=NOTICE_HEARTBEAT,
                retry_policy=NOTICE_RETRY,
                summary=f"notices of step {version}",
            )
        if report.failed:
            told.update(report.failed)
            await self._take(NoticesFailed(version=version, failed=dict(report.failed)))
        return report.again_after

    # what ops see

    @workflow.query(name="case", description="Where the case stands.")
    def case(self) -> Receipt:
        """Where the case stands, without touching it."""
        return self._receipt("query")

    def _show(self, attributes: Mapping[str, str | None]) -> None:
        if changed := changes(self._shown, attributes):
            workflow.upsert_search_attributes(changed)
            self._shown = {**self._shown, **attributes}
        missing = stepping.missing(self.process, self._stored)
        workflow.set_current_details(case_details(self.process, self._state, self._waiting_for, missing))
