"""`iehe keys`: the key ring that payloads and the sources' secrets are encrypted with; never a key itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from activities.kernel.queries import queries
from cli.case_arguments import answering, command
from cli.session import CommandError, Exit, Session
from cli.tables import print_rows
from embedded.faults import StackFault
from embedded.home import make_way

app = typer.Typer(no_args_is_help=True, help="Keys that payloads are encrypted with: list, rotate, make.")


@app.command("list")
@command
async def list_keys(session: Session) -> None:
    """List the ids of all keys with their fingerprints, and which encrypt new payloads."""
    with _ring_of(session) as path:
        from encryption.ring import KeyRing

        ring = KeyRing(path)
        listed, marks = ring.listing(), ring.fingerprints()
    keys = [
        {"class": _class(key_id), "key_id": key_id, "in_use": used, "fingerprint": marks[key_id]}
        for key_id, used in listed
    ]
    columns = (
        ("class", "class"),
        ("key", "key_id"),
        ("state", lambda row: "in use" if row["in_use"] else "earlier"),
        ("fingerprint", "fingerprint"),
    )
    print_rows(session, keys, columns, {"ring": str(path), "keys": keys})


@app.command("rotate")
@command
async def rotate(
    session: Session,
    data_class: Annotated[str, typer.Argument(metavar="CLASS", help="Class of data; iehe keys list.")],
) -> None:
    """Encrypt a class's new payloads with a new key; earlier keys stay for the histories they encrypted."""
    with _ring_of(session) as path:
        from cases.administration import note
        from encryption.ring import CLASSES, KeyRing
        from encryption.ring import rotate as rotate_ring

        if data_class not in CLASSES:
            raise CommandError("unknown-class", {"known": list(CLASSES)}, known=", ".join(CLASSES))
        KeyRing(path)  # one that cannot be read is told first
        actor = await session.administer("rotate-key")
        await session.check_keys()  # a stranger's ring is left as it is
        async with session.transaction() as connection:
            await note(connection, actor.id, "rotate-key", data_class)
            key_id = rotate_ring(path, data_class).key_id
        listed = KeyRing(path).listing()
    noted = await _noted(session)
    earlier = [other for other, _ in listed if _class(other) == data_class and other != key_id]
    told = {"ring": str(path), "class": data_class, "key_id": key_id, "earlier": earlier, "noted": noted}
    session.answer(told, "key-rotated", data_class=data_class, kept=", ".join(earlier) or "-")


@app.command("init")
@command
async def init(session: Session) -> None:
    """Make the key ring where there is none; the embedded stack makes its own."""
    with _ring_of(session) as path:
        from encryption.ring import ensure_ring

        if path.exists():
            raise CommandError("ring-exists", path=path)
        make_way(path.parent)
        listed = ensure_ring(path).listing()
    session.answer({"ring": str(path), "keys": [key_id for key_id, _ in listed]}, "ring-made")


@app.command("forget")
@command
async def forget(session: Session, key: Annotated[str, typer.Argument(metavar="KEY")]) -> None:
    """Give up a key that is lost for good, as the owner of the database: what it encrypted stays closed."""
    from cases.administration import note

    actor = await session.administer("forget-key")
    with _ring_of(session) as path:
        from encryption.ring import KeyRing

        held = key in KeyRing(path).fingerprints()
    if held:
        raise CommandError("key-there", key=key, path=path)
    async with session.transaction("owner") as connection:
        if await connection.fetchval(queries("kernel/codec")["forget_key"], key) is None:
            raise CommandError("no-such-key")
        await note(connection, actor.id, "forget-key", key)
    session.answer({"key_id": key, "forgotten": True}, "key-forgotten")


async def _noted(session: Session) -> bool:
    """Note the ring's keys in the database; False when it cannot be asked now, and the next start does it."""
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
    except (OSError, KeyRingError) as error:
        text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise CommandError.of("key-ring", text, f"鍵束を使用できません: {text}", Exit.UNUSABLE) from None


def _class(key_id: str) -> str:
    return key_id.rpartition("-")[0]
