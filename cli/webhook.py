"""`iehe webhook`: the gateways that take notices, where they are, and by which secret we sign."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import typer

from activities.kernel.queries import queries
from cli.case_arguments import command
from cli.session import CommandError, Session, local, print_json
from cli.source import KEYS_AT_ONCE, say_once
from cli.source_values import check_name
from cli.tables import print_rows
from schemas.kernel.refusals import Refusal

if TYPE_CHECKING:
    from activities.kernel.webhooks import Webhooks
    from encryption.webhook_secrets import NewSecret

app = typer.Typer(no_args_is_help=True, help="Gateways that take notices by a signed webhook.")
TEST_TYPE: Final = "jp.ac.iehe.test"


@app.command("add")
@command
async def add(
    session: Session, name: str, url: Annotated[str, typer.Argument(help="Where it takes messages: https.")]
) -> None:
    """Register a gateway; the secret by which it verifies us is printed once, here."""
    from activities.kernel.channels import RefusedError
    from cases.administration import note

    actor = await session.administer("add-webhook")
    check_name(name)
    try:
        (await webhooks(session)).outgoing.check(url)
    except RefusedError:
        raise CommandError("webhook-url-unsafe") from None
    sql = queries("kernel/webhooks")
    secret = await _new_secret(session, name)
    async with session.transaction("owner") as connection:
        if await connection.fetchval(sql["add"], name, url) is None:
            raise CommandError("webhook-exists")
        await connection.execute(sql["add_key"], secret.key_id, name, secret.sealed)
        await note(connection, actor.id, "add-webhook", name, key=secret.key_id)
    if session.as_json:
        print_json({"webhook": name, "url": url, "key_id": secret.key_id, "secret": secret.text})
        return
    say_once(session, [("webhook-added", {"name": name, "key": secret.key_id})], secret.text)


@app.command("rotate")
@command
async def rotate(
    session: Session,
    name: str,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=24 * 90, help="How long the earlier secrets sign as well.")
    ] = 24,
) -> None:
    """Sign with a new secret; until the overlap ends the earlier ones sign as well."""
    from cases.administration import note

    actor = await session.administer("rotate-webhook")
    sql = queries("kernel/webhooks")
    secret = await _new_secret(session, name)
    async with session.transaction("owner") as connection:
        row = await connection.fetchrow(sql["for_rotation"], name)
        if row is None or row["revoked_at"] is not None:
            raise Refusal("no-such-webhook", name=name)
        if row["in_use"] >= KEYS_AT_ONCE:
            raise CommandError("too-many-secrets", in_use=row["in_use"])
        ended = await connection.fetch(sql["end_keys"], name, timedelta(hours=overlap_hours))
        await connection.execute(sql["add_key"], secret.key_id, name, secret.sealed)
        await note(connection, actor.id, "rotate-webhook", name, key=secret.key_id)
    if session.as_json:
        earlier = [dict(each) for each in ended]
        print_json({"webhook": name, "key_id": secret.key_id, "secret": secret.text, "earlier": earlier})
        return
    kept = [{"key": each["key_id"], "until": local(each["expires_at"])} for each in ended]
    lines = [
        ("source-key-in-use", {"name": name, "key": secret.key_id}),
        *(("key-holds-until", each) for each in kept),
    ]
    say_once(session, lines, secret.text)


@app.command("revoke")
@command
async def revoke(session: Session, name: str) -> None:
    """Send nothing more to a gateway, at once and for good."""
    from cases.administration import note

    actor = await session.administer("revoke-webhook")
    async with session.transaction("owner") as connection:
        row = await connection.fetchrow(queries("kernel/webhooks")["revoke"], name)
        if row is None:
            raise Refusal("no-such-webhook", name=name)
        await note(connection, actor.id, "revoke-webhook", name)
    message = "webhook-revoked-before" if row["before"] else "webhook-revoked"
    session.answer({"webhook": name, **dict(row)}, message, name=name, at=local(row["revoked_at"]))


@app.command("list")
@command
async def list_webhooks(session: Session) -> None:
    """List gateways and keys; never a secret."""
    await session.administer("list-webhooks")
    columns = (
        ("webhook", "name"),
        ("url", "url"),
        ("key", "key_id"),
        ("state", "state"),
        ("expires", "expires_at"),
        ("gone", "gone_at"),
        ("revoked", "revoked_at"),
    )
    print_rows(session, await session.fetch("kernel/webhooks:list"), columns)


@app.command("test")
@command
async def test(session: Session, name: str) -> None:
    """Send a signed message that means nothing and say how it was answered."""
    from activities.kernel.webhooks import envelope
    from cases.administration import note

    actor = await session.administer("test-webhook")
    sql = queries("kernel/webhooks")
    found = await session.fetch("kernel/webhooks:find", name)
    if not found:
        raise Refusal("no-such-webhook", name=name)
    async with session.transaction() as connection:
        await note(connection, actor.id, "test-webhook", name)
    now, hooks = datetime.now(UTC), await webhooks(session)
    body = envelope(TEST_TYPE, now, {"test": True})
    began = time.monotonic()
    message_id = f"test-{secrets.token_hex(8)}"
    async with handing_over():
        await (await hooks.prepare(name, found[0]["url"], message_id, now, body)).hand_over()
    took = round((time.monotonic() - began) * 1000)
    await (await session.pool()).execute(sql["answers_again"], name)
    told = {"webhook": name, "answer": "accepted", "milliseconds": took}
    session.answer(told, "webhook-accepted", name=name)


async def webhooks(session: Session) -> Webhooks:
    """Signed webhooks, sent from here."""
    from workers.channels import webhooks_of
    from workers.temporal import all_keys

    return webhooks_of(session.settings, await session.pool(), all_keys(session.settings))


@asynccontextmanager
async def handing_over() -> AsyncIterator[None]:
    """Send something now. Raises CommandError with the reason why it was not taken."""
    from activities.kernel.channels import DeferredError, NotDeliveredError

    try:
        yield
    except NotDeliveredError as fault:
        name = "not-taken-now" if isinstance(fault, DeferredError) else "not-taken"
        raise CommandError(name, {"reason": fault.reason}, reason=fault.reason) from None


async def _new_secret(session: Session, name: str) -> NewSecret:
    from encryption.ring import KeyRingError
    from encryption.webhook_secrets import new_secret
    from workers.temporal import all_keys

    await session.check_keys()
    try:
        return new_secret(all_keys(session.settings), name)
    except KeyRingError as error:
        raise CommandError("secret-unsealed", error=error) from None
