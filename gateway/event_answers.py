"""What a sender of events is answered: where each is to be seen, or which of them is not taken and why."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response

from gateway.cloudevents import Arrival, Invalid
from gateway.event_modes import Message, Mode
from gateway.inbox import Contradiction, Kept
from gateway.problems import Fault, Problem, invalid


def location_of(source: str, event_id: str) -> str:
    """Where an event's fate can be seen. In a path `..` and `%2F` would be read in more than one way."""
    return "/events?" + urlencode({"source": source, "id": event_id}, safe=":/")


def stored(mode: Mode, source: str, arrivals: Sequence[Arrival], kept: Sequence[Kept]) -> Response:
    """202, or 200 when all of them had been stored before."""
    status = HTTPStatus.ACCEPTED if any(each.new for each in kept) else HTTPStatus.OK
    told: list[dict[str, Any]] = [
        {
            "id": arrival.event.id,
            "source": source,
            "status": "stored" if each.new else "duplicate",
            "stored_at": each.stored_at.isoformat(),
            "location": location_of(source, arrival.event.id),
        }
        | ({"differs": ["time"]} if each.other_time else {})
        for arrival, each in zip(arrivals, kept, strict=True)
    ]
    if mode is Mode.BATCH:
        return JSONResponse(told, status_code=status)
    return JSONResponse(told[0], status_code=status, headers={"Location": told[0]["location"]})


def not_taken(message: Message, fault: Invalid) -> Problem:
    """400 when something is no event as documented; 422 when only data do not fit."""
    events = message.named(fault.places)
    params = {"events": events} if events else None
    if not fault.data_only:
        return invalid(fault.faults, params)
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid-data",
        "The event is well-formed, but its data are not those of its type; `faults` names each place.",
        "通知の形式は正しいですが、データが種別に合いません。faults に該当箇所を示します。",
        faults=fault.faults,
        params=params,
    )


def id_used(message: Message, contradiction: Contradiction) -> Problem:
    """409: the first one stays, and who sends the same fact under another id would have it count twice."""
    places = contradiction.places
    named = {each["index"]: each for each in message.named(places)}
    since = [moment for _, moment in places.values() if moment is not None]
    if since:
        received = since[0].isoformat(timespec="seconds")
        english = (
            f"The first one is stored: the event with this id that was received at {received}, which stays "
            "as it is; this one says something else (`params`: in what). If it is the same fact, send it no "
            "more, and under no other id, or it counts twice; corrections are made by the institute."
        )
        japanese = (
            f"この ID の最初の通知は保存済み（受信 {received}）で、変更されません。今回の内容とは異なります"
            "（相違点は params）。同じ事実であれば、別の ID でも再送しないでください（二重に計上されます）。"
            "訂正は大学へご連絡ください。"
        )
    else:
        english = (
            "This request says different things under one id (`params`: in what). Nothing of it is stored: "
            "send the one that is right."
        )
        japanese = (
            "同じ ID で内容の異なる通知が含まれ、何も保存していません。正しい方だけを送信してください。"
        )
    events = [
        named.get(place, {}) | {"differs": differs, "stored_at": moment.isoformat() if moment else None}
        for place, (differs, moment) in places.items()
    ]
    return Problem(
        HTTPStatus.CONFLICT,
        "id-used-for-another-event",
        english,
        japanese,
        faults=[Fault(message.placed("id", place), "id_used_for_another_event") for place in places],
        params={"events": events},
    )


def may_not_send(message: Message, places: Sequence[int]) -> Problem:
    """403: a type that the source has not declared."""
    events = message.named(places)
    return Problem(
        HTTPStatus.FORBIDDEN,
        "type-not-allowed",
        "This source may not send this type of event (iehe source list).",
        "この送信元はこの種別の通知を送信できません（iehe source list）。",
        faults=[Fault(message.placed("type", place), "type_not_allowed") for place in places],
        params={"events": events} if events else None,
    )


def not_signed() -> Problem:
    """401: the signature is right, and does not cover all that was sent."""
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "attributes-not-signed",
        "A signature covers the attributes of binary mode, and the query of a GET, only through webhook-id: "
        "'ce_' or 'get_' and the SHA-256 of all of them as a JSON object (RFC 8785); an event in another "
        "mode may not have such an id. Send structured mode unless you must (docs/api.md).",
        "バイナリーモードの属性と GET のクエリは、webhook-id（「ce_」または「get_」＋全項目の JSON"
        "（RFC 8785）の SHA-256）によってのみ署名に含まれ、他のモードではこの形式の ID を使用できません。"
        "通常は structured モードで送信してください（docs/api.md）。",
    )
