"""`iehe events send`: the reference client, for other systems to use or to read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import typer

from cli.case_arguments import carry_out, say
from cli.event_requests import Event, Letter, Proof, batches, binary, structured
from cli.sender import deliver
from cli.sending_files import SECRET_VARIABLE, events_in, proof_of
from cli.session import CommandError, JsonOption, Session, print_json
from cli.typed import build, moment, pairs, usage

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Mode(StrEnum):
    """How one event is written."""

    STRUCTURED = "structured"
    BINARY = "binary"


def send(
    kind: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Whole, or its last part: fee-paid.")
    ] = None,
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help="Application number: A2027-000001.")
    ] = None,
    data: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Such as item=transcript.")
    ] = None,
    *,
    source: Annotated[str, typer.Option("--source", help="URI that the source is registered with.")],
    url: Annotated[
        str | None,
        typer.Option("--url", help="Where the gateway is; else IEHE_GATEWAY_URL."),
    ] = None,
    event_id: Annotated[
        str | None, typer.Option("--id", help="The event's own id; the same one counts once.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="When it happened, Japan time: 2026-11-24 02:00.")
    ] = None,
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret-file",
            help=f"File with the whsec_ or whsk_ key, - for standard input; else {SECRET_VARIABLE}.",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option("--token-file", help="File with a bearer token instead."),
    ] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="How the event is written.")] = Mode.STRUCTURED,
    batch: Annotated[
        Path | None,
        typer.Option("--batch", help="File with one event in JSON a line."),
    ] = None,
    tries: Annotated[int, typer.Option("--tries", min=1, max=100, help="Give up after so many.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Send events to the gateway as another system does: signed, and again under the same id until stored."""

    async def work(session: Session) -> None:
        target = _target(session, url, with_token=token is not None)
        if batch is not None:
            if kind is not None or event_id is not None or at is not None or mode is Mode.BINARY:
                raise usage(
                    "batch-alone",
                    "--batch takes its events whole from the file: no TYPE, --id, --at or --mode binary.",
                    "--batch ではファイルの内容のみを送信します（TYPE、--id、--at、--mode binary は不可）。",
                )
            letters = list(batches(events_in(batch, source)))
        else:
            event = _event(kind, subject, data or [], event_id, at, source)
            letters = [binary(event) if mode is Mode.BINARY else structured(event)]
        await _send(session, letters, target, proof_of(secret, token), tries)

    carry_out(work, as_json=as_json)


async def _send(session: Session, letters: list[Letter], url: str, proof: Proof, tries: int) -> None:
    import httpx

    from gateway.signatures import SignatureFault

    answers: list[dict[str, Any]] = []
    async with httpx.AsyncClient(timeout=30) as client:
        for letter in letters:
            try:
                taken = await deliver(client, url, letter, proof, tries)
            except SignatureFault:
                raise usage(
                    "key-malformed",
                    "The secret is neither a whsec_ nor a whsk_ key.",
                    "鍵の形式が whsec_ または whsk_ ではありません。",
                ) from None
            except CommandError as error:
                error.details["stored"] = sum(len(answer["events"]) for answer in answers)
                raise
            answers.append({"status": taken.status, "tries": taken.tries, "events": taken.events})
            if not session.as_json:
                for each in taken.events:
                    new = each.get("status") == "stored"
                    words = ("stored", "保存しました") if new else ("had been stored", "保存済みです")
                    say(session, *(f"{taken.status} {word}: {each['location']}" for word in words))
    if session.as_json:
        print_json({"requests": answers})


def _target(session: Session, url: str | None, *, with_token: bool) -> str:
    from workers.settings import gateway_url

    target = (url or gateway_url(session.settings)).rstrip("/")
    parts = urlsplit(target)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise usage("invalid-url", "--url: not an http or https address.", "--url: URL の形式が不正です。")
    if with_token and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise usage(
            "token-in-the-clear",
            "A token is only sent by https: whoever sees it on the way could use it.",
            "トークンは https でのみ送信できます。",
        )
    return target


def _event(
    kind: str | None, subject: str | None, data: list[str], event_id: str | None, at: str | None, source: str
) -> Event:
    from gateway.cloudevents import EVENT_TYPES

    if kind is None or subject is None:
        raise usage("event-missing", "Give TYPE and SUBJECT, or --batch.", "TYPE と SUBJECT が必要です。")
    name = _type(kind)
    model = EVENT_TYPES[name][1].data
    typed = pairs(data)
    if unknown := sorted(typed.keys() - model.model_fields.keys()):
        known = ", ".join(model.model_fields) or "-"
        raise usage(
            "invalid-value",
            f"This event has no {', '.join(unknown)}; it takes: {known}.",
            f"この通知に {', '.join(unknown)} はありません。指定できる値: {known}",
        )
    happened = moment(at, "--at")
    return {
        "specversion": "1.0",
        "id": event_id or uuid4().hex,
        "source": source,
        "type": name,
        "subject": subject,
        **({"time": happened.isoformat()} if happened else {}),
        # words become numbers and truth values where the type has them
        "data": build(model, typed).model_dump(mode="json", exclude_unset=True),
    }


def _type(name: str) -> str:
    from gateway.cloudevents import EVENT_TYPES

    known = [each for each, (_, kind) in EVENT_TYPES.items() if not kind.between_cases]
    found = [each for each in known if name in {each, each.rpartition(".")[2]}]
    if len(found) != 1:
        listed = ", ".join(found or known)
        raise usage(
            "unknown-type",
            f"TYPE has to be one of: {listed}.",
            f"TYPE は次のいずれかです: {listed}",
            known=found or known,
        )
    return found[0]
