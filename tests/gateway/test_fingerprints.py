"""A key ring is the database's, or nothing is done with it; keys made apart never share an id."""

import asyncio
import json
import os
from pathlib import Path

import asyncpg
import pytest

from activities.kernel.database import open_pool
from cli.session import Exit
from encryption.fingerprints import StrangeRingError, check_ring
from encryption.ring import CLASSES, KeyRing, KeyRingError, ensure_ring, rotate
from tests.cli.program import PROGRAM, Program, elsewhere, proven
from workers.policies import load_defaults


@pytest.fixture
async def connection(database):
    """As the worker, which has no more rights than it needs."""
    connection = await asyncpg.connect(database.url("worker"))
    yield connection
    await connection.close()


def ring_at(folder: Path) -> KeyRing:
    folder.mkdir()
    return ensure_ring(folder / "keys.json")


def with_the_ids_of(ring: KeyRing, folder: Path) -> KeyRing:
    """A stranger's ring whose keys have the same ids, as rings made apart once had."""
    other = ring_at(folder)
    content = json.loads(other.path.read_text())
    for name, entry in json.loads(ring.path.read_text()).items():
        (secret,) = content[name]["keys"].values()
        content[name] = {"current": entry["current"], "keys": {entry["current"]: secret}}
    other.path.write_text(json.dumps(content))
    return KeyRing(other.path)


def test_rings_made_apart_share_no_key_id(tmp_path) -> None:
    """Nor do two rotations of copies of one ring."""
    first, second = ring_at(tmp_path / "a"), ring_at(tmp_path / "b")
    rotated = {rotate(ring.path, "admission").key_id for ring in (first, second)}

    assert len(rotated) == 2
    assert not first.fingerprints().keys() & second.fingerprints().keys()


def test_a_fingerprint_tells_keys_apart_and_no_secret(tmp_path) -> None:
    """The same for the same key in every process, different for another secret under the same id."""
    ring = ring_at(tmp_path / "a")
    other = with_the_ids_of(ring, tmp_path / "b")

    assert ring.fingerprints() == KeyRing(ring.path).fingerprints()
    assert ring.fingerprints().keys() == other.fingerprints().keys()
    assert not set(ring.fingerprints().values()) & set(other.fingerprints().values())
    secret = ring.current("admission").secret.hex()
    assert all(mark not in secret and secret not in mark for mark in ring.fingerprints().values())


async def test_a_ring_that_is_not_the_databases_is_refused(tmp_path, connection) -> None:
    """A ring without the noted keys is a stranger's; the right one goes on and may grow."""
    ring = ring_at(tmp_path / "own")
    await check_ring(connection, ring)
    rotate(ring.path, "admission")
    await check_ring(connection, ring)

    with pytest.raises(StrangeRingError, match="lacks keys"):
        await check_ring(connection, ring_at(tmp_path / "stranger"))
    assert {row["key_id"] for row in await connection.fetch("SELECT key_id FROM iehe.keys")} == set(
        ring.fingerprints()
    )


async def test_other_keys_under_the_same_ids_are_refused(tmp_path, connection) -> None:
    """The text names them and says what to do, in both languages, and holds no secret."""
    ring = ring_at(tmp_path / "own")
    await check_ring(connection, ring)
    stranger = with_the_ids_of(ring, tmp_path / "stranger")

    with pytest.raises(StrangeRingError, match="is not the key ring of this database") as refused:
        await check_ring(connection, stranger)

    for text in (str(refused.value), refused.value.japanese):
        assert ring.current("admission").key_id in text
        assert "IEHE_KEY_RING" in text


async def test_two_strangers_at_once_are_not_both_taken(tmp_path, database) -> None:
    """The first two processes of a new database come with different rings: one of them is refused."""
    pool = await open_pool(database.url("worker"), size=2)
    rings = [ring_at(tmp_path / name) for name in ("a", "b")]

    async def check(ring: KeyRing) -> None:
        async with pool.acquire() as connection:
            await check_ring(connection, ring)

    ended = await asyncio.gather(*map(check, rings), return_exceptions=True)
    pool.terminate()

    assert sorted(type(each) for each in ended if each) == [StrangeRingError]


def test_a_ring_that_is_exchanged_under_a_running_process_is_refused(tmp_path) -> None:
    """Another key under an id that has been seen encrypts nothing."""
    ring = ring_at(tmp_path / "own")
    stranger = with_the_ids_of(ring, tmp_path / "stranger")
    stranger.path.replace(ring.path)

    with pytest.raises(KeyRingError, match="exchanged"):
        ring.current("admission")


@pytest.fixture
async def known(database, temporal, client, tmp_path) -> tuple[Program, Program]:
    """Commands with the database's ring, which is noted, and the same with a stranger's."""
    connection = await asyncpg.connect(database.url("owner"))
    await load_defaults(connection, "admission")
    await check_ring(connection, KeyRing(database.server.home.secrets / "keys.json"))
    await connection.close()
    environment = elsewhere(database, temporal, tmp_path / "home")
    stranger = ring_at(tmp_path / "stranger")
    right = await proven(database, environment)
    return right, Program({**right.environment, "IEHE_KEY_RING": str(stranger.path)})


@pytest.mark.parametrize("process", ["worker", "relay", "gateway"])
async def test_no_process_starts_with_a_strangers_ring(known, process) -> None:
    """It ends at once with a text that says what to do, without polling or listening."""
    _, wrong = known
    started = await asyncio.create_subprocess_exec(
        *PROGRAM,
        process,
        env={**os.environ, **wrong.environment, "IEHE_ENVIRONMENT": "production"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(started.communicate(), 30)
    finally:
        if started.returncode is None:
            started.kill()

    assert started.returncode == Exit.USAGE
    assert b"IEHE_KEY_RING" in err
    assert b"restore it from its backup" in err
    assert not any(word in out for word in (b"worker-polling", b"relay-delivering", b"gateway-open"))


async def test_no_command_encrypts_with_a_strangers_ring(known, database, tmp_path) -> None:
    """Imports, restarts and sources are refused before anything is stored, and doctor says so."""
    right, wrong = known
    file = tmp_path / "applications.csv"
    await right("sample", "admissions", "--rows", "3", "--round", "2027-general", "--out", file)
    await right("sample", "staff", "--out", tmp_path / "staff.csv")
    await right("staff", "import", tmp_path / "staff.csv")
    source = (
        "source",
        "add",
        "portal",
        "--uri",
        "urn:example:portal",
        "--type",
        "*fee-paid",
        "--webhook",
        "v1",
    )

    for words in (
        ("admission", "import", file, "--accept-valid"),
        ("case", "restart", "A2027-000001"),
        source,
    ):
        by = wrong.by("office-1") if words[0] == "admissions" else wrong
        ended = await by(*words, "--json")
        assert (ended.code, ended.json["error"]["code"]) == (Exit.UNUSABLE, "key-ring"), words
    doctor = await wrong("doctor", "--json")
    states = {each["check"]: each["state"] for each in doctor.json}
    connection = await asyncpg.connect(database.url("owner"))
    stored = await connection.fetchval(
        "SELECT (SELECT count(*) FROM iehe.applications) + (SELECT count(*) FROM iehe.sources)"
    )
    await connection.close()

    assert (stored, states["key ring"], states["temporal"]) == (0, "problem", "ok")
    assert (await right(*source)).code == 0


async def test_a_lost_key_is_given_up_by_name(known, database, temporal) -> None:
    """Only one that the ring lacks; afterwards the new ring is the database's."""
    right, wrong = known

    async def of_the_common_ring() -> list[str]:
        keys = (await right("keys", "list", "--json")).json["keys"]
        return [key["key_id"] for key in keys if key["home"] == "common"]

    listed = await of_the_common_ring()
    held = await right("keys", "forget", listed[0], "--json")
    for key_id in listed:
        assert (await wrong("keys", "forget", key_id)).code == 0
    unknown = await wrong("keys", "forget", "admission-9.00000000", "--json")
    rotated = await wrong("keys", "rotate", "admission", "--json")

    assert (held.code, held.json["error"]["code"]) == (Exit.REFUSED, "key-there")
    assert (unknown.code, unknown.json["error"]["code"]) == (Exit.NOT_FOUND, "no-such-key")
    assert rotated.json["noted"] is True
    # the former ring is a stranger's now, and is not changed
    assert (await right("keys", "rotate", "admission", "--json")).json["error"]["code"] == "key-ring"
    assert await of_the_common_ring() == listed


async def test_keys_are_listed_with_their_fingerprints(known) -> None:
    """By these a ring is compared with another, at a distance."""
    right, _ = known
    keys = (await right("keys", "list", "--json")).json["keys"]
    shown = (await right("keys", "list")).out

    assert {key["class"] for key in keys} == set(CLASSES)
    assert all(len(key["fingerprint"]) == 32 and key["fingerprint"] in shown for key in keys)


async def test_a_first_ring_makes_its_folder(tmp_path) -> None:
    """`keys init` into a home that does not exist yet makes it, for its owner alone."""
    home = tmp_path / "new" / "home"
    made = await Program({"PATH": os.environ["PATH"], "IEHE_HOME": str(home)})("keys", "init", "--json")

    assert made.code == 0, made
    assert Path(made.json["ring"]) == home / "secrets" / "keys.json"
    assert (home / "secrets").stat().st_mode & 0o777 == 0o700
    assert (home / "secrets" / "keys.json").stat().st_mode & 0o777 == 0o600
