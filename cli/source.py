"""`iehe source`: which systems may send events, which types, and by which key."""

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from activities.kernel.queries import queries
from cli.case_arguments import command
from cli.session import CommandError, Session, local, messages, print_json
from cli.tables import print_rows

app = typer.Typer(no_args_is_help=True, help="Systems that may send events, their types and keys.")

KEYS_AT_ONCE = 5
"""Keys of a source that hold at once; each is tried for each request."""

PublicKey = Annotated[str | None, typer.Option(help="Of v1a: whpk_… (Ed25519).")]


@app.command("add")
@command
async def add(
    session: Session,
    name: str,
    *,
    uri: Annotated[str, typer.Option(help="CloudEvents source of everything it sends.")],
    types: Annotated[list[str], typer.Option("--type", help="Event type; * stands for any part.")],
    reads: Annotated[
        list[str] | None, typer.Option("--read", help="What it may read, too; without, nothing.")
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="v1 (shared secret) or v1a (its public key).")] = None,
    public_key: PublicKey = None,
    issuer: Annotated[str | None, typer.Option(help="Of its bearer tokens: iss.")] = None,
    audience: Annotated[str | None, typer.Option(help="Of its bearer tokens: aud.")] = None,
    subject: Annotated[str | None, typer.Option(help="Of its bearer tokens: sub.")] = None,
    jwks_url: Annotated[str | None, typer.Option(help="Where the issuer publishes its keys.")] = None,
    per_minute: Annotated[int, typer.Option(min=1, max=1_000_000, help="Requests a minute.")] = 600,
) -> None:
    """Let a system send; a shared secret is printed once, here."""
    from cases.administration import note
    from cli import source_values as typed

    actor = await session.administer("add-source")
    typed.check_name(name)
    typed.check_uri(uri)
    chosen, readable = typed.matching_types(types), typed.check_readable(reads or [])
    token = typed.check_way(webhook, public_key, (issuer, audience, subject, jwks_url))
    if not token:
        await session.check_keys()
    key = None if token else typed.new_key(session.settings, name, public_key)
    sql = queries("kernel/sources")
    async with session.transaction("owner") as connection:
        values = (name, uri, chosen, per_minute, *(token or (None,) * 4), readable)
        if await connection.fetchval(sql["add"], *values) is None:
            raise CommandError("source-exists")
        if key:
            await connection.execute(sql["add_key"], key.key_id, name, key.kind, key.sealed, key.public)
        key_id = key and key.key_id
        await note(connection, actor.id, "add-source", name, types=chosen, reads=readable, key=key_id)
    key_id, secret = (key.key_id, key.secret) if key else (None, None)
    if session.as_json:
        told = {"source": name, "uri": uri, "types": chosen, "reads": readable}
        print_json(told | {"key_id": key_id, "secret": secret})
        return
    line = (
        "source-signs" if key else "source-shows-tokens",
        {"name": name, "types": len(chosen), "key": key_id},
    )
    say_once(session, [line], secret)


@app.command("reads")
@command
async def set_reads(
    session: Session,
    name: str,
    *,
    reads: Annotated[
        list[str] | None, typer.Option("--read", help="What it may read from now on; without, nothing.")
    ] = None,
) -> None:
    """Say what a source may read: this and nothing else, within a second."""
    from cases.administration import note
    from cli import source_values as typed

    actor = await session.administer("allow-reading")
    readable = typed.check_readable(reads or [])
    async with session.transaction("owner") as connection:
        if await connection.fetchval(queries("kernel/sources")["set_reads"], name, readable) is None:
            raise CommandError("no-such-source")
        await note(connection, actor.id, "allow-reading", name, reads=readable)
    if session.as_json:
        print_json({"source": name, "reads": readable})
        return
    session.say("source-reads", name=name, reads=", ".join(readable) or "-")


@app.command("rotate")
@command
async def rotate(
    session: Session,
    name: str,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=24 * 90, help="How long the earlier keys still hold.")
    ] = 24,
    public_key: PublicKey = None,
) -> None:
    """Give a source a new key, in use at once; the earlier ones end after the overlap."""
    from cases.administration import note
    from cli import source_values as typed

    actor = await session.administer("rotate-source")
    await session.check_keys()
    sql = queries("kernel/sources")
    async with session.transaction("owner") as connection:
        row = await connection.fetchrow(sql["for_rotation"], name)
        _check_rotation(row, public_key)
        key = typed.new_key(session.settings, name, public_key)
        ended = await connection.fetch(sql["end_keys"], name, timedelta(hours=overlap_hours))
        await connection.execute(sql["add_key"], key.key_id, name, key.kind, key.sealed, key.public)
        await note(connection, actor.id, "rotate-source", name, key=key.key_id)
    if session.as_json:
        earlier = [dict(each) for each in ended]
        print_json({"source": name, "key_id": key.key_id, "secret": key.secret, "earlier": earlier})
        return
    kept = [{"key": each["key_id"], "until": local(each["expires_at"])} for each in ended]
    lines = [
        ("source-key-in-use", {"name": name, "key": key.key_id}),
        *(("key-holds-until", each) for each in kept),
    ]
    say_once(session, lines, key.secret)


@app.command("revoke")
@command
async def revoke(
    session: Session,
    name: str,
    *,
    key: Annotated[str | None, typer.Option(help="Only this key (iehe source list).")] = None,
) -> None:
    """End a source, or one of its keys, for good and within a second."""
    from cases.administration import note

    actor = await session.administer("revoke-source")
    query, values = ("revoke_key", (name, key)) if key else ("revoke", (name,))
    async with session.transaction("owner") as connection:
        row = await connection.fetchrow(queries("kernel/sources")[query], *values)
        if row is None:
            raise CommandError("no-such-source")
        await note(connection, actor.id, "revoke-source", name, key=key)
    if session.as_json:
        print_json({"source": name, "key_id": key, **dict(row)})
        return
    told = {"name": name, "key": key, "at": local(row["revoked_at"])}
    if not key:
        session.say("source-revoked-before" if row["before"] else "source-revoked", **told)
        return
    session.say("source-key-revoked-before" if row["before"] else "source-key-revoked", **told)
    session.say("source-keys-left" if row["others"] else "source-without-keys", **told, others=row["others"])


@app.command("list")
@command
async def list_sources(session: Session) -> None:
    """List sources and keys; never a secret."""
    columns = (
        ("source", "name"),
        ("uri", "uri"),
        ("types", lambda row: len(row["types"])),
        ("reads", lambda row: ", ".join(row["reads"])),
        ("per minute", "per_minute"),
        ("key", "key_id"),
        ("kind", "kind"),
        ("state", "key_state"),
        ("expires", "expires_at"),
        ("revoked", "revoked_at"),
    )
    print_rows(session, await session.fetch("kernel/sources:list"), columns)


def _check_rotation(row: Any, public_key: str | None) -> None:
    if row is None:
        raise CommandError("no-such-source")
    if row["revoked_at"] is not None or row["issuer"] is not None:
        raise CommandError("no-rotation")
    if row["kind"] == "v1a" and public_key is None:
        raise CommandError("public-key-missing")
    if row["in_use"] >= KEYS_AT_ONCE:
        raise CommandError("too-many-keys", in_use=row["in_use"])


def say_once(session: Session, lines: Sequence[tuple[str, dict[str, Any]]], secret: str | None) -> None:
    """A secret stands alone on standard output: `> portal.key` makes the file that `events send` takes."""
    told = [*lines, ("secret-shown-once", {})] if secret else lines
    spoken = [messages()[name][session.settings.language].format(**values) for name, values in told]
    print("\n".join(spoken), file=sys.stderr if secret else sys.stdout)
    if secret:
        print(secret)
