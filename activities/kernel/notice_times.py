"""When notices may go out, when the next try is due, and when trying ends. Pure arithmetic."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from schemas.kernel.policies import NoticePolicy

FIRST_RETRY: Final = timedelta(minutes=1)
LONGEST_RETRY: Final = timedelta(hours=1)


def quiet_until(policy: NoticePolicy, now: datetime) -> datetime | None:
    """When the quiet hours that `now` (aware) lies in end; None outside of them."""
    zone = ZoneInfo(policy.timezone)
    local = now.astimezone(zone)
    start, end, at = policy.quiet_from, policy.quiet_until, local.time()
    quiet = start <= at < end if start <= end else at >= start or at < end
    if not quiet:
        return None
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, zone).astimezone(UTC)


def retry_delay(attempts: int) -> timedelta:
    """One minute after the first attempt, doubling up to an hour."""
    doublings = min(max(attempts - 1, 0), 10)
    return min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)


def given_up(policy: NoticePolicy, queued_at: datetime, now: datetime) -> bool:
    """Whether trying has gone on for `give_up_days` times 24 hours."""
    return now - queued_at >= timedelta(days=policy.give_up_days)
