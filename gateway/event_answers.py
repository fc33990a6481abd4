"""What a sender of events is answered: where each is to be seen, or which of them is not taken and why."""

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic_core import to_jsonable_python
from starlette.responses import JSONResponse, Response

from gateway.cloudevents import Arrival
from gateway.event_modes import Message, Mode
from gateway.inbox import Contradiction, Kept
from gateway.problems import Fault, Invalid, Problem, problem
from gateway.responses import EventStored


def stored(mode: Mode, source: str, arrivals: Sequence[Arrival], kept: Sequence[Kept]) -> Response:
    """202, or 200 when all of them had been stored before."""
    status = HTTPStatus.ACCEPTED if any(each.new for each in kept) else HTTPStatus.OK
    receipts = [
        EventStored(
            id=arrival.event.id,
            source=source,
            status="stored" if each.new else "duplicate",
            stored_at=each.stored_at,
            # in a path `..` and `%2F` would be read in more than one way
            location="/events?" + urlencode({"source": source, "id": arrival.event.id}, safe=":/"),
            differs=("time",) if each.other_time else (),
        )
        for arrival, each in zip(arrivals, kept, strict=True)
    ]
    told = [each.model_dump(mode="json", exclude_defaults=True) for each in receipts]
    if mode is Mode.BATCH:
        return JSONResponse(told, status_code=status)
    return JSONResponse(told[0], status_code=status, headers={"Location": receipts[0].location})


def not_taken(message: Message, fault: Invalid) -> Problem:
    """400 when something is no event as documented; 422 when only data do not fit."""
    events = message.named(fault.places)
    code = "invalid-data" if fault.data_only else "invalid-request"
    return problem(code, faults=fault.faults, params={"events": events} if events else None)


def id_used(message: Message, contradiction: Contradiction) -> Problem:
    """409: the first one stays, and who sends the same fact under another id would have it count twice."""
    places = contradiction.places
    named = {each["index"]: each for each in message.named(places)}
    since = [moment for _, moment in places.values() if moment is not None]
    events = [
        named.get(place, {}) | {"differs": differs, "stored_at": to_jsonable_python(moment)}
        for place, (differs, moment) in places.items()
    ]
    return problem(
        "id-used-for-another-event",
        words=None if since else "id-used-twice",
        received=since[0].isoformat(timespec="seconds") if since else None,
        faults=[Fault(message.placed("id", place), "id_used_for_another_event") for place in places],
        params={"events": events},
    )


def may_not_send(message: Message, places: Sequence[int]) -> Problem:
    """403: a type that the source has not declared."""
    events = message.named(places)
    return problem(
        "type-not-allowed",
        faults=[Fault(message.placed("type", place), "type_not_allowed") for place in places],
        params={"events": events} if events else None,
    )
