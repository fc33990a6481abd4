"""Delivery of notices: each row of a version is brought to a final state, and mailed at most once.

A notice is marked as being sent in its own short transaction right before its text is handed over.
Whoever finds that mark at the start of an attempt knows that a sender died in between: the fate of
that notice is unknown, and only a person may have it sent again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import asyncpg
import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.kernel.database import FAULTS, again
from activities.kernel.mailer import Mailer, MailError, MailSession, PermanentMailError, UnansweredMailError
from activities.kernel.message_templates import NotRenderedError, Office
from activities.kernel.notice_rows import is_answerable, letter_to
from activities.kernel.notice_times import given_up, quiet_until, retry_delay
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.room import Room
from schemas.kernel.policies import NoticePolicy, PolicyRef
from schemas.kernel.transition import Answered, Delivery, DeliveryReport
from workflows.kernel.draft import LookupNeeded
from workflows.kernel.known_policies import POLICIES

SQL: Final = queries("kernel/notices")
WAITING: Final = "NoticesWaiting"
DATABASE_FAULT: Final = "DatabaseFault"
_RECORDING: Final = again(lambda error: isinstance(error, FAULTS), first=0.2, longest=10)
"""An answer is worth some waiting until it is recorded."""

log = structlog.get_logger()


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _no_fault(point: str) -> None:
    """Where tests let the process die: before-mark, marked, handed-over, recording, recorded."""


class NoticeActivities:
    """The notification activity, with the pool of the worker's role and the mailer.

    `link` makes the address at which a notice is answered, for letters that ask for a decision.
    """

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        rooms: Mapping[str, Room],
        mailer: Mailer,
        clock: Callable[[], datetime] = _utc_now,
        fault: Callable[[str], None] = _no_fault,
        link: Callable[[str], str] | None = None,
    ) -> None:
        self._pool = pool
        self._rooms = rooms
        self._mailer = mailer
        self._clock = clock
        self._fault = fault
        self._link = link

    @activity.defn(name="deliver-notices")
    async def deliver(self, delivery: Delivery) -> DeliveryReport:
        """Send what one version of a case has queued; the report names what a person must look at.

        In quiet hours it says when to come again. Raises ApplicationError: `NoticesWaiting` with the delay to
        the next attempt when something could not be sent yet; `DatabaseFault` when the database is away.
        """
        try:
            return await self._deliver(delivery)
        except FAULTS:
            # the text of a database error may quote a row
            raise ApplicationError("the database did not answer", type=DATABASE_FAULT) from None

    async def _deliver(self, delivery: Delivery) -> DeliveryReport:
        version = (delivery.case_id, delivery.version, delivery.by_hand)
        for answer in activity.info().heartbeat_details:
            # the mail server had answered the attempt before, and the database was away
            await self._record(Answered.model_validate(answer))
        rows = await self._pool.fetch(SQL["pending"], *version)
        policy = await self._policy_of(rows)
        async with self._mailer.of_case(delivery.case_id).session() as session:
            for row in rows:
                if row["state"] == "unknown":
                    _log("notice-interrupted", row, row["state"], row["reason"], row["attempts"])
                    continue
                now = self._clock()
                if (until := quiet_until(policy, now)) is not None:
                    return DeliveryReport(again_after=until - now)
                activity.heartbeat()
                await self._bring_to_an_end(row, policy, session)
        left = await self._pool.fetch(SQL["left"], *version)
        waiting = [row["attempts"] for row in left if row["state"] in ("queued", "failed", "sending")]
        if waiting:
            raise ApplicationError(
                "some notices are not sent yet", type=WAITING, next_retry_delay=retry_delay(max(waiting))
            )
        return DeliveryReport(failed={row["notice_id"]: row["reason"] for row in left})

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

    async def _bring_to_an_end(self, row: asyncpg.Record, policy: NoticePolicy, session: MailSession) -> None:
        held_back = self._held_back(row)
        if held_back is not None:
            await self._settle(row, *held_back)
            return
        try:
            link = self._link(row["notice_id"]) if self._link and is_answerable(row) else None
            room = self._rooms[row["process"]]
            mailer = self._mailer.of_case(row["case_id"])
            letter = mailer.compose(letter_to(row, room, Office(), self._clock(), link))
            await session.prepare(row["address"])
        except (MailError, NotRenderedError) as fault:
            await self._settle(row, *self._failure(row, policy, fault))
            return
        # Cancellation must not fall between the server's answer and its record.
        sending = asyncio.ensure_future(self._send(row, policy, session, letter))
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            await sending
            raise

    def _held_back(self, row: asyncpg.Record) -> tuple[str, str] | None:
        if row["silenced"]:
            return "suppressed", "superseded"
        if not row["address"]:
            return "dead", "no-address"
        if not self._mailer.allows(row["address"]):
            return "suppressed", "not-on-allow-list"
        return None

    async def _send(
        self, row: asyncpg.Record, policy: NoticePolicy, session: MailSession, letter: bytes
    ) -> None:
        notice_id = row["notice_id"]
        self._fault("before-mark")
        message_id = self._mailer.of_case(row["case_id"]).message_id(notice_id)
        attempt = await self._pool.fetchval(SQL["claim"], notice_id, row["attempts"], message_id)
        if attempt is None:
            # superseded since, or another attempt's
            await self._pool.execute(SQL["silence"], notice_id, row["attempts"])
            return
        self._fault("marked")
        try:
            await session.hand_over(letter)
            outcome: tuple[str, str | None] = ("accepted", None)
        except MailError as fault:
            outcome = self._failure(row, policy, fault)
        self._fault("handed-over")
        await self._record_at_last(
            Answered(
                notice_id=notice_id, attempt=attempt, state=outcome[0], reason=outcome[1], at=self._clock()
            )
        )
        self._fault("recorded")
        _log("notice-handed-over", row, *outcome, attempt)

    async def _record_at_last(self, answer: Answered) -> None:
        try:
            await _RECORDING.copy()(self._record, answer)
        except FAULTS:
            # Temporal keeps it for the next attempt
            activity.heartbeat(answer)
            raise

    async def _record(self, answer: Answered) -> None:
        self._fault("recording")
        await self._pool.execute(
            SQL["answered"], answer.notice_id, answer.attempt, answer.state, answer.reason, answer.at
        )

    async def _settle(self, row: asyncpg.Record, state: str, reason: str) -> None:
        await self._pool.execute(SQL["settle"], row["notice_id"], row["attempts"], state, reason)
        _log("notice-not-sent", row, state, reason, row["attempts"] + 1)

    def _failure(
        self, row: asyncpg.Record, policy: NoticePolicy, fault: MailError | NotRenderedError
    ) -> tuple[str, str]:
        if isinstance(fault, PermanentMailError):
            return "dead", fault.reason
        if isinstance(fault, UnansweredMailError):
            return "unknown", fault.reason
        if given_up(policy, row["queued_at"], self._clock()):
            return "dead", "gave-up"
        # What cannot be rendered is mended by the next release: it waits like a server that is down.
        return "failed", fault.reason


def _log(event: str, row: asyncpg.Record, state: str, reason: str | None, attempt: int) -> None:
    log.info(
        event,
        case_id=row["case_id"],
        notice_id=row["notice_id"],
        message=row["message"],
        state=state,
        reason=reason,
        attempt=attempt,
    )
