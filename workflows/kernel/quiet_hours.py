"""The hours in which only what is urgent is told. Pure arithmetic."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.kernel.policies import NoticePolicy


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
