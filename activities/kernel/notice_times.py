"""When the next try of a notice is due, when trying ends, how long one may be held. Pure arithmetic."""

from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.kernel.policies import NoticePolicy

FIRST_RETRY: Final = timedelta(minutes=1)
LONGEST_RETRY: Final = timedelta(hours=1)
FIRST_URGENT_RETRY: Final = timedelta(seconds=15)
LONGEST_URGENT_RETRY: Final = timedelta(minutes=2)
SHORTEST_RETRY: Final = timedelta(seconds=1)
HELD_LOOK: Final = timedelta(minutes=1)
"""How often a delivery looks whether what a person holds was released."""
HELD_LONG: Final = timedelta(hours=24)
"""For how long a person may hold a notice before doctor and lists say so; of the host, for every process."""


def is_held_long(held_since: datetime | None, now: datetime | None = None) -> bool:
    """Whether a person has held a notice for longer than `HELD_LONG`; `now` is the present unless given."""
    return held_since is not None and (now or datetime.now(UTC)) - held_since > HELD_LONG


def retry_delay(attempts: int, *, urgent: bool = False) -> timedelta:
    """One minute after the first attempt, doubling up to an hour; urgent ones 15 seconds, up to 2 minutes."""
    doublings = min(max(attempts - 1, 0), 10)
    first, longest = (FIRST_URGENT_RETRY, LONGEST_URGENT_RETRY) if urgent else (FIRST_RETRY, LONGEST_RETRY)
    return min(first * (1 << doublings), longest)


def next_retry(
    policy: NoticePolicy,
    queued_at: datetime,
    now: datetime,
    attempts: int,
    *,
    urgent: bool,
    after: timedelta | None,
) -> datetime | None:
    """When to try again after `attempts` that failed; None when trying is over.

    `after`: how long the receiver has asked to wait, heeded from a second up to the longest pause. The last
    try is when trying ends.
    """
    ends = queued_at + patience(policy, urgent=urgent)
    if now >= ends:
        return None
    pause = retry_delay(attempts, urgent=urgent)
    if after is not None:
        pause = min(after, LONGEST_URGENT_RETRY if urgent else LONGEST_RETRY)
    return min(now + max(pause, SHORTEST_RETRY), ends)


def patience(policy: NoticePolicy, *, urgent: bool) -> timedelta:
    """For how long trying goes on."""
    if urgent:
        return timedelta(minutes=policy.give_up_urgent_minutes)
    return timedelta(days=policy.give_up_days)
