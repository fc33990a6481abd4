"""Writers of the admission process's own rows, each run inside the transition's transaction.

A writer may refuse: what only the database can know (places, loads, siblings) is guarded here, under a
lock, and the whole step is then not taken.
"""

from typing import Any
from uuid import UUID

from activities.kernel.cases import Writers, queue_event
from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.admission import records
from schemas.admission.facts import SiblingAccepted
from schemas.kernel.case import EventEnvelope
from schemas.kernel.identifiers import event_type
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Transition

SQL = queries("admission/admission")
OWN_SOURCE = "jp.ac.iehe"


async def _item(connection: Connection, new: Transition, record: records.ItemRecorded) -> None:
    row = (record.item, record.present, record.late, record.occurred_at, record.reference)
    await connection.execute(SQL["record_item"], new.case_id, *row)


async def _reviewer_assigned(
    connection: Connection, new: Transition, record: records.ReviewerAssigned
) -> None:
    cap = await connection.fetchval(SQL["lock_reviewer"], record.reviewer, record.load_cap)
    if cap is None:
        raise Refusal("reviewer-unknown", reviewer=record.reviewer)
    if await connection.fetchval(SQL["open_reviews"], record.reviewer) >= cap:
        raise Refusal("reviewer-full", reviewer=record.reviewer, cap=cap)
    await connection.execute(SQL["assign_reviewer"], new.case_id, record.reviewer, new.at)


async def _review(connection: Connection, new: Transition, record: records.ReviewRecorded) -> None:
    outcome = (record.total, record.verdict, record.late, _uuid(record.remark_id))
    await connection.execute(
        SQL["change_review"], new.case_id, record.reviewer, record.state, new.at, *outcome
    )
    if record.state != "accepted":
        await connection.execute(SQL["silence_reviewer"], new.case_id, new.version, record.reviewer)
    for criterion, points in record.points.items():
        await connection.execute(SQL["record_score"], new.case_id, record.reviewer, criterion, points)


async def _vote(connection: Connection, new: Transition, record: records.VoteRecorded) -> None:
    row = (record.ballot, record.member, record.choice, record.casting, _uuid(record.reason_id), new.at)
    await connection.execute(SQL["record_vote"], new.case_id, *row)


async def _decision(connection: Connection, new: Transition, record: records.DecisionRecorded) -> None:
    if record.reason_code == "other-offer-accepted":
        other = await connection.fetchval(SQL["other_offer"], new.case_id)
        if other is None:
            raise Refusal("no-other-offer")
    if record.takes_place:
        await _take_place(connection, new, beyond=record.beyond_places)
    await connection.execute(
        SQL["record_decision"],
        new.case_id,
        new.version,
        record.decision,
        new.actor.id,
        new.actor.kind.value,
        _uuid(record.reason_id),
        record.reason_code,
        record.beyond_places,
        new.at,
    )


async def _take_place(connection: Connection, new: Transition, *, beyond: bool) -> None:
    await _require_no_other_offer(connection, new)
    place = await connection.fetchrow(SQL["lock_places"], new.case_id)
    if beyond:
        return
    if place is None:
        raise Refusal("places-undeclared")
    taken = await connection.fetchval(SQL["places_taken"], place["round_id"], place["programme"], new.case_id)
    if taken >= place["places"]:
        raise Refusal("places-full", places=place["places"])


async def _require_no_other_offer(connection: Connection, new: Transition) -> None:
    if await connection.fetchval(SQL["other_offer"], new.case_id) is not None:
        raise Refusal("other-offer-accepted")


async def _offer_accepted(connection: Connection, new: Transition, record: records.OfferAccepted) -> None:
    """Rule A13 in one step: the other open applications of the round end, and fall silent at once."""
    _ = record
    await connection.execute(SQL["lock_persons_of_round"], new.case_id)
    await _require_no_other_offer(connection, new)
    for sibling in await connection.fetch(SQL["supersede_siblings"], new.case_id):
        await connection.execute(SQL["suppress_notices"], sibling["case_id"])
        envelope = EventEnvelope(
            id=f"{new.case_id}:{new.version}:{sibling['case_id']}",
            source=OWN_SOURCE,
            type=event_type(new.process, "sibling-accepted"),
            occurred_at=new.at,
            received_at=new.at,
            data=SiblingAccepted(by_case=new.case_id).model_dump(mode="json"),
        )
        await queue_event(connection, new, sibling["case_id"], envelope)


async def _accommodation(
    connection: Connection, new: Transition, record: records.AccommodationRecorded
) -> None:
    reason = _uuid(record.reason_id)
    await connection.execute(SQL["record_accommodation"], new.case_id, record.state, reason, new.at)


async def _duplicate(connection: Connection, new: Transition, record: records.DuplicateResolved) -> None:
    await connection.execute(SQL["lock_persons_of_round"], new.case_id)
    if record.taken_back and await connection.fetchval(SQL["other_offer"], new.case_id) is not None:
        raise Refusal("finding-followed")
    for other in record.others:
        same = None if record.taken_back else other in record.same_person
        row = (other, same, new.actor.id, _uuid(record.reason_id), new.at)
        await connection.execute(SQL["record_duplicate"], new.case_id, *row)
    if not new.closed and record.same_person:
        # this one was to go on, and an offer of the same person's stands already (A13)
        await _require_no_other_offer(connection, new)


async def _permit(connection: Connection, new: Transition, record: records.LatePermitted) -> None:
    row = (record.item, record.until, new.actor.id, _uuid(record.reason_id))
    await connection.execute(SQL["permit_late"], new.case_id, *row)


def _uuid(text_id: str | None) -> UUID | None:
    try:
        return UUID(text_id) if text_id is not None else None
    except ValueError:
        raise Refusal("unknown-text") from None


_ALL: dict[type[Any], Any] = {
    records.ItemRecorded: _item,
    records.ReviewerAssigned: _reviewer_assigned,
    records.ReviewRecorded: _review,
    records.VoteRecorded: _vote,
    records.DecisionRecorded: _decision,
    records.OfferAccepted: _offer_accepted,
    records.AccommodationRecorded: _accommodation,
    records.DuplicateResolved: _duplicate,
    records.LatePermitted: _permit,
}
ADMISSION_WRITERS: Writers = {
    model.model_fields["kind"].default: (model, write) for model, write in _ALL.items()
}
