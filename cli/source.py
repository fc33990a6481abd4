"""`iehe source`: which systems may send events, which types, and by which key."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

import typer

from cli.case_arguments import carry_out, say
from cli.session import CommandError, Exit, JsonOption, Session, local, print_json
from cli.tables import table
from cli.typed import usage

app = typer.Typer(no_args_is_help=True, help="Systems that may send events, their types and keys.")

KEYS_AT_ONCE = 5
"""Keys of a source that hold at once; each is tried for each request."""

_SECRET = (
    "The secret, shown only now; hand it over by a safe way:",
    "鍵（今回のみ表示）。安全な方法で渡してください:",
)

PublicKey = Annotated[str | None, typer.Option(help="Of v1a: whpk_… (Ed25519).")]


@app.command("add")
def add(
    name: str,
    *,
    uri: Annotated[str, typer.Option(help="CloudEvents source of everything it sends.")],
    types: Annotated[list[str], typer.Option("--type", help="Event type; * stands for any part.")],
    webhook: Annotated[str | None, typer.Option(help="v1 (shared secret) or v1a (its public key).")] = None,
    public_key: PublicKey = None,
    issuer: Annotated[str | None, typer.Option(help="Of its bearer tokens: iss.")] = None,
    audience: Annotated[str | None, typer.Option(help="Of its bearer tokens: aud.")] = None,
    subject: Annotated[str | None, typer.Option(help="Of its bearer tokens: sub.")] = None,
    jwks_url: Annotated[str | None, typer.Option(help="Where the issuer publishes its keys.")] = None,
    per_minute: Annotated[int, typer.Option(min=1, max=1_000_000, help="Requests a minute.")] = 600,
    as_json: JsonOption = False,
) -> None:
    """Let a system send; a shared secret is printed once, here."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.administration import note
        from cli import source_values as typed

        actor = await session.administer("add-source")
        typed.check_name(name)
        typed.check_uri(uri)
        chosen = typed.matching_types(types)
        token = typed.check_way(webhook, public_key, (issuer, audience, subject, jwks_url))
        if not token:
            await session.check_keys()
        key = None if token else typed.new_key(session.settings, name, public_key)
        pool, sql = await session.pool("owner"), queries("kernel/sources")
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            values = (name, uri, chosen, per_minute, *(token or (None,) * 4))
            if await connection.fetchval(sql["add"], *values) is None:
                raise CommandError(
                    "source-exists",
                    "A source has this name or URI already, perhaps a revoked one; nothing was changed. "
                    "See iehe source list, and for a new key iehe source rotate.",
                    "同じ名前または URI の送信元が登録済みです（失効済みを含む）。変更はありません。"
                    "iehe source list で確認し、鍵の更新は iehe source rotate を使ってください。",
                    Exit.REFUSED,
                )
            if key:
                await connection.execute(sql["add_key"], key.key_id, name, key.kind, key.sealed, key.public)
            await note(connection, actor.id, "add-source", name, types=chosen, key=key and key.key_id)
        key_id, secret = (key.key_id, key.secret) if key else (None, None)
        if session.as_json:
            print_json({"source": name, "uri": uri, "types": chosen, "key_id": key_id, "secret": secret})
            return
        shown, shown_ja = (
            (f"key {key_id}", f"鍵 {key_id}") if key else ("tokens of its issuer", "発行元のトークン")
        )
        line = (
            f"{name}: may send {len(chosen)} types; {shown}",
            f"{name}: {len(chosen)} 種類のイベントを送信できます（{shown_ja}）",
        )
        _say_once(session, [line], secret)

    carry_out(work, as_json=as_json)


@app.command("rotate")
def rotate(
    name: str,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=24 * 90, help="How long the earlier keys still hold.")
    ] = 24,
    public_key: PublicKey = None,
    as_json: JsonOption = False,
) -> None:
    """Give a source a new key, in use at once; the earlier ones end after the overlap."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.administration import note
        from cli import source_values as typed

        actor = await session.administer("rotate-source")
        await session.check_keys()
        overlap = timedelta(hours=overlap_hours)
        pool, sql = await session.pool("owner"), queries("kernel/sources")
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(sql["for_rotation"], name)
            _check_rotation(row, public_key)
            key = typed.new_key(session.settings, name, public_key)
            ended = await connection.fetch(sql["end_keys"], name, overlap)
            await connection.execute(sql["add_key"], key.key_id, name, key.kind, key.sealed, key.public)
            await note(connection, actor.id, "rotate-source", name, key=key.key_id)
        if session.as_json:
            earlier = [dict(each) for each in ended]
            print_json({"source": name, "key_id": key.key_id, "secret": key.secret, "earlier": earlier})
            return
        lines = [(f"{name}: key {key.key_id} is in use", f"{name}: 鍵 {key.key_id} を使用開始しました")]
        for each in ended:
            until = local(each["expires_at"])
            lines.append((f"{each['key_id']}: holds until {until}", f"{each['key_id']}: {until} まで有効"))
        _say_once(session, lines, key.secret)

    carry_out(work, as_json=as_json)


@app.command("revoke")
def revoke(
    name: str,
    *,
    key: Annotated[str | None, typer.Option(help="Only this key (iehe source list).")] = None,
    as_json: JsonOption = False,
) -> None:
    """End a source, or one of its keys, for good and within a second."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.administration import note

        actor = await session.administer("revoke-source")
        pool, sql = await session.pool("owner"), queries("kernel/sources")
        query, values = ("revoke_key", (name, key)) if key else ("revoke", (name,))
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(sql[query], *values)
            if row is None:
                raise _not_found()
            await note(connection, actor.id, "revoke-source", name, key=key)
        if session.as_json:
            print_json({"source": name, "key_id": key, **dict(row)})
            return
        what, what_ja = (f"{name}: key {key}", f"{name}: 鍵 {key}") if key else (f"{name}:", f"{name}:")
        when, when_ja = "revoked", "失効させました"
        if row["before"]:
            at = local(row["revoked_at"])
            when, when_ja = f"was revoked already, {at}", f"失効済みです（{at}）"
        rest, rest_ja = _remaining(name, key, row)
        say(session, f"{what} {when}; {rest}", f"{what_ja} {when_ja}。{rest_ja}")

    carry_out(work, as_json=as_json)


@app.command("list")
def list_sources(*, as_json: JsonOption = False) -> None:
    """List sources and keys; never a secret."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries

        rows = [dict(row) for row in await (await session.pool()).fetch(queries("kernel/sources")["list"])]
        if session.as_json:
            print_json(rows)
            return
        headers = ("source", "uri", "types", "per minute", "key", "kind", "state", "expires", "revoked")
        shown = (
            (
                *(row["name"], row["uri"], len(row["types"]), row["per_minute"], row["key_id"] or "-"),
                *(row["kind"], row["key_state"], local(row["expires_at"]), local(row["revoked_at"])),
            )
            for row in rows
        )
        print(table(headers, shown))

    carry_out(work, as_json=as_json)


def _check_rotation(row: Any, public_key: str | None) -> None:
    if row is None:
        raise _not_found()
    if row["revoked_at"] is not None or row["issuer"] is not None:
        raise CommandError(
            "no-rotation",
            "A revoked source gets no new key: register it under another name and URI. "
            "One that sends tokens has its keys changed by their issuer. Nothing was changed.",
            "失効した送信元の鍵は更新できません（別の名前と URI で登録してください）。"
            "トークンを送る送信元の鍵は発行元が更新します。変更はありません。",
            Exit.REFUSED,
        )
    if row["kind"] == "v1a" and public_key is None:
        raise usage(
            "key-unclear",
            "This source signs with a key pair: give its new public key, --public-key whpk_….",
            "この送信元は鍵ペアで署名します。新しい公開鍵を --public-key whpk_… で指定してください。",
        )
    if row["in_use"] >= KEYS_AT_ONCE:
        raise CommandError(
            "too-many-keys",
            f"{row['in_use']} keys hold already; first end one: iehe source revoke NAME --key KEY.",
            f"有効な鍵が {row['in_use']} 個あります。先に iehe source revoke NAME --key KEY で"
            "失効させてください。",
            Exit.REFUSED,
        )


def _remaining(name: str, key: str | None, row: Any) -> tuple[str, str]:
    """What a source can still send after a revocation."""
    if not key:
        return (
            "nothing it sends is taken from now on; what was stored is still delivered",
            "以後の送信は受け付けません。受付済みのイベントは引き続き処理されます",
        )
    if others := row["others"]:
        return f"{others} other key(s) still hold", f"他に {others} 個の鍵が有効です"
    return (
        f"no other key holds, so nothing it sends is taken until iehe source rotate {name}",
        f"有効な鍵がないため、iehe source rotate {name} を実行するまで受け付けません",
    )


def _not_found() -> CommandError:
    return CommandError(
        "no-such-source",
        "There is no such source or key (iehe source list).",
        "該当する送信元または鍵はありません（iehe source list）。",
        Exit.NOT_FOUND,
    )


def _say_once(session: Session, lines: Sequence[tuple[str, str]], secret: str | None) -> None:
    """A secret stands alone on standard output: `> portal.key` makes the file that `events send` takes."""
    told = [*lines, _SECRET] if secret else lines
    spoken = [japanese if session.settings.language == "ja" else english for english, japanese in told]
    print("\n".join(spoken), file=sys.stderr if secret else sys.stdout)
    if secret:
        print(secret)
