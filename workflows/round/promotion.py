"""Supplementary admission (追加合格): whoever waits is called by rank as places fall free.

Each look at the waitlist carries out what `waitlist.plan` says, in one step, with the frames locked: by the
clock, when a place falls free, when somebody withdraws, after each call. What an applicant accepts is offered
in the step that records the call, and nowhere else. One deadline stands for all entries.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from schemas.kernel.deadlines import Deadline
from schemas.kernel.places import PlaceLine
from schemas.round import waitlist as schema
from schemas.round.commands import AcceptBatch
from schemas.round.facts import PlaceFreed, WaitlistChanged
from schemas.round.roles import Role
from schemas.round.rules import chain
from schemas.round.stages import Stage
from schemas.round.state import RoundState
from schemas.round.waitlist import Entry, EntryChange, EntryState, WaitlistFound
from workflows.round import ending, intake
from workflows.round.ground import RoundDraft, frame_in_ledger, policy_of
from workflows.round.waitlist import (
    BEFORE_TIME,
    LIST_OLD,
    OVER,
    Plan,
    Times,
    ending_of,
    frees,
    lapses,
    needs,
    parents_of,
    plan,
)

LOOK: Final = "promotion"
"""The one deadline of all entries: the next moment at which something changes by the clock."""
LOOKS: Final = "look-at-waitlist"
"""The step of that deadline; it alone moves the round on."""
CALL: Final = "call-applicant"
LOAD: Final = "load-elsewhere"
SERVING: Final = (Stage.ENROLLING, Stage.SUPPLEMENTING, Stage.SETTLED, Stage.DISCLOSING)
AT_ONCE: Final = 200
"""Entries that one step changes: a step is one transaction, and others wait for the frames that it has."""
A_MOMENT: Final = timedelta(seconds=1)


@dataclass
class Promotion:
    """One look at the waitlist: who waits no more, who is called, when it is looked at again."""

    draft: RoundDraft
    found: WaitlistFound
    times: Times
    parents: dict[str, str | None]
    entries: dict[str, Entry]
    free: dict[str, int]
    changes: list[EntryChange] = field(default_factory=list)
    goes_on: bool = False
    """More is to be done, in another step."""
    waits_until: datetime | None = None
    """The round ends, and what other cases do about it is looked at then."""

    @classmethod
    def of(cls, draft: RoundDraft) -> "Promotion":
        """The waitlist as it stands; its frames stay as they are until the step is written."""
        state, policy = draft.state, policy_of(draft.state)
        found = WaitlistFound.model_validate(draft.look_up("waitlist", case_id=state.case_id, most=AT_ONCE))
        times = Times.of(
            policy.calling, state.year, state.promote_from or found.promote_from, _moved_enrolment(state)
        )
        entries = {entry.entry: _as_moved(entry, state) for entry in found.entries}
        return cls(draft, found, times, parents_of(policy.rules), entries, dict(found.free))

    @property
    def shut(self) -> str | None:
        """Why nobody new is called now; None: whoever is among the first is."""
        if self.draft.state.stage != Stage.SUPPLEMENTING:
            return BEFORE_TIME if self.draft.state.stage == Stage.ENROLLING else OVER
        return None if self.listed else LIST_OLD

    @property
    def listed(self) -> bool:
        """Whether the newest list of who enrolled elsewhere is new enough for a call."""
        at = self.found.listed_at
        return at is not None and self.draft.now < self.times.list_holds_until(at)

    def plan(self) -> Plan:
        """As the waitlist stands with what this step has changed."""
        return plan(self.entries.values(), self.free, self.parents, self.draft.now, self.shut)

    def follow(self) -> None:
        """End what is over, and call the first; so many in a step, ends before calls."""
        planned = self.end_some()
        if self.goes_on:
            return
        calling = {each.entry for each in planned.first if each.state is EntryState.CALLING}
        for entry in [each for each in self.entries.values() if each.state is EntryState.CALLING]:
            if entry.entry not in calling:
                self.change(entry, EntryState.WAITING, {"code": planned.why[entry.entry]})
                self.draft.close_task(f"{CALL}:{entry.entry}", how="moved_on")
        new = [each for each in planned.first if each.entry not in calling]
        for entry in new[:AT_ONCE]:
            self.change(entry, EntryState.CALLING, {})
            due = min(self.draft.task_due(CALL), self.times.promote_until)
            self.draft.open_task(CALL, Role.ADMISSIONS_OFFICE, whose=entry.entry, due_at=due, keep=True)
        self.goes_on |= len(new) > AT_ONCE
        if LIST_OLD in planned.why.values():
            self.draft.open_task(LOAD, Role.ADMISSIONS_OFFICE, keep=True)
        else:
            self.draft.close_task(LOAD)

    def end_some(self) -> Plan:
        """End what is over, so many in a step; the plan of which it was a part."""
        planned = self.plan()
        for name in list(planned.ends)[:AT_ONCE]:
            self.end(self.entries[name], *planned.ends[name])
        self.goes_on |= len(planned.ends) > AT_ONCE
        return planned

    def change(
        self, entry: Entry, state: EntryState, evidence: dict[str, Any], reply_by: datetime | None = None
    ) -> None:
        """Note where an entry stands from now on."""
        self.changes.append(EntryChange(entry=entry.entry, state=state, reply_by=reply_by, evidence=evidence))
        kept = entry.reply_by if state is not EntryState.WAITING else None
        update = {"state": state, "reply_by": reply_by or kept}
        self.entries[entry.entry] = entry.model_copy(update=update)

    def end(self, entry: Entry, state: EntryState, evidence: dict[str, Any]) -> None:
        """Somebody waits no more, or has answered; what they leave is seen by the same look."""
        draft = self.draft
        if lapses((state, evidence)) and entry.place is not None:
            draft.places.lapse(entry.place.place)
            self._free(frees(entry, self.parents))
        if entry.state in schema.QUEUED:
            frame = frame_in_ledger(draft.state, entry.frame)
            draft.places.leave_queue(frame, str(state), holder=entry.application)
        self.change(entry, state, evidence)
        draft.close_task(f"{CALL}:{entry.entry}", how="done" if draft.actor.roles else "moved_on")
        if state is not EntryState.ACCEPTED:
            del self.entries[entry.entry]

    def offer(self, entry: Entry) -> None:
        """A place for who has accepted by telephone; one of a lower choice is given back with it (I5)."""
        draft, state, now = self.draft, self.draft.state, self.draft.now
        place, frame = f"{state.case_id}#{entry.number}", frame_in_ledger(draft.state, entry.frame)
        until, lines, had = self.times.enrol_by(now), [PlaceLine(frame=frame)], entry.place
        for used in needs(entry, self.parents):
            self.free[used] -= 1
        above = chain(self.parents, entry.frame)
        self._free(each for each in frees(entry, self.parents) if each not in above)
        over = had is not None and had.ends_at is not None and had.ends_at <= now
        taken = had is not None and had.state == "taken"
        if had is not None and had.live and not over:
            draft.places.move(place, lines)
            if not taken:
                draft.places.extend(place, until)
            draft.places.leave_queue(frame, "moved", holder=entry.application)
        else:
            if over:
                draft.places.lapse(place)
            for before in self.entries.values():
                if before.frame == entry.frame and before.state in schema.QUEUED and before.rank < entry.rank:
                    draft.places.pass_over(frame, before.application, str(before.state))
            draft.places.claim(
                place, lines, state="offered", purpose="admission", holder=entry.application, ends_at=until
            )
        self.change(entry, EntryState.OFFERED, {"code": "accepts", "place": place})
        draft.close_task(f"{CALL}:{entry.entry}")
        now_has = schema.PlaceFound(
            place=place,
            state="taken" if taken else "offered",
            frame=entry.frame,
            choice=entry.choice,
            ends_at=None if taken else until,
        )
        for each in list(self.entries.values()):
            if each.application == entry.application:
                self.entries[each.entry] = each.model_copy(update={"place": now_has})
        told = schema.PlaceOffered(case=entry.application, round=state.case_id)
        draft.facts.tell("place-offered", told, key=f"{entry.application}/{entry.entry}")

    def _free(self, frames: Iterable[str]) -> None:
        for frame in frames:
            self.free[frame] += 1

    def tell_elsewhere(self) -> None:
        """Whoever has a place and enrolled elsewhere: their cases give it back."""
        holders = self.found.holders_elsewhere
        for holder in holders:
            told = schema.EnrolledElsewhere(case=holder.application, round=self.draft.state.case_id)
            self.draft.facts.tell("enrolled-elsewhere", told, key=holder.application)
        if holders:
            self.draft.record(schema.ElsewhereTold(holders=holders))
        self.goes_on |= len(holders) == AT_ONCE

    def release(self) -> bool:
        """Promotion is over for some more, whose cases hear of it; whether there were any (R10)."""
        draft, of_round = self.draft, self.draft.state.case_id
        rows = draft.look_up("waitlist-to-tell-over", case_id=of_round, most=AT_ONCE)
        for row in rows:
            entry = self.entries.get(row["entry"])
            if entry is not None:
                over = EntryState.RELEASED, {"code": OVER, "clock": True}
                self.end(entry, *(ending_of(entry, draft.now) or over))
        for case in dict.fromkeys(row["application"] for row in rows if not row["placed"]):
            told = schema.WaitlistReleased(case=case, round=of_round)
            draft.facts.tell("waitlist-released", told, key=case)
        if rows:
            draft.record(schema.WaitlistToldOver(entries=tuple(row["entry"] for row in rows)))
        self.goes_on |= bool(rows)
        return bool(rows)

    def finish(self) -> None:
        """Write what has changed, and look again at the next moment at which anything may."""
        draft, now, times = self.draft, self.draft.now, self.times
        if self.changes:
            draft.record(schema.EntriesChanged(changes=tuple(self.changes)))
            draft.details["entries"] = len(self.changes)
        moments = [
            entry.place.ends_at
            for entry in self.entries.values()
            if entry.state is EntryState.OFFERED
            and entry.place is not None
            and entry.place.ends_at is not None
        ]
        if draft.state.stage == Stage.ENROLLING:
            moments.append(times.promote_from)
        elif draft.state.stage == Stage.SUPPLEMENTING:
            moments += [
                entry.reply_by
                for entry in self.entries.values()
                if entry.state is EntryState.CALLING and entry.reply_by is not None
            ]
            moments.append(self.waits_until or times.promote_until)
            if self.listed and self.found.listed_at is not None:
                moments.append(times.list_holds_until(self.found.listed_at))
        if self.goes_on:
            moments.append(now)
        draft.stop_deadline(LOOK)
        if moments:
            look_at(draft, min(moments))


def _moved_enrolment(state: RoundState) -> datetime | None:
    return state.enrol_by if "enrol_by" in state.moved else None


def _as_moved(entry: Entry, state: RoundState) -> Entry:
    """An offer stands until the moved hour of enrolment, whether or not its case has heard of it yet."""
    place, moved = entry.place, _moved_enrolment(state)
    if place is None or place.ends_at is None or moved is None or place.ends_at >= moved:
        return entry
    return entry.model_copy(update={"place": place.model_copy(update={"ends_at": moved})})


def look_at(draft: RoundDraft, moment: datetime) -> None:
    """Look at the waitlist then; at once, if that is over."""
    due = max(moment, draft.now + A_MOMENT)
    draft.start_deadline(LOOK, policy_of(draft.state).promotion, due_at=due, keep=True)


def look(draft: RoundDraft, _deadline: Deadline | None = None) -> None:
    """What the clock does when something of the waitlist may have changed; it begins and ends promotion."""
    here = Promotion.of(draft)
    if draft.state.stage == Stage.ENROLLING and draft.now >= here.times.promote_from:
        draft.goto(Stage.SUPPLEMENTING)
    serve(here)


def serve(here: Promotion) -> None:
    """One look, whoever asks for it."""
    draft = here.draft
    here.tell_elsewhere()
    over = draft.state.stage == Stage.SUPPLEMENTING and draft.now >= here.times.promote_until
    if not over:
        here.follow()
    else:
        _end(here)
    here.finish()


def _end(here: Promotion) -> None:
    """The round ends in its order: nothing is released before what comes before it is over (R10)."""
    draft = here.draft
    here.end_some()
    if here.changes:
        here.goes_on = True  # what has ended in this step is seen by the next
        return
    part = ending.waits_for(draft)
    if part is not None:
        draft.details["waits"] = part
        late = draft.now >= here.times.promote_until + ending.A_WHILE
        here.waits_until = draft.now + (ending.A_WHILE if late else ending.AGAIN)
        if late:
            draft.open_task(ending.STILL_OPEN, Role.ADMISSIONS_OFFICE, keep=True)
    elif not here.release() and draft.step == LOOKS:
        draft.goto(Stage.SETTLED)


def place_freed(draft: RoundDraft, fact: PlaceFreed) -> None:
    """Somebody has given back a place: the next by rank is called, and nobody comes before them."""
    draft.details["frame"] = fact.frame
    if draft.state.stage in SERVING:
        serve(Promotion.of(draft))


def waitlist_changed(draft: RoundDraft, _fact: WaitlistChanged) -> None:
    """Somebody has withdrawn who only waited: whoever was behind them may be among the first."""
    if draft.state.stage in SERVING:
        serve(Promotion.of(draft))


def queue_some(draft: RoundDraft) -> bool:
    """Waitlisted lines of the lists that are out become entries, some in a step; whether there were any."""
    state = draft.state
    rows = draft.look_up("waitlist-to-queue", case_id=state.case_id, most=AT_ONCE)
    entries = [schema.QueuedEntry(entry=_key(state.case_id, row), **row) for row in rows]
    for each in entries:
        rank = Entry(**each.model_dump(), state=EntryState.WAITING).rank
        draft.places.queue(frame_in_ledger(state, each.frame), rank, holder=each.application)
    if entries:
        draft.record(schema.EntriesQueued(entries=tuple(entries)))
        draft.details["queued"] = len(entries)
        if state.stage in SERVING:
            look_at(draft, draft.now)
    return bool(entries)


def _key(case_id: str, row: Mapping[str, Any]) -> str:
    """Names an entry in tasks and logs, and tells nobody whose it is."""
    named = f"{case_id}\n{row['frame']}\n{row['number']}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def begin(draft: RoundDraft) -> None:
    """Promotion begins by the clock."""
    look_at(draft, Promotion.of(draft).times.promote_from)


def accept_batch(draft: RoundDraft, command: AcceptBatch) -> None:
    """Scores count while lists are made; afterwards only who enrolled elsewhere does (R26).

    Raises:
        Refusal: it is another kind of file, or not there.
    """
    state = draft.state
    if state.stage not in SERVING:
        intake.accept_batch(draft, command)
        return
    found = draft.look_up("batch", case_id=state.case_id, batch=str(command.batch))
    draft.require(found is not None and found["kind"] == schema.ELSEWHERE, "no-such-batch")
    draft.details.update(batch=str(command.batch), hash=command.hash)
    draft.record(schema.ElsewhereAccepted(batch=command.batch, hash=command.hash))
    look_at(draft, draft.now)  # what the file says can be read when this step is written
