"""Events on their way to the gateway: the same ones, signed afresh, until there is an answer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from cli.session import CommandError, Exit

if TYPE_CHECKING:
    import httpx2

    from cli.event_requests import Letter, Proof

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
_COME_AGAIN: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


@dataclass(frozen=True, slots=True)
class Taken:
    """The gateway has stored it; `events` as it told them, with whole addresses."""

    status: int
    tries: int
    events: Sequence[Mapping[str, str]]


async def deliver(client: httpx2.AsyncClient, url: str, letter: Letter, proof: Proof, tries: int) -> Taken:
    """Send until there is an answer that a repeat would not change.

    Raises:
        CommandError: refused, or no such answer after so many tries.
        SignatureFault: key-malformed.
    """
    import httpx2

    cause = ""
    for number in range(1, tries + 1):
        asked = 0.0
        headers = {**letter.headers, **proof.headers(letter.message_id, letter.body)}
        try:
            answer = await client.post(f"{url}/events", content=letter.body, headers=headers)
        except httpx2.TransportError as error:
            cause = type(error).__name__
        else:
            if not answer.is_server_error and answer.status_code not in _COME_AGAIN:
                return _taken(answer, url, letter, number)
            cause, asked = str(answer.status_code), _retry_after(answer)
        if number < tries:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (number - 1))
            pause *= random.uniform(0.5, 1)  # noqa: S311 - spreads the repeats of many senders
            await asyncio.sleep(max(asked, pause))
    raise CommandError(
        "gateway-unavailable",
        {"ids": list(letter.ids), "tries": tries, "cause": cause},
        cause=cause,
        tries=tries,
        ids=_named(letter),
    )


def _taken(answer: httpx2.Response, url: str, letter: Letter, tries: int) -> Taken:
    body = _told(answer)
    if answer.status_code in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        events = body if isinstance(body, list) else [body]
        if [each.get("id") for each in events if isinstance(each, dict)] == list(letter.ids):
            shown = [each | {"location": urljoin(f"{url}/", str(each.get("location")))} for each in events]
            return Taken(answer.status_code, tries, shown)
    if not answer.is_client_error:
        raise CommandError(
            "not-the-gateway",
            {"ids": list(letter.ids), "status": answer.status_code},
            status_code=answer.status_code,
        )
    raise _refused(answer.status_code, body if isinstance(body, dict) else {}, letter)


def _refused(status: int, problem: Mapping[str, Any], letter: Letter) -> CommandError:
    message = problem.get("message") or {}
    faults = problem.get("faults") or []
    places = "".join(f"\n  {fault.get('at') or '/'}: {fault.get('code')}" for fault in faults)
    other = f"HTTP {status} {HTTPStatus(status).phrase if status in set(HTTPStatus) else ''}".strip()
    not_allowed = status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    return CommandError.of(
        str(problem.get("code") or f"http-{status}"),
        f"{message.get('en', other)} ({status}){places}",
        f"{message.get('ja', other)}（{status}）{places}",
        Exit.NOT_ALLOWED if not_allowed else Exit.REFUSED,
        status=status,
        ids=list(letter.ids),
        faults=faults,
    )


def _told(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _retry_after(answer: httpx2.Response) -> float:
    """Seconds that the gateway, or a proxy before it, wants to be left alone; 0 when it does not say."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _named(letter: Letter) -> str:
    first, *more = letter.ids
    return f"{first} … (+{len(more)})" if more else first
