"""`iehe events send`: the reference client, for other systems to use or to read."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import typer

from cli.case_arguments import command
from cli.event_requests import (
    SECRET_VARIABLE,
    Event,
    Letter,
    Proof,
    batches,
    binary,
    events_in,
    proof_of,
    structured,
)
from cli.sender import deliver
from cli.session import CommandError, Session, print_json
from cli.typed import fact_data, moment

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Mode(StrEnum):
    """How one event is written."""

    STRUCTURED = "structured"
    BINARY = "binary"


@command
async def send(
    session: Session,
    kind: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Whole, or its last part: fee-paid.")
    ] = None,
    subject: Annotated[
        str | None,
        typer.Argument(metavar="[SUBJECT]", help="Number of what it is about, such as A2027-000001."),
    ] = None,
    data: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Such as item=transcript.")
    ] = None,
    *,
    source: Annotated[str, typer.Option(help="URI that the source is registered with.")],
    url: Annotated[str | None, typer.Option(help="Where the gateway is; else IEHE_GATEWAY_URL.")] = None,
    event_id: Annotated[
        str | None, typer.Option("--id", help="The event's own id; the same one counts once.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="When it happened, Japan time: 2026-11-24 02:00.")] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret-file",
            help=f"File with the whsec_ or whsk_ key, - for standard input; else {SECRET_VARIABLE}.",
        ),
    ] = None,
    token: Annotated[
        str | None, typer.Option("--token-file", help="File with a bearer token instead.")
    ] = None,
    mode: Annotated[Mode, typer.Option(help="How the event is written.")] = Mode.STRUCTURED,
    batch: Annotated[Path | None, typer.Option(help="File with one event in JSON a line.")] = None,
    tries: Annotated[int, typer.Option(min=1, max=100, help="Give up after so many.")] = 8,
) -> None:
    """Send events to the gateway as another system does: signed, and again under the same id until stored."""
    target = _target(session, url, with_token=token is not None)
    if batch is not None:
        if kind is not None or event_id is not None or at is not None or mode is Mode.BINARY:
            raise CommandError("batch-alone")
        letters = list(batches(events_in(batch, source)))
    else:
        event = _event(kind, subject, data or [], event_id, at, source)
        letters = [binary(event) if mode is Mode.BINARY else structured(event)]
    await _send(session, letters, target, proof_of(secret, token), tries)


async def _send(session: Session, letters: list[Letter], url: str, proof: Proof, tries: int) -> None:
    import httpx2

    from encryption.signatures import SignatureFault

    answers: list[dict[str, Any]] = []
    async with httpx2.AsyncClient(timeout=30) as client:
        for letter in letters:
            try:
                taken = await deliver(client, url, letter, proof, tries)
            except SignatureFault:
                raise CommandError("key-malformed") from None
            except CommandError as error:
                error.details["stored"] = sum(len(answer["events"]) for answer in answers)
                raise
            answers.append({"status": taken.status, "tries": taken.tries, "events": taken.events})
            if not session.as_json:
                for each in taken.events:
                    name = "event-stored" if each.get("status") == "stored" else "event-stored-before"
                    session.say(name, status=taken.status, location=each["location"])
    if session.as_json:
        print_json({"requests": answers})


def _target(session: Session, url: str | None, *, with_token: bool) -> str:
    from workers.settings import gateway_url

    target = (url or gateway_url(session.settings)).rstrip("/")
    parts = urlsplit(target)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise CommandError("invalid-url")
    if with_token and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise CommandError("token-in-the-clear")
    return target


def _event(
    kind: str | None, subject: str | None, data: list[str], event_id: str | None, at: str | None, source: str
) -> Event:
    from gateway.cloudevents import EVENT_TYPES

    if kind is None or subject is None:
        raise CommandError("event-missing")
    name = _type(kind)
    happened = moment(at, "--at")
    return {
        "specversion": "1.0",
        "id": event_id or uuid4().hex,
        "source": source,
        "type": name,
        "subject": subject,
        **({"time": happened.isoformat()} if happened else {}),
        "data": fact_data(EVENT_TYPES[name][1].data, data),
    }


def _type(name: str) -> str:
    from gateway.cloudevents import EVENT_TYPES

    known = [each for each, (_, kind) in EVENT_TYPES.items() if not kind.between_cases]
    found = [each for each in known if name in {each, each.rpartition(".")[2]}]
    if len(found) != 1:
        listed = ", ".join(found or known)
        raise CommandError("unknown-type", {"known": found or known}, listed=listed)
    return found[0]
