"""Appointments: booked, moved, cancelled, held or missed, and what follows a missed one (E7).

That a counsellor is in two places at once is refused by the database, where all cases are seen.
Rule numbers are those of docs/processes/support.md.
"""

from datetime import datetime
from typing import Final, Literal

from schemas.kernel.deadlines import Deadline
from schemas.support.commands import Book, CancelAppointment, Rebook, RecordContact
from schemas.support.facts import AppointmentMissed
from schemas.support.records import Appointed, Booked, Contacted
from schemas.support.roles import Role
from schemas.support.stages import URGENT_LEVEL, Channel, Outcome
from schemas.support.state import Booking
from workflows.support import clocks, contact, crisis, ownership
from workflows.support.clocks import SupportDraft, policy_of

OUTCOME: Final = "record-appointment"
IN_PERSON: Final = (Channel.MEETING, Channel.VIDEO, Channel.PHONE)
"""How an appointment may be held."""


def book(draft: SupportDraft, command: Book) -> None:
    """Whoever has the case meets the student, or of its unit while nobody has it."""
    ownership.require_owner(draft)
    draft.require(command.channel in IN_PERSON, "not-in-person", channel=command.channel)
    draft.state.bookings += 1
    _book(draft, draft.state.bookings, command.at, command.minutes, command.channel, command.remark_id)


def rebook(draft: SupportDraft, command: Rebook) -> None:
    """The same appointment at another time."""
    ownership.require_owner(draft)
    booking = _booked(draft, command.booking)
    _over(draft, command.booking)
    _book(draft, command.booking, command.at, command.minutes, booking.channel, command.remark_id)


def _book(
    draft: SupportDraft, number: int, at: datetime, minutes: int, channel: Channel, place_id: str | None
) -> None:
    state, at = draft.state, draft.ahead(at)
    state.booked[str(number)] = Booking(at=at, channel=channel)
    draft.details.update(booking=number, at=at.isoformat(), channel=channel)
    draft.record(
        Booked(
            booking=number,
            counsellor=draft.actor.id,
            at=at,
            minutes=minutes,
            channel=channel,
            place_id=place_id,
        )
    )
    policy = policy_of(state).appointment
    draft.start_deadline(clocks.APPOINTMENT, policy, whose=str(number), due_at=at, keep=True)
    clocks.owner_acts(draft)


def cancel(draft: SupportDraft, command: CancelAppointment) -> None:
    """Nobody is expected, nobody is reminded."""
    ownership.require_owner(draft)
    _booked(draft, command.booking)
    _end(draft, command.booking, "cancelled")
    clocks.owner_acts(draft)


def appointment_begun(draft: SupportDraft, deadline: Deadline) -> None:
    """Whether the student came is recorded by whom they were to meet."""
    number = deadline.name.partition(":")[2]
    draft.details["booking"] = int(number)
    draft.open_task(OUTCOME, Role.COUNSELLOR, whose=number, assignee=draft.state.owner, keep=True)
    clocks.owner_acts(draft)


def record_contact(draft: SupportDraft, command: RecordContact) -> None:
    """Who was met at an appointment that had begun has held it."""
    contact.record_contact(draft, command)
    if command.outcome is Outcome.REACHED:
        for number, booking in list(draft.state.booked.items()):
            if booking.at <= draft.now and booking.channel == command.channel:
                _end(draft, int(number), "held")


def missed(draft: SupportDraft, fact: AppointmentMissed) -> None:
    """The student did not come: called up to three times within minutes, then a message is left.

    Who is at risk is tried again within the level's time, or somebody goes and looks.
    """
    state = draft.state
    number = fact.booking if fact.booking is not None else _last_begun(draft)
    if number is not None:
        draft.require(_booked(draft, number).at <= draft.now, "booking-ahead", booking=number)
        _end(draft, number, "missed")
    draft.record(Contacted(channel=Channel.MEETING, outcome=Outcome.MISSED, at=draft.happened_at))
    state.attempts = 0
    draft.start_deadline(clocks.ATTEMPT, clocks.clocks_of(state).attempt, keep=True)
    draft.start_deadline(clocks.CALLS, policy_of(state).calls, keep=True)
    draft.open_task(
        contact.CALL_AGAIN, Role.COUNSELLOR, assignee=state.owner, deadline=clocks.CALLS, keep=True
    )


def calls_over(draft: SupportDraft, _deadline: Deadline) -> None:
    """Nobody was reached: of what is not urgent a message is left, and silence counts from it (E7, E9)."""
    state = draft.state
    if state.level > URGENT_LEVEL and not crisis.is_open(state):
        contact.leave_message(draft)


def _last_begun(draft: SupportDraft) -> int | None:
    begun = [(each.at, int(number)) for number, each in draft.state.booked.items() if each.at <= draft.now]
    return max(begun)[1] if begun else None


def _booked(draft: SupportDraft, number: int) -> Booking:
    booked = draft.state.booked
    known = ", ".join(sorted(booked, key=int)) or "-"
    draft.require(str(number) in booked, "no-such-booking", booking=number, known=known)
    return booked[str(number)]


def _end(draft: SupportDraft, number: int, became: Literal["held", "missed", "cancelled"]) -> None:
    draft.details["booking"] = number
    draft.record(Appointed(booking=number, became=became))
    _over(draft, number)
    draft.state.booked.pop(str(number))


def _over(draft: SupportDraft, number: int) -> None:
    draft.stop_deadline(f"{clocks.APPOINTMENT}:{number}")
    draft.close_task(f"{OUTCOME}:{number}")


def cancel_all(draft: SupportDraft) -> None:
    """The case has ended: nobody is expected."""
    for number in list(draft.state.booked):
        _end(draft, int(number), "cancelled")


EXPIRIES: Final = {
    clocks.APPOINTMENT: ("appointment-begun", appointment_begun),
    clocks.CALLS: ("calls-over", calls_over),
}
