"""Delivery of notices: each row of a version is brought to a final state, by its channel.

A notice is marked as being sent in its own short transaction right before it is handed over. Whoever finds
that mark at the start of an attempt knows that a sender died in between: the fate of that notice is unknown,
and only a person may have it sent again, unless its receiver drops repetitions.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.kernel.channels import (
    Channel,
    DeferredError,
    Gathering,
    NotDeliveredError,
    Prepared,
    RefusedError,
    Session,
    UnansweredError,
    WithheldError,
    kind_of,
)
from activities.kernel.database import FAULTS, again
from activities.kernel.delivering import DELIVER
from activities.kernel.message_templates import NotRenderedError, Office
from activities.kernel.notice_rows import is_answerable, rendered_alone
from activities.kernel.notice_times import HELD_LOOK, SHORTEST_RETRY, next_retry, retry_delay
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.room import Room
from schemas.kernel.policies import NoticePolicy, PolicyRef
from schemas.kernel.transition import Answered, Delivery, DeliveryReport, Undelivered
from workflows.kernel.frame import LookupNeeded
from workflows.kernel.known_policies import POLICIES
from workflows.kernel.quiet_hours import quiet_until

SQL: Final = queries("kernel/notices")
WAITING: Final = "NoticesWaiting"
WAITING_STATES: Final = ("queued", "failed", "sending")
DATABASE_FAULT: Final = "DatabaseFault"
_RECORDING: Final = again(lambda error: isinstance(error, FAULTS), first=0.2, longest=10)
"""An answer is worth some waiting until it is recorded."""

log = structlog.get_logger()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _no_fault(point: str) -> None:
    """Where tests let the process die: before-mark, marked, handed-over, recording, recorded."""


class NoticeActivities:
    """The notification activity, with the pool of the worker's role and the channels by their kinds."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        rooms: Mapping[str, Room],
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime] = _utc_now,
        fault: Callable[[str], None] = _no_fault,
    ) -> None:
        self._pool = pool
        self._rooms = rooms
        self._channels = channels
        self._repeatable = [kind for kind, channel in channels.items() if channel.repeatable]
        self._clock = clock
        self._fault = fault

    @activity.defn(name=DELIVER)
    async def deliver(self, delivery: Delivery) -> DeliveryReport:
        """Send what one version of a case has queued; the report names what a person must look at.

        When others are still to be sent, in quiet hours for instance, it says when to come again. Raises
        ApplicationError: `NoticesWaiting` with the delay to the next attempt when something could not be sent
        yet and there is nothing to report; `DatabaseFault` when the database is away.
        """
        try:
            return await self._deliver(delivery)
        except FAULTS:
            # the text of a database error may quote a row
            raise ApplicationError("the database did not answer", type=DATABASE_FAULT) from None

    async def _deliver(self, delivery: Delivery) -> DeliveryReport:
        version = (delivery.case_id, delivery.version, delivery.by_hand)
        digest_on = delivery.digest_on
        for answer in activity.info().heartbeat_details:
            # the receiver had answered the attempt before, and the database was away
            await self._record(Answered.model_validate(answer))
        rows = await self._pool.fetch(SQL["pending"], *version, self._repeatable, digest_on)
        policy = await self._policy_of(rows)
        quiet: datetime | None = None
        async with AsyncExitStack() as stack:
            sessions: dict[str, Session] = {}
            told: set[str] = set()
            for row in _due(rows, self._clock()):
                if row["notice_id"] in told:
                    continue  # in the letter of another one
                if row["state"] == "unknown":
                    _log("notice-interrupted", row, row["state"], row["reason"], row["attempts"])
                    continue
                quiet = None if row["urgent"] else quiet_until(policy, self._clock())
                if quiet is not None:
                    # the urgent ones came first
                    await self._pool.execute(SQL["hold"], *version[:2], quiet, digest_on)
                    break
                activity.heartbeat()
                kind = kind_of(row["channel"])
                if kind in self._channels and kind not in sessions:
                    session = self._channels[kind].session(delivery.case_id)
                    sessions[kind] = await stack.enter_async_context(session)
                told |= await self._bring_to_an_end(row, policy, sessions.get(kind))
        left = await self._pool.fetch(SQL["left"], *version, digest_on)
        return self._report(left, delivery, quiet)

    def _report(
        self, left: Sequence[asyncpg.Record], delivery: Delivery, quiet: datetime | None
    ) -> DeliveryReport:
        now = self._clock()
        waits = [_wait(row, now, quiet) for row in left if row["state"] in WAITING_STATES]
        failed = {
            row["notice_id"]: _undelivered(row)
            for row in left
            if row["state"] not in WAITING_STATES and row["notice_id"] not in delivery.told
        }
        again_after = min(waits, default=None)
        if again_after is None or failed or quiet is not None:
            return DeliveryReport(failed=failed, again_after=again_after)
        raise ApplicationError("some notices are not sent yet", type=WAITING, next_retry_delay=again_after)

    async def _policy_of(self, rows: Sequence[asyncpg.Record]) -> NoticePolicy:
        if not rows or rows[0]["policy_ref"] is None:
            return NoticePolicy()
        ref = PolicyRef.model_validate_json(rows[0]["policy_ref"])
        process = self._rooms[rows[0]["process"]].process
        try:
            return POLICIES.of(process)(ref).notices
        except LookupNeeded:
            async with self._pool.acquire() as connection:
                return (await read_policy(connection, process, ref.model_dump())).notices

    async def _bring_to_an_end(
        self, row: asyncpg.Record, policy: NoticePolicy, session: Session | None
    ) -> set[str]:
        """The notices, by their ids, that were handed over with it."""
        if row["silenced"]:
            await self._settle(row, "suppressed", "superseded")
            return set()
        for beside in (await self._beside(row, session), []):
            told = [row, *beside]
            try:
                prepared = await self._prepare(told, session)
            except (NotDeliveredError, NotRenderedError) as fault:
                await self._settle(row, *self._failure(row, policy, fault))
                return set()
            # Cancellation must not fall between the receiver's answer and its record.
            sending = asyncio.ensure_future(self._send(told, policy, prepared))
            try:
                sent = await asyncio.shield(sending)
            except asyncio.CancelledError:
                await sending
                raise
            if sent:
                return {each["notice_id"] for each in told}
            if not beside:
                break
            # one of the others is not to be told any more, or by somebody else: the next letter has them
        return set()

    async def _beside(self, row: asyncpg.Record, session: Session | None) -> Sequence[asyncpg.Record]:
        """What is told in the same letter: what was held in the same quiet hours, the rest of a digest."""
        held = row["held_until"] is not None and row["held_until"] <= self._clock()
        of_staff = row["recipient_kind"] == "staff" and not row["by_hand"] and row["words"] is None
        of_staff = of_staff and not is_answerable(row, self._rooms)
        if not (isinstance(session, Gathering) and of_staff and (held or row["digest_on"])):
            return []
        until = self._clock() if row["digest_on"] is None else None
        terms = (row["recipient_id"], row["process"], until, row["digest_on"])
        rows = await self._pool.fetch(SQL["beside"], row["notice_id"], *terms)
        return [each for each in rows if row["digest_on"] or self._can_be_written(each)]

    def _can_be_written(self, row: asyncpg.Record) -> bool:
        try:
            rendered_alone(dict(row), self._rooms, Office())
        except NotRenderedError:
            return False  # its own case puts that to a person
        return True

    async def _prepare(self, told: Sequence[asyncpg.Record], session: Session | None) -> Prepared:
        if session is None:
            raise RefusedError("unknown-channel")
        if len(told) > 1 and isinstance(session, Gathering):
            return await session.prepare_together(told, self._clock())
        return await session.prepare(told[0], self._clock())

    async def _send(self, told: Sequence[asyncpg.Record], policy: NoticePolicy, prepared: Prepared) -> bool:
        row = told[0]
        notice_id = row["notice_id"]
        self._fault("before-mark")
        attempts = {each["notice_id"]: each["attempts"] for each in told}
        first = notice_id if len(told) > 1 else None
        claimed = await self._pool.fetch(
            SQL["claim"],
            list(attempts),
            list(attempts.values()),
            prepared.message_id,
            first,
            [each["revision"] for each in told],
        )
        if not claimed:
            if first is None:
                # superseded since, held, changed, or another attempt's
                await self._pool.execute(SQL["silence"], notice_id, row["attempts"])
            return False
        attempt = row["attempts"] + 1
        self._fault("marked")
        state, reason, retry_at = "accepted", None, None
        try:
            await prepared.hand_over()
        except NotDeliveredError as fault:
            state, reason, retry_at = self._failure(row, policy, fault)
        self._fault("handed-over")
        await self._record_at_last(
            Answered(
                notice_id=notice_id,
                attempt=attempt,
                state=state,
                reason=reason,
                at=self._clock(),
                retry_at=retry_at,
            )
        )
        self._fault("recorded")
        _log("notice-handed-over", row, state, reason, attempt)
        for each in told[1:]:
            shared = state if state in ("accepted", "unknown") else "failed"
            _log("notice-handed-over", each, shared, reason, each["attempts"] + 1)
        return True

    async def _record_at_last(self, answer: Answered) -> None:
        try:
            await _RECORDING.copy()(self._record, answer)
        except FAULTS:
            # Temporal keeps it for the next attempt
            activity.heartbeat(answer)
            raise

    async def _record(self, answer: Answered) -> None:
        self._fault("recording")
        said = (answer.state, answer.reason, answer.at, answer.retry_at)
        await self._pool.execute(SQL["answered"], answer.notice_id, answer.attempt, *said)

    async def _settle(
        self, row: asyncpg.Record, state: str, reason: str, retry_at: datetime | None = None
    ) -> None:
        ended = (state, reason, retry_at, row["revision"])
        await self._pool.execute(SQL["settle"], row["notice_id"], row["attempts"], *ended)
        _log("notice-not-sent", row, state, reason, row["attempts"] + 1)

    def _failure(
        self, row: asyncpg.Record, policy: NoticePolicy, fault: NotDeliveredError | NotRenderedError
    ) -> tuple[str, str, datetime | None]:
        match fault:
            case WithheldError():
                return "suppressed", fault.reason, None
            case RefusedError():
                return "dead", fault.reason, None
            case UnansweredError():
                return "unknown", fault.reason, None
        # What cannot be rendered is mended by the next release: it waits like a server that is down.
        after = fault.after if isinstance(fault, DeferredError) else None
        counted = (policy, row["queued_at"], self._clock(), row["attempts"] + 1)
        retry_at = next_retry(*counted, urgent=row["urgent"], after=after)
        return ("dead", "gave-up", None) if retry_at is None else ("failed", fault.reason, retry_at)


def _due(rows: Sequence[asyncpg.Record], now: datetime) -> Sequence[asyncpg.Record]:
    """What is to be tried now: all when none's time has come, for then somebody has asked for it, or the
    attempt before was cut off.
    """
    due = [row for row in rows if row["retry_at"] is None or row["retry_at"] <= now]
    return due if any(row["attempts"] for row in due) else rows


def _wait(row: asyncpg.Record, now: datetime, quiet: datetime | None) -> timedelta:
    if quiet is not None and (row["held_since"] is not None or not row["urgent"]):
        return quiet - now
    if row["held_since"] is not None:
        return HELD_LOOK
    retry_at: datetime | None = row["retry_at"]
    if retry_at is not None:
        return max(retry_at - now, SHORTEST_RETRY)
    return retry_delay(row["attempts"], urgent=row["urgent"])


def _undelivered(row: asyncpg.Record) -> Undelivered:
    reader = f"{row['recipient_kind']}:{row['recipient_id']}"
    return Undelivered(reason=row["reason"], channel=row["channel"], message=row["message"], to=reader)


def _log(event: str, row: asyncpg.Record, state: str, reason: str | None, attempt: int) -> None:
    log.info(
        event,
        case_id=row["case_id"],
        notice_id=row["notice_id"],
        message=row["message"],
        channel=row["channel"],
        state=state,
        reason=reason,
        attempt=attempt,
    )
