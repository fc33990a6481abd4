"""What a step does with lists of results: one person prepares, another confirms, all are told at one hour.

The database holds what must never be otherwise: who confirms has not prepared, what is released was confirmed
as it is, what changes its inputs withdraws a list, and nothing of a list is told before its hour. At the hour
nothing has to happen: what is out follows from one row and the server's clock; cases are told afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from schemas.kernel.refusals import Refusal
from schemas.kernel.results import (
    ReleaseHeld,
    ResultConfirmed,
    ResultList,
    ResultMade,
    ResultPrepared,
    ResultReopened,
    ResultsReleased,
    ResultsTold,
    ResultsWithdrawn,
)

if TYPE_CHECKING:
    from workflows.kernel.draft import Draft


class Results:
    """The lists of the case that a draft changes."""

    def __init__(self, draft: Draft[Any]) -> None:
        self._draft = draft

    def lists(self) -> dict[str, ResultList]:
        """Those that count, by name: what is on its way before what is out; so until the step is written."""
        found = self._draft.look_up("result-lists", case_id=self._draft.state.case_id)
        return {each.name: each for each in map(ResultList.model_validate, found)}

    def untold(self, most: int) -> list[dict[str, Any]]:
        """Lines of lists that are out whose cases have not been told: `list`, `line`, `subject`, `result`.

        In the order of the lists; none while the hour has not come by the server's clock.
        """
        found: list[dict[str, Any]] = self._draft.look_up(
            "untold-results", case_id=self._draft.state.case_id, most=most
        )
        return found

    def make(self, made: ResultMade) -> None:
        """Make a list, instead of one of that name that is not out."""
        self._draft.record(made)

    def prepare(self, name: str, seen: str) -> ResultList:
        """Lay a list before others as the person has seen it.

        Raises:
            Refusal: there is none, or it is another one by now, or somebody has done so.
        """
        this = self._seen(name, seen, "made")
        self._draft.record(ResultPrepared(name=name, hash=seen))
        return this

    def confirm(self, name: str, seen: str) -> ResultList:
        """Confirm a list that somebody else has prepared.

        Raises:
            Refusal: it is another one by now, or was not prepared, or by the same person.
        """
        this = self._seen(name, seen, "prepared")
        self._draft.require(this.prepared_by != self._draft.actor.id, "list-own", list=name)
        self._draft.record(ResultConfirmed(name=name, hash=seen))
        return this

    def reopen(self, name: str) -> None:
        """Let a list that was confirmed by a slip be confirmed again; one that is released stays."""
        self._draft.record(ResultReopened(name=name))

    def withdraw(self, names: Collection[str], reason: str) -> None:
        """Lists that were made from something else count no more; a release is held, what is out stays."""
        self._draft.record(ResultsWithdrawn(names=tuple(names), reason=reason))

    def release(self, names: Collection[str], hour: datetime | None = None) -> str:
        """Release confirmed lists at an hour, or at once; the key of the release.

        Raises:
            Refusal: one is not confirmed, or the hour is over.
        """
        draft = self._draft
        lists = self.lists()
        for name in names:
            confirmed = name in lists and lists[name].state == "confirmed"
            draft.require(confirmed, "list-unconfirmed", list=name)
        release = f"{draft.state.case_id}#release-{draft.state.version + 1}"
        if hour is not None:
            draft.ahead(hour)
        draft.record(ResultsReleased(release=release, names=tuple(names), hour=hour))
        return release

    def hold(self, release: str, reason: str) -> None:
        """Let a release that has not come not come.

        Raises:
            Refusal: by the database, when it is out.
        """
        self._draft.record(ReleaseHeld(release=release, reason=reason))

    def told(self, of_list: str, lines: Sequence[int]) -> None:
        """Note whose cases this step tells."""
        self._draft.record(ResultsTold(list=of_list, lines=tuple(lines)))

    def _seen(self, name: str, seen: str, state: str) -> ResultList:
        this = self.lists().get(name)
        if this is None or this.hash != seen or this.state != state:
            raise Refusal("list-other", list=name)
        return this
