"""`iehe source`: which systems may send events, which types, and by which key."""

from __future__ import annotations

import base64
import secrets
from fnmatch import fnmatchcase
from typing import Annotated, Any

import typer

from workers.cli.session import CommandError, Exit, JsonOption, Session, local, print_json, run
from workers.cli.tables import table
from workers.cli.typed import usage

app = typer.Typer(no_args_is_help=True, help="Systems that may send events, their types and keys.")

LISTED = """
SELECT s.name, s.uri, s.types, s.per_minute, s.issuer, s.revoked_at, k.key_id, k.kind, k.expires_at,
       CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at <= now() THEN 'expired'
            WHEN k.key_id IS NOT NULL THEN 'in use' END AS key_state
FROM iehe.sources s LEFT JOIN iehe.source_keys k ON k.source = s.name ORDER BY s.name, k.created_at
"""


@app.command("add")
def add(
    name: str,
    *,
    uri: Annotated[str, typer.Option(help="CloudEvents source of everything it sends.")],
    types: Annotated[list[str], typer.Option("--type", help="Event type; * stands for any part.")],
    webhook: Annotated[str, typer.Option(help="v1 (shared secret) or v1a (its public key).")],
    public_key: Annotated[str | None, typer.Option(help="Only v1a: whpk_…")] = None,
    per_minute: Annotated[int, typer.Option(min=1, help="Requests a minute.")] = 600,
    as_json: JsonOption = False,
) -> None:
    """Let a system send; a shared secret is printed once, here."""

    async def work(session: Session) -> None:
        from activities.sql import queries
        from gateway.encryption.ring import KeyRingError, ensure_ring
        from gateway.sealing import seal
        from gateway.signatures import SignatureFault, decode_key
        from workers.temporal import ring_path

        if (webhook == "v1a") != (public_key is not None) or webhook not in {"v1", "v1a"}:
            raise usage("key-unclear", "Give --webhook v1, or v1a with --public-key.", "鍵の指定が不正です。")
        chosen = _types(types)
        key_id, secret = f"{name}-{secrets.token_hex(4)}", secrets.token_bytes(32)
        sealed = public = None
        try:
            if public_key is not None:
                public = decode_key(public_key, "whpk_")
            else:
                sealed = seal(ensure_ring(ring_path(session.settings)), key_id, name, secret)
        except SignatureFault:
            raise usage(
                "key-malformed", "--public-key: not a whpk_ key.", "公開鍵の形式が不正です。"
            ) from None
        except KeyRingError as error:
            raise CommandError("key-ring", str(error), str(error), Exit.UNUSABLE) from None
        pool, sql = await session.pool("owner"), queries("sources")
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            values = (name, uri, chosen, per_minute, None, None, None, None)
            if await connection.fetchval(sql["add"], *values) is None:
                raise CommandError(
                    "source-exists", "The name or URI is in use.", "登録済みです。", Exit.REFUSED
                )
            await connection.execute(sql["add_key"], key_id, name, webhook, sealed, public)
        shown = None if public else "whsec_" + base64.b64encode(secret).decode("ascii")
        if session.as_json:
            print_json({"source": name, "types": chosen, "key_id": key_id, "secret": shown})
        else:
            print(f"{name}: may send {len(chosen)} types; key {key_id}")
            if shown:
                print(shown)

    run(work, as_json=as_json)


@app.command("revoke")
def revoke(name: str, *, key: str | None = None, as_json: JsonOption = False) -> None:
    """End a source, or one of its keys, within a second."""

    async def work(session: Session) -> None:
        pool = await session.pool("owner")
        found = await (
            pool.fetchval(
                "UPDATE iehe.source_keys SET revoked_at = coalesce(revoked_at, now()) "
                "WHERE source = $1 AND key_id = $2 RETURNING key_id",
                name,
                key,
            )
            if key
            else pool.fetchval(
                "UPDATE iehe.sources SET revoked_at = coalesce(revoked_at, now()) "
                "WHERE name = $1 RETURNING name",
                name,
            )
        )
        if found is None:
            raise CommandError("no-such-source", "No such source or key.", "ありません。", Exit.NOT_FOUND)
        print_json({"revoked": found}) if session.as_json else print(f"{found}: revoked")

    run(work, as_json=as_json)


@app.command("list")
def list_sources(*, as_json: JsonOption = False) -> None:
    """List sources and keys; never a secret."""

    async def work(session: Session) -> None:
        rows = [dict(row) for row in await (await session.pool()).fetch(LISTED)]
        if session.as_json:
            print_json(rows)
            return
        headers = ("source", "uri", "types", "per minute", "key", "kind", "state", "expires", "revoked")
        shown = (
            (
                *(row["name"], row["uri"], len(row["types"]), row["per_minute"], row["key_id"], row["kind"]),
                *(row["key_state"], local(row["expires_at"]), local(row["revoked_at"])),
            )
            for row in rows
        )
        print(table(headers, shown))

    run(work, as_json=as_json)


def _types(patterns: list[str]) -> list[str]:
    from schemas.identifiers import event_type
    from workflows.rules.processes import PROCESSES

    known = [
        event_type(process, fact)
        for process, rules in PROCESSES.items()
        for fact, kind in rules.events.items()
        if not kind.between_cases
    ]
    if not all(any(fnmatchcase(each, pattern) for each in known) for pattern in patterns):
        raise usage(
            "unknown-type", f"Not a type; there are: {', '.join(known)}.", "種類が不明です。", known=known
        )
    return [each for each in known if any(fnmatchcase(each, pattern) for pattern in patterns)]
