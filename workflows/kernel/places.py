"""What a step does with the places ledger; nothing counts until the step is written, all of it or none.

The database refuses what does not hold (`frame-full`, `unit-taken`, `place-over`, `place-waited-for`,
`place-not-yours`, `frame-unknown`): a rule that has another way then, such as a waitlist, looks up `frame`,
`place` or `queue` first, which keeps them as they are until the step is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue

from schemas.kernel.places import FrameWanted, Given, PlaceChange, PlaceLine
from schemas.kernel.refusals import Refusal

PLACE_FREED = "place-freed"
"""The fact that an allocator is told when something of a frame falls free; its data is the `frame`."""


@dataclass
class PlaceChanges:
    """The changes of one step, in their order."""

    of_case: str
    now: datetime
    happened_at: datetime
    made: list[PlaceChange] = field(default_factory=list)

    def claim(
        self,
        place: str,
        lines: Sequence[PlaceLine],
        *,
        state: Given = "held",
        purpose: str = "place",
        holder: str | None = None,
        ends_at: datetime | None = None,
        beyond: bool = False,
    ) -> None:
        """Hold, offer or give a place; whoever waits for it is off the list, or on it with an offer.

        Args:
            place: its key, such as `<case id>#room`: one key is one live place.
            lines: what it takes, all or none.
            state: how it is given.
            purpose: code of what for.
            holder: a case id; the own case when not given.
            ends_at: when a hold or an offer lapses.
            beyond: whatever the limits say, before all who wait: a place that the university owes. It takes
                nothing of what is free, and is nobody's when it comes back.
        """
        self._give(place, lines, state, purpose, holder or self.of_case, ends_at, beyond=beyond)

    def block(self, place: str, lines: Sequence[PlaceLine], *, purpose: str = "closed") -> None:
        """Take what nobody is to have, such as a bed under repair; refused while somebody has it."""
        self._give(place, lines, "held", purpose, None, None)

    def take(self, place: str) -> None:
        """The answer yes: what was held or offered is taken, if it was so in time."""
        self._change("take", place=place, at=self.happened_at)

    def extend(self, place: str, ends_at: datetime) -> None:
        """Hold or offer it until another moment."""
        self._change("extend", place=place, ends_at=ends_at)

    def release(self, place: str, why: str) -> None:
        """Give it back; one that is over stays as it ended. `declined` is the answer no to an offer."""
        self._change("release", place=place, reason=why)

    def lapse(self, place: str) -> None:
        """End a hold or an offer whose time is over; what was answered or extended meanwhile stays."""
        self._change("lapse", place=place)

    def move(self, place: str, lines: Sequence[PlaceLine]) -> None:
        """Another bed, or other days, instead of those that it has: both or neither."""
        self._check(lines)
        self._change("move", place=place, lines=tuple(lines))

    def swap(self, place: str, other: str) -> None:
        """Each of two places gets the lines of the other one."""
        self._change("swap", place=place, other=other)

    def queue(
        self,
        frame: str,
        rank: Sequence[Decimal | int],
        amount: Decimal | int = 1,
        wanted: Mapping[str, JsonValue] | None = None,
        *,
        holder: str | None = None,
    ) -> None:
        """Wait for something of a frame, or wait by another rank; who has an offer keeps it.

        Args:
            frame: of what.
            rank: numbers that are compared in order, the lowest first; of equal ones who came first.
            amount: how much of it.
            wanted: codes of what would fit; nothing personal.
            holder: a case id; the own case when not given.
        """
        self._change(
            "queue",
            frame=frame,
            rank=tuple(map(Decimal, rank)),
            amount=Decimal(amount),
            wanted=dict(wanted or {}),
            holder=holder or self.of_case,
        )

    def pass_over(self, frame: str, holder: str, reason: str) -> None:
        """Say why who waits is not served now and somebody behind may be; they keep their rank."""
        self._change("pass-over", frame=frame, holder=holder, reason=reason)

    def leave_queue(self, frame: str, how: str, holder: str | None = None) -> None:
        """Wait no more."""
        self._change("leave-queue", frame=frame, reason=how, holder=holder or self.of_case)

    def frame(self, frame: str, wanted: FrameWanted) -> None:
        """Make a frame of the process, or change what is named of it."""
        self._change("frame", frame=frame, wanted=wanted.model_dump(mode="json", exclude_none=True))

    def _give(
        self,
        place: str,
        lines: Sequence[PlaceLine],
        state: Given,
        purpose: str,
        holder: str | None,
        ends_at: datetime | None,
        *,
        beyond: bool = False,
    ) -> None:
        self._check(lines)
        self._change(
            "claim",
            place=place,
            lines=tuple(lines),
            state=state,
            purpose=purpose,
            holder=holder,
            ends_at=ends_at,
            beyond=beyond,
        )

    def _check(self, lines: Sequence[PlaceLine]) -> None:
        for line in lines:
            if line.first is not None and line.until is not None and line.until <= line.first:
                raise Refusal("place-span-empty", first=line.first, until=line.until)

    def _change(self, how: str, **values: object) -> None:
        self.made.append(PlaceChange.model_validate({"how": how, **values}))
