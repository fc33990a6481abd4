"""`iehe source` on a real database: what it registers is what the gateway believes."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.kernel.database import open_pool
from cli import source_values as typed
from cli.session import CommandError, Exit
from encryption.ring import KeyRing
from encryption.signatures import sign
from gateway.sources import Sources
from tests.cli.program import Program, elsewhere, proven
from workers.settings import Settings

TYPE = "jp.ac.iehe.admission-review."
URI = "urn:example:portal"
ADD = ("source", "add", "portal", "--uri", URI, "--type", TYPE + "fee-*", "--json")
TOKEN = ("--issuer", "https://id.example", "--audience", "iehe", "--subject", "s")
JWKS = ("--jwks-url", "https://id.example/keys")


def private_key() -> tuple[str, str]:
    """A key pair as it is written down: private, public."""
    key = Ed25519PrivateKey.generate()
    both = (("whsk_", key.private_bytes_raw()), ("whpk_", key.public_key().public_bytes_raw()))
    private, public = (prefix + base64.b64encode(raw).decode() for prefix, raw in both)
    return private, public


@pytest.fixture
async def program(database, tmp_path) -> Program:
    """Commands on a database; none of these asks Temporal."""
    return await proven(
        database, elsewhere(database, SimpleNamespace(address="127.0.0.1:1"), tmp_path / "home")
    )


@pytest.fixture
async def believed(database, program):
    """Whether the gateway lets the portal in with a key."""
    pool = await open_pool(database.url("office"), size=1)
    ring = KeyRing(Path(program.environment["IEHE_KEY_RING"]))

    async def ask(key: str, at: datetime | None = None) -> bool:
        at = at or datetime.now(UTC)
        seconds = int(at.timestamp())
        headers = {
            "webhook-id": "m-1",
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(key, "m-1", seconds, b"{}"),
        }
        sources = Sources(pool, ring)
        try:
            source = await sources.authenticate(await sources.find(URI), headers, b"{}", at)
        except Exception as problem:
            if getattr(problem, "code", "") != "signature-wrong":
                raise
            return False
        return source.name == "portal"

    yield ask
    pool.terminate()


async def test_a_shared_secret_from_its_beginning_to_its_end(program, believed):
    """Shown once; a rotation lets both hold for a while; each revocation says what happened."""
    added = (await program(*ADD, "--webhook", "v1")).json
    assert added["types"] == [TYPE + "fee-paid", TYPE + "fee-refunded"]
    first = added["secret"]
    assert await believed(first)

    rotated = (await program("source", "rotate", "portal", "--overlap-hours", "2", "--json")).json
    second = rotated["secret"]
    assert [each["key_id"] for each in rotated["earlier"]] == [added["key_id"]]
    assert second != first
    now = datetime.now(UTC)
    assert [await believed(each) for each in (first, second)] == [True, True]
    late = now + timedelta(hours=3)
    assert [await believed(each, late) for each in (first, second)] == [False, True]

    listed, shown = await asyncio.gather(program("source", "list", "--json"), program("source", "list"))
    assert [row["key_state"] for row in listed.json] == ["in use", "in use"]
    assert "sealed" not in listed.out
    for secret in (first, second):
        assert secret.removeprefix("whsec_") not in listed.out + shown.out

    ended = (await program("source", "revoke", "portal", "--key", added["key_id"], "--json")).json
    assert (ended["before"], ended["others"]) == (False, 1)
    assert [await believed(each) for each in (first, second)] == [False, True]
    gone = await program("source", "revoke", "portal")
    assert "nothing it sends is taken" in gone.out
    assert not await believed(second)
    again, rotated, added = await asyncio.gather(
        program("source", "revoke", "portal"),
        program("source", "rotate", "portal"),
        program(*ADD, "--webhook", "v1"),
    )
    assert "was revoked already" in again.out
    assert rotated.code == Exit.REFUSED
    assert added.json["error"]["code"] == "source-exists"


async def test_a_key_pair(program, believed):
    """Its public half is enough, and a rotation needs the new one."""
    private, public = private_key()
    added = (await program(*ADD, "--webhook", "v1a", "--public-key", public)).json
    assert added["secret"] is None
    assert await believed(private)
    without = await program("source", "rotate", "portal")
    assert (without.code, "--public-key" in without.err) == (Exit.USAGE, True)
    newer, public = private_key()
    assert (
        await program("source", "rotate", "portal", "--overlap-hours", "0", "--public-key", public)
    ).code == Exit.OK
    assert [await believed(each) for each in (private, newer)] == [False, True]


async def test_tokens(program):
    """A source of tokens has no key here; its issuer changes the keys."""
    added = await program(*ADD, *TOKEN, *JWKS)
    assert (added.json["key_id"], added.json["secret"]) == (None, None)
    (row,) = (await program("source", "list", "--json")).json
    assert (row["kind"], row["issuer"], row["key_state"]) == ("token", "https://id.example", "in use")
    rotated = await program("source", "rotate", "portal", IEHE_LANGUAGE="ja")
    assert (rotated.code, "発行元" in rotated.err) == (Exit.REFUSED, True)


@pytest.mark.parametrize(
    ("webhook", "public_key", "token"),
    [
        (None, None, (None,) * 4),
        (None, None, ("https://id.example", "iehe", "s", None)),
        (None, "whpk_x", (None,) * 4),
        ("v1", "whpk_x", (None,) * 4),
        ("v1a", None, (None,) * 4),
        ("v2", None, (None,) * 4),
        ("v1", None, ("https://id.example", "iehe", "s", "https://id.example/keys")),
    ],
)
def test_one_way_to_show_who_it_is(webhook, public_key, token):
    """All of a way, and nothing of another."""
    with pytest.raises(CommandError) as refused:
        typed.check_way(webhook, public_key, token)
    assert (refused.value.code, refused.value.exit_code) == ("key-unclear", Exit.USAGE)


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (lambda: typed.check_name("a/b"), "name-malformed"),
        (lambda: typed.check_name("Portal"), "name-malformed"),
        (lambda: typed.check_name("-a"), "name-malformed"),
        (lambda: typed.check_uri("urn:example:入試"), "uri-malformed"),
        (lambda: typed.check_uri("urn:a b"), "uri-malformed"),
        (lambda: typed.check_uri("jp.ac.iehe"), "uri-malformed"),
        (lambda: typed.matching_types([TYPE + "*", "nothing"]), "unknown-type"),
        (lambda: typed.matching_types([TYPE + "sibling-accepted"]), "unknown-type"),
        (lambda: typed.check_way(None, None, ("i", "a", "s", "http://id.example")), "jwks-url-unsafe"),
        (lambda: typed.check_way(None, None, ("i", "a b", "s", "https://id.example")), "token-malformed"),
        (lambda: typed.new_key(Settings(), "a", private_key()[0]), "key-malformed"),
        (lambda: typed.new_key(Settings(), "a", "whpk_AAAA"), "key-malformed"),
    ],
)
def test_what_cannot_be_registered(check, code):
    """What no event could carry, what nobody may send, and what is no key."""
    with pytest.raises(CommandError) as refused:
        check()
    assert (refused.value.code, refused.value.exit_code) == (code, Exit.USAGE)
    assert refused.value.english != refused.value.japanese


async def test_an_unknown_type_stores_nothing(program, connect):
    """Said in both languages, with the types that there are."""
    ended = await program(*ADD, "--webhook", "v1", "--type", "nothing")
    error = ended.json["error"]
    assert (ended.code, error["code"], set(error["message"])) == (Exit.USAGE, "unknown-type", {"en", "ja"})
    assert TYPE + "fee-paid" in error["known"]
    assert await connect("SELECT name FROM iehe.sources") == []


async def test_unknown_names(program):
    """A source or key that is not there is not found."""
    ended = await asyncio.gather(
        program("source", "rotate", "nobody"), program("source", "revoke", "nobody", "--key", "k")
    )
    assert [each.code for each in ended] == [Exit.NOT_FOUND] * 2


async def test_no_ring_is_made_in_production(program, tmp_path, connect):
    """Where the ring is to be is said by its setting; a missing one is an error, not a new ring."""
    missing = tmp_path / "keys.json"
    ended = await program(*ADD, "--webhook", "v1", IEHE_KEY_RING=missing)
    assert ended.code != Exit.OK
    assert "iehe keys init" in ended.json["error"]["message"]["en"]
    assert not missing.exists()
    assert await connect("SELECT name FROM iehe.sources") == []


async def test_a_source_reads_what_it_was_allowed_and_nothing_else(program, connect):
    """Nothing by default; what is said last holds, and what no door has cannot be allowed."""
    added = (await program(*ADD, "--webhook", "v1")).json
    assert added["reads"] == []
    assert await connect("SELECT reads FROM iehe.sources") == [([],)]
    allowed = await program("source", "reads", "portal", "--read", "admission-round.results", "--json")
    assert allowed.json == {"source": "portal", "reads": ["admission-round.results"]}
    (listed, *_) = (await program("source", "list", "--json")).json
    assert listed["reads"] == ["admission-round.results"]
    unknown = await program("source", "reads", "portal", "--read", "scores", "--json")
    assert (unknown.code, unknown.json["error"]["known"]) == (Exit.USAGE, ["admission-round.results"])
    assert (await program("source", "reads", "nobody")).code == Exit.NOT_FOUND
    assert await connect("SELECT reads FROM iehe.sources") == [(["admission-round.results"],)]
    assert (await program("source", "reads", "portal")).code == Exit.OK
    assert await connect("SELECT reads FROM iehe.sources") == [([],)]
    noted = await connect("SELECT details FROM iehe.administration_log WHERE act = 'allow-reading'")
    assert len(noted) == 2
