"""Sources: which keys hold when, what a stranger learns, and what the database alone reveals."""

import base64
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from activities.kernel.database import open_pool
from encryption.ring import ensure_ring, rotate
from encryption.signatures import sign
from encryption.source_secrets import Unsealable, seal, unseal
from gateway.problems import Problem
from gateway.sources import Sources
from tests.gateway.issuer import AUDIENCE, ISSUER, SUBJECT, Clock, Issuer, token

URI, BODY = "urn:example:portal", b"{}"
FIRST, SECOND = bytes(range(32)), bytes(range(32, 64))
NOW = datetime.now(UTC)
ADD_KEY = (
    "INSERT INTO iehe.source_keys (key_id, source, kind, sealed, expires_at) VALUES ($1, $2, 'v1', $3, $4)"
)


@pytest.fixture
async def rows(database):
    connection = await asyncpg.connect(database.url("owner"))
    yield connection
    await connection.close()


@pytest.fixture
def own_ring(tmp_path):
    return ensure_ring(tmp_path / "keys.json")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def sources(database, own_ring, clock):
    pool = await open_pool(database.url("office"), size=2)
    yield Sources(pool, own_ring, clock)
    pool.terminate()


@pytest.fixture
async def portal(rows, own_ring):
    """A source with one key."""
    await rows.execute(
        "INSERT INTO iehe.sources (name, uri, types, per_minute) VALUES ('portal', $1, '{a}', 9)", URI
    )
    await rows.execute(ADD_KEY, "portal-1", "portal", seal(own_ring, "portal-1", "portal", FIRST), None)


def signed(secret: bytes = FIRST, at: datetime = NOW, body: bytes = BODY) -> dict[str, str]:
    seconds = int(at.timestamp())
    key = "whsec_" + base64.b64encode(secret).decode()
    return {
        "Webhook-Id": "m-1",
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(key, "m-1", seconds, body),
    }


async def let_in(sources, headers, *, uri=URI, at=NOW) -> str:
    """The name of who was let in, or the code of the refusal."""
    try:
        return (await sources.authenticate(await sources.find(uri), headers, BODY, at)).name
    except Problem as problem:
        return problem.code


async def test_its_own_signature_lets_a_source_in(portal, sources):
    """And another's does not."""
    assert await let_in(sources, signed()) == "portal"
    assert await let_in(sources, signed(SECOND)) == "signature-wrong"
    assert await let_in(sources, signed(body=b"{ }")) == "signature-wrong"


async def test_in_an_overlap_both_keys_hold(portal, sources, rows, own_ring, clock):
    """Until the moment at which the earlier one ends, also within the second that is remembered."""
    ends = NOW + timedelta(hours=1)
    await rows.execute("UPDATE iehe.source_keys SET expires_at = $1", ends)
    await rows.execute(ADD_KEY, "portal-2", "portal", seal(own_ring, "portal-2", "portal", SECOND), None)

    assert [await let_in(sources, signed(each)) for each in (FIRST, SECOND)] == ["portal", "portal"]
    assert await let_in(sources, signed(FIRST, ends), at=ends) == "signature-wrong"
    assert await let_in(sources, signed(SECOND, ends), at=ends) == "portal"


@pytest.mark.parametrize("table", ["sources", "source_keys"])
async def test_a_revocation_is_noticed_within_a_second(portal, sources, rows, clock, table):
    """Of the source, and of its only key."""
    assert await let_in(sources, signed()) == "portal"
    await rows.execute(f"UPDATE iehe.{table} SET revoked_at = now()")  # noqa: S608 - names of tables
    clock.now += 1.0
    assert await let_in(sources, signed()) == "signature-wrong"


_REQUESTS = {
    "no-credentials": {},
    "wrong-key": signed(SECOND),
    "too-old": signed(SECOND, NOW - timedelta(minutes=10)),
    "malformed": signed() | {"webhook-timestamp": "soon"},
    "no-scheme": signed() | {"webhook-signature": "x"},
    "token": {"authorization": f"Bearer {token()}"},
    "no-token": {"Authorization": "bearer "},
    "other-scheme": {"authorization": "Basic eDp5"},
    "both": signed(SECOND) | {"authorization": f"Bearer {token()}"},
}


async def test_a_stranger_learns_nothing(portal, sources):
    """For each kind of request an unknown source and a wrong key get one and the same answer."""
    for kind, headers in _REQUESTS.items():
        answers = []
        for uri in (URI, "urn:example:nobody", "urn:example:\0", "\ud800", "x" * 1000):
            with pytest.raises(Problem) as refused:
                await sources.authenticate(await sources.find(uri), headers, BODY, NOW)
            problem = refused.value
            answers.append((problem.status, problem.body("en"), problem.body("ja"), problem.headers))
        assert answers[0][0] == 401, kind
        assert all(answer == answers[0] for answer in answers), kind


class Twice(dict):
    """Headers as a server hands them out: a name may come more than once."""

    def __init__(self, pairs):
        super().__init__(pairs)
        self.pairs = pairs

    def items(self):
        return self.pairs


async def test_what_is_given_twice_is_not_given(portal, sources):
    """Whichever comes first: another part of the program might look at the other one."""
    pairs = [(key.lower(), value) for key, value in signed().items()]
    for name, _ in pairs:
        for both in ([*pairs, (name, "other")], [(name, "other"), *pairs]):
            assert await let_in(sources, Twice(both)) == "signature-missing"


async def test_the_database_alone_reveals_no_secret(portal, sources, rows, own_ring, tmp_path):
    """Neither in its rows nor for whoever has them and another key ring."""
    found = [*await rows.fetch("TABLE iehe.sources"), *await rows.fetch("TABLE iehe.source_keys")]
    dump = repr([tuple(row) for row in found]).encode() + b"".join(
        value for row in found for value in row.values() if isinstance(value, bytes)
    )
    for form in (FIRST, base64.b64encode(FIRST), base64.urlsafe_b64encode(FIRST), FIRST.hex().encode()):
        assert form not in dump
    (tmp_path / "other").mkdir()
    other = ensure_ring(tmp_path / "other" / "keys.json")
    sealed = await rows.fetchval("SELECT sealed FROM iehe.source_keys")
    with pytest.raises(Unsealable):
        unseal(other, "portal-1", "portal", sealed)
    assert unseal(own_ring, "portal-1", "portal", sealed) == FIRST


@pytest.mark.parametrize(("key_id", "source"), [("portal-2", "portal"), ("portal-1", "other")])
def test_a_sealed_secret_is_bound_to_its_row(own_ring, key_id, source):
    """Copied to another row it opens nothing."""
    sealed = seal(own_ring, "portal-1", "portal", FIRST)
    with pytest.raises(Unsealable):
        unseal(own_ring, key_id, source, sealed)


@pytest.mark.parametrize("sealed", [b"", b"\0", b"KEY\0", b"KEY\0short", b"\xff\0" + bytes(60)])
def test_whatever_is_not_sealed_cannot_be_opened(own_ring, sealed):
    """A row that was damaged is unsealable, and no other error."""
    sealed = sealed.replace(b"KEY", own_ring.current("sources").key_id.encode())
    with pytest.raises(Unsealable):
        unseal(own_ring, "portal-1", "portal", sealed)


async def test_a_key_that_cannot_be_opened_is_skipped(portal, sources, rows, own_ring):
    """The other keys hold, what none of them signed cannot be judged, and the log names the source."""
    name = own_ring.current("sources").key_id.encode()
    await rows.execute(ADD_KEY, "portal-2", "portal", name + b"\0" + bytes(60), None)
    with capture_logs() as logged:
        assert await let_in(sources, signed()) == "portal"
        assert await let_in(sources, signed(SECOND)) == "keys-unavailable"
        assert await let_in(sources, signed() | {"webhook-timestamp": "soon"}) == "signature-malformed"
        assert await let_in(sources, signed(SECOND), uri="urn:example:nobody") == "signature-wrong"
    (line,) = logged
    assert (line["event"], line["source"]) == ("source-key-skipped", "portal")
    assert line["reason"] == "unsealable"


async def test_without_its_ring_no_signature_can_be_judged(portal, sources, rows, own_ring):
    """503 with a time to come again, not 401: the sender has done nothing wrong; the log says why."""
    rotate(own_ring.path, "sources")
    key_id = "sources-9"
    await rows.execute("UPDATE iehe.source_keys SET sealed = $1", key_id.encode() + b"\0" + bytes(60))
    own_ring.path.unlink()
    with capture_logs() as logged, pytest.raises(Problem) as refused:
        await sources.authenticate(await sources.find(URI), signed(), BODY, NOW)
    assert (refused.value.status, refused.value.code) == (503, "keys-unavailable")
    assert refused.value.headers["Retry-After"] == "30"
    assert [(line["event"], line["reason"]) for line in logged] == [("source-key-skipped", "key-ring")]


async def test_secrets_outlive_a_rotation_of_the_ring(portal, sources, own_ring):
    """What an earlier key of the ring has sealed is still opened."""
    rotate(own_ring.path, "sources")
    assert await let_in(sources, signed()) == "portal"


@pytest.fixture
async def by_token(rows):
    """A source that sends tokens of an issuer on this machine."""
    issuer = Issuer()
    issuer.publish(a="RS256")
    await rows.execute(
        "INSERT INTO iehe.sources (name, uri, types, per_minute, issuer, audience, subject, jwks_url) "
        "VALUES ('tests', 'urn:example:tests', '{a}', 9, $1, $2, $3, $4)",
        *(ISSUER, AUDIENCE, SUBJECT, issuer.url),
    )
    yield issuer
    issuer.close()


async def test_its_own_token_lets_a_source_in(by_token, sources):
    """Another subject's token, no token, and a signature by nobody's key do not."""
    uri = "urn:example:tests"

    def shown(**changes):
        return {"authorization": f"Bearer {token(**changes)}"}

    assert await let_in(sources, shown(), uri=uri) == "tests"
    for changes in ({"sub": "other"}, {"sub": None}, {"aud": "other"}, {"iss": "https://x"}):
        assert await let_in(sources, shown(**changes), uri=uri) == "token-wrong"
    assert await let_in(sources, {"authorization": "Bearer x"}, uri=uri) == "token-wrong"
    assert await let_in(sources, signed(), uri=uri) == "signature-wrong"


async def test_without_the_issuers_keys_a_token_cannot_be_judged(by_token, sources):
    """503 with a time to come again, not 401: the sender has done nothing wrong."""
    by_token.away = True
    source = await sources.find("urn:example:tests")
    with pytest.raises(Problem) as refused:
        await sources.authenticate(source, {"authorization": f"Bearer {token()}"}, BODY)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "30")
