"""`iehe keys`: the key ring that payloads and the sources' secrets are encrypted with; never a key itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from activities.kernel.queries import queries
from cli.case_arguments import answering, command
from cli.session import CommandError, Exit, Session
from cli.tables import print_rows
from embedded.faults import StackFault
from embedded.home import make_way

if TYPE_CHECKING:
    from schemas.kernel.homes import CaseHome

app = typer.Typer(no_args_is_help=True, help="Keys that payloads are encrypted with: list, rotate, make.")


@app.command("list")
@command
async def list_keys(session: Session) -> None:
    """List the ids of all keys with their fingerprints, and which encrypt new payloads."""
    keys, rings = [], {}
    for home in _homes().values():
        with _ring_of(session, home) as path:
            from encryption.ring import KeyRing

            ring = KeyRing(path, home)
            listed, marks = ring.listing(), ring.fingerprints()
        rings[home.name] = str(path)
        keys += [
            {
                "home": home.name,
                "class": _class(key_id),
                "key_id": key_id,
                "in_use": used,
                "fingerprint": marks[key_id],
            }
            for key_id, used in listed
        ]
    columns = (
        ("home", "home"),
        ("class", "class"),
        ("key", "key_id"),
        ("state", lambda row: "in use" if row["in_use"] else "earlier"),
        ("fingerprint", "fingerprint"),
    )
    print_rows(session, keys, columns, {"rings": rings, "keys": keys})


@app.command("rotate")
@command
async def rotate(
    session: Session,
    data_class: Annotated[str, typer.Argument(metavar="CLASS", help="Class of data; iehe keys list.")],
    *,
    home: Annotated[
        str | None,
        typer.Option("--home", metavar="HOME", help="In whose ring; without: that of the class, or common."),
    ] = None,
) -> None:
    """Encrypt a class's new payloads with a new key; earlier keys stay for the histories they encrypted."""
    from cases.homes import home_of

    at = _home_named(home) if home else home_of(data_class)
    with _ring_of(session, at) as path:
        from cases.administration import note
        from encryption.ring import KeyRing, classes_of
        from encryption.ring import rotate as rotate_ring

        known = classes_of(at)
        if data_class not in known:
            raise CommandError("unknown-class", {"known": list(known)}, known=", ".join(known))
        KeyRing(path, at)  # one that cannot be read is told first
        actor = await session.administer("rotate-key")
        await session.check_keys()  # a stranger's ring is left as it is
        async with session.transaction() as connection:
            await note(connection, actor.id, "rotate-key", data_class, home=at.name)
            key_id = rotate_ring(path, data_class).key_id
        listed = KeyRing(path, at).listing()
    noted = await _noted(session)
    earlier = [other for other, _ in listed if _class(other) == data_class and other != key_id]
    told = {
        "ring": str(path),
        "home": at.name,
        "class": data_class,
        "key_id": key_id,
        "earlier": earlier,
        "noted": noted,
    }
    session.answer(told, "key-rotated", data_class=data_class, kept=", ".join(earlier) or "-")


@app.command("init")
@command
async def init(
    session: Session,
    *,
    home: Annotated[
        str | None, typer.Option("--home", metavar="HOME", help="Whose ring; without: the common one's.")
    ] = None,
) -> None:
    """Make the key ring of a home where there is none; the embedded stack makes its own."""
    from encryption.ring import COMMON_HOME, ensure_ring

    at = _home_named(home) if home else COMMON_HOME
    with _ring_of(session, at) as path:
        if path.exists():
            raise CommandError("ring-exists", path=path)
        make_way(path.parent)
        listed = ensure_ring(path, at).listing()
    session.answer(
        {"ring": str(path), "home": at.name, "keys": [key_id for key_id, _ in listed]}, "ring-made"
    )


@app.command("forget")
@command
async def forget(session: Session, key: Annotated[str, typer.Argument(metavar="KEY")]) -> None:
    """Give up a key that is lost for good, as the owner of the database: what it encrypted stays closed."""
    from cases.administration import note

    actor = await session.administer("forget-key")
    for home in _homes().values():
        with _ring_of(session, home) as path:
            from encryption.ring import KeyRing

            held = key in KeyRing(path, home).fingerprints()
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


def _homes() -> Mapping[str, CaseHome]:
    from cases.homes import homes

    return homes()


def _home_named(name: str) -> CaseHome:
    known = _homes()
    if name not in known:
        raise CommandError("unknown-home", {"known": list(known)}, name=name, known=", ".join(known))
    return known[name]


@contextmanager
def _ring_of(session: Session, home: CaseHome) -> Iterator[Path]:
    from encryption.ring import KeyRingError
    from workers.temporal import ring_path

    try:
        yield ring_path(session.settings, home)
    except (OSError, KeyRingError) as error:
        text = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise CommandError.of("key-ring", text, f"鍵束を使用できません: {text}", Exit.UNUSABLE) from None


def _class(key_id: str) -> str:
    return key_id.rpartition("-")[0]
