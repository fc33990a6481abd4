"""`iehe keys`: the key ring that payloads and the sources' secrets are encrypted with; never a key itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.case_arguments import answering, carry_out, say
from cli.session import CommandError, Exit, JsonOption, Session, print_json
from cli.tables import table
from cli.typed import usage

app = typer.Typer(no_args_is_help=True, help="Keys that payloads are encrypted with: list, rotate, make.")


@app.command("list")
def list_keys(*, as_json: JsonOption = False) -> None:
    """List the ids of all keys with their fingerprints, and which encrypt new payloads."""

    async def work(session: Session) -> None:
        with _ring_of(session) as path:
            from encryption.ring import KeyRing

            ring = KeyRing(path)
            listed, marks = ring.listing(), ring.fingerprints()
        keys = [
            {"class": _class(key_id), "key_id": key_id, "in_use": used, "fingerprint": marks[key_id]}
            for key_id, used in listed
        ]
        if session.as_json:
            print_json({"ring": str(path), "keys": keys})
        else:
            rows = ((*_row(key_id, used=used), marks[key_id]) for key_id, used in listed)
            print(table(("class", "key", "state", "fingerprint"), rows))

    carry_out(work, as_json=as_json)


@app.command("rotate")
def rotate(
    data_class: Annotated[str, typer.Argument(metavar="CLASS", help="Class of data; iehe keys list.")],
    *,
    as_json: JsonOption = False,
) -> None:
    """Encrypt a class's new payloads with a new key; earlier keys stay for the histories they encrypted."""

    async def work(session: Session) -> None:
        with _ring_of(session) as path:
            from cases.administration import note
            from encryption.ring import CLASSES, KeyRing
            from encryption.ring import rotate as rotate_ring

            if data_class not in CLASSES:
                known = ", ".join(CLASSES)
                raise usage(
                    "unknown-class",
                    f"No such class of data; there are: {known}.",
                    f"データの区分が不明です。区分: {known}",
                    known=list(CLASSES),
                )
            KeyRing(path)  # one that cannot be read is told first
            actor = await session.administer("rotate-key")
            await session.check_keys()  # a stranger's ring is left as it is
            pool = await session.pool()
            connection: Any
            async with pool.acquire() as connection, connection.transaction():
                await note(connection, actor.id, "rotate-key", data_class)
                key_id = rotate_ring(path, data_class).key_id
            listed = KeyRing(path).listing()
        noted = await _noted(session)
        earlier = [other for other, _ in listed if _class(other) == data_class and other != key_id]
        if session.as_json:
            answer = {"ring": str(path), "class": data_class, "key_id": key_id, "earlier": earlier}
            print_json({**answer, "noted": noted})
            return
        kept = ", ".join(earlier) or "-"
        print(
            f"{key_id}: 以後の{data_class}の暗号化に使用します（再起動は不要）。"
            f"以前の鍵（{kept}）は過去の履歴を読むために残ります。"
            f"削除せず、{path} をバックアップしてください。"
            if session.settings.language == "ja"
            else f"{key_id}: encrypts what is new of {data_class} from now on, without a restart. "
            f"Earlier keys ({kept}) stay, because histories that they encrypted are still read. "
            f"Back up {path}."
        )

    carry_out(work, as_json=as_json)


@app.command("init")
def init(*, as_json: JsonOption = False) -> None:
    """Make the key ring where there is none; the embedded stack makes its own."""

    async def work(session: Session) -> None:
        with _ring_of(session) as path:
            from embedded.home import make_way
            from encryption.ring import ensure_ring

            if path.exists():
                raise CommandError(
                    "ring-exists",
                    f"There is a key ring at {path}; nothing was changed (iehe keys list, iehe keys rotate).",
                    f"{path} に鍵束があります（変更なし）。iehe keys list、iehe keys rotate",
                    Exit.REFUSED,
                )
            make_way(path.parent)
            listed = ensure_ring(path).listing()
        if session.as_json:
            print_json({"ring": str(path), "keys": [key_id for key_id, _ in listed]})
            return
        print(
            f"{path}: 鍵束を作成しました。失うと暗号化した履歴は読めません。"
            "データベースとは別の場所にバックアップしてください。"
            "以前の鍵束がある場合は、これを使わず復元してください。"
            if session.settings.language == "ja"
            else f"{path}: made, with a key for each class. Without it no encrypted history can be read: "
            "back it up apart from the databases. If there was a ring before, restore that one instead."
        )

    carry_out(work, as_json=as_json)


@app.command("forget")
def forget(key: Annotated[str, typer.Argument(metavar="KEY")], *, as_json: JsonOption = False) -> None:
    """Give up a key that is lost for good, as the owner of the database: what it encrypted stays closed."""

    async def work(session: Session) -> None:
        from activities.kernel.queries import queries
        from cases.administration import note

        actor = await session.administer("forget-key")
        with _ring_of(session) as path:
            from encryption.ring import KeyRing

            held = key in KeyRing(path).fingerprints()
        if held:
            raise CommandError(
                "key-there",
                f"{key} is in {path}; it is not lost, and nothing was changed.",
                f"{key} は {path} にあります（変更なし）。",
                Exit.REFUSED,
            )
        pool = await session.pool("owner")
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(queries("kernel/codec")["forget_key"], key) is None:
                raise CommandError(
                    "no-such-key",
                    "No such key is noted in the database (the refusal to start names those missing).",
                    "その鍵はデータベースに記録されていません。",
                    Exit.NOT_FOUND,
                )
            await note(connection, actor.id, "forget-key", key)
        if session.as_json:
            print_json({"key_id": key, "forgotten": True})
            return
        say(
            session,
            f"{key}: given up. Running cases that it encrypted do not open any more: iehe doctor names them, "
            "iehe case restart CASE… --terminate lets them go on from the database.",
            f"{key}: 除外しました。この鍵で暗号化された案件は読めません。iehe doctor で確認し、"
            "iehe case restart CASE… --terminate でデータベースの内容から再開してください。",
        )

    carry_out(work, as_json=as_json)


async def _noted(session: Session) -> bool:
    """Note the ring's keys in the database; False when it cannot be asked now, and the next start does it."""
    from embedded.faults import StackFault
    from workers.settings import SettingsError

    try:
        async with answering():
            await session.check_keys(again=True)
    except (CommandError, StackFault, SettingsError) as error:
        if getattr(error, "code", "") == "key-ring":
            raise
        return False
    return True


@contextmanager
def _ring_of(session: Session) -> Iterator[Path]:
    from encryption.ring import KeyRingError
    from workers.temporal import ring_path

    try:
        yield ring_path(session.settings)
    except OSError as error:
        text = f"{error.filename}: {error.strerror}"
        raise CommandError("key-ring", text, f"鍵束を使用できません: {text}", Exit.UNUSABLE) from None
    except KeyRingError as error:
        raise CommandError("key-ring", str(error), f"鍵束を使用できません: {error}", Exit.UNUSABLE) from None


def _class(key_id: str) -> str:
    return key_id.rpartition("-")[0]


def _row(key_id: str, *, used: bool) -> tuple[str, str, str]:
    return _class(key_id), key_id, "in use" if used else "earlier"
