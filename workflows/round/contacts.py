"""Calls to those who wait: each is a row that is never changed, and without one nobody is promoted (R25)."""

from datetime import datetime, timedelta

from schemas.kernel.japan import TOKYO
from schemas.round import waitlist as schema
from schemas.round.commands import RecordContact
from schemas.round.waitlist import ContactOutcome, Entry, EntryState
from workflows.round.ground import RoundDraft
from workflows.round.promotion import CALL, Promotion, serve
from workflows.round.waitlist import BEFORE_TIME


def record_contact(draft: RoundDraft, command: RecordContact) -> None:
    """A call, and what follows from it: a place, an end, or the time within which the applicant answers.

    Raises:
        Refusal: the entry is not among the first, or the call was not made as the policy says.
    """
    here = Promotion.of(draft)
    mine = [
        entry
        for entry in here.entries.values()
        if (entry.number, entry.programme) == (command.number, command.programme)
    ]
    fitting = [entry for entry in mine if command.frame in (None, entry.frame)]
    known = ", ".join(sorted(entry.frame for entry in mine))
    draft.require(len(fitting) == 1, "entry-unknown", programme=command.programme, known=known or "-")
    entry = fitting[0]
    _require_first(here, entry)
    if not command.called_back:
        _require_call(here, entry, command.outcome)
    at, times = draft.happened_at, here.times
    over = entry.reply_by is not None and at >= entry.reply_by
    draft.require(not over, "reply-over", until=_told(entry.reply_by))
    draft.details["entry"] = entry.entry
    draft.record(
        schema.ContactRecorded(
            entry=entry.entry,
            at=at,
            outcome=command.outcome,
            called_back=command.called_back,
            listener_note_id=command.listener_note_id,
        )
    )
    if command.outcome is ContactOutcome.ACCEPTS:
        here.offer(entry)
    elif command.outcome is ContactOutcome.DECLINES:
        here.end(entry, EntryState.DECLINED, {"code": "declines"})
    else:
        left = command.outcome is ContactOutcome.MESSAGE_LEFT and not entry.message_left
        tried = command.outcome in schema.TRIES and entry.tries + 1 >= times.policy.tries
        if left or (tried and entry.reply_by is None):
            here.change(entry, EntryState.CALLING, {}, times.reply_by(at))
            task = draft.state.tasks.get(f"{CALL}:{entry.entry}")
            if task is not None:
                task.due_at = times.reply_by(at)
                draft.change_task(task)
    serve(here)


def _require_first(here: Promotion, entry: Entry) -> None:
    planned = here.plan()
    why = planned.why.get(entry.entry) or str(entry.state)
    if entry.entry in planned.ends:
        why = str(planned.ends[entry.entry][1]["code"])
    called = entry.state is EntryState.CALLING and entry in planned.first
    here.draft.require(called, "not-among-first", why=why)
    # the office writes down hours and minutes
    since = entry.called_at.replace(second=0, microsecond=0) if entry.called_at is not None else None
    early = since is None or here.draft.happened_at < since
    here.draft.require(not early, "not-among-first", why=BEFORE_TIME)


def _require_call(here: Promotion, entry: Entry, outcome: ContactOutcome) -> None:
    """Within hours, some time after the last one, on the newest list, and a message after all tries (R24)."""
    draft, policy, at = here.draft, here.times.policy, here.draft.happened_at
    draft.require(here.listed, "elsewhere-list-old", hours=policy.elsewhere_hours)
    within = policy.hours_from <= at.astimezone(TOKYO).time() < policy.hours_until
    hours = {"since": f"{policy.hours_from:%H:%M}", "until": f"{policy.hours_until:%H:%M}"}
    draft.require(within, "calling-hours", **hours)
    early = outcome is ContactOutcome.MESSAGE_LEFT and entry.tries < policy.tries
    draft.require(not early, "message-too-early", tries=policy.tries, made=entry.tries)
    apart = timedelta(minutes=policy.tries_apart_minutes)
    # a message is left in the call that nobody has answered
    soon = outcome in schema.TRIES and entry.last_try_at is not None and at < entry.last_try_at + apart
    last = _told(entry.last_try_at)
    draft.require(not soon, "contact-too-soon", last=last, minutes=policy.tries_apart_minutes)


def _told(moment: datetime | None) -> str:
    return f"{moment.astimezone(TOKYO):%Y-%m-%d %H:%M}" if moment is not None else "-"
