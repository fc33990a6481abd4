"""Bearer tokens, with an issuer that publishes its keys over HTTP."""

import json
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.problems import Problem
from gateway.tokens import TokenFault, TokenVerifier, may_fetch
from tests.gateway.issuer import AUDIENCE, ISSUER, Clock, Issuer, by_hand, pem, public, token


@pytest.fixture
def issuer():
    issuer = Issuer()
    issuer.publish(a="RS256")
    yield issuer
    issuer.close()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def check(issuer, clock):
    verifier = TokenVerifier(clock)

    async def check(text: str):
        return await verifier.verify(text, issuer=ISSUER, audience=AUDIENCE, jwks_url=issuer.url)

    return check


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_a_right_token(issuer, check, algorithm):
    """Its claims are handed out, for each algorithm that is taken; the keys are fetched once."""
    issuer.publish(a=algorithm)
    assert (await check(token(algorithm)))["sub"] == "test-centre"
    assert (await check(token(algorithm, kid=None)))["sub"] == "test-centre"
    assert issuer.asked == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://other.example"}, "token-invalid"),
        ({"aud": "other"}, "token-invalid"),
        ({"exp": timedelta(minutes=-2)}, "token-expired"),
        ({"nbf": timedelta(minutes=10)}, "token-invalid"),
        ({"iat": timedelta(minutes=10)}, "token-invalid"),
        *(({name: None}, "token-invalid") for name in ("iss", "aud", "exp", "iat")),
    ],
)
async def test_a_claim_that_is_not_right(check, changes, code):
    """Of another issuer, for another audience, out of its time, or without saying."""
    # from now, and not from when the test was collected
    changes = {
        name: int(time.time() + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in changes.items()
    }
    with pytest.raises(TokenFault) as refused:
        await check(token(**changes))
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        by_hand({"alg": "none", "kid": "a"}),
        by_hand({"alg": "None", "kid": "a"}),
        by_hand({"alg": "HS256", "kid": "a"}, pem("RS256")),
        by_hand({"alg": ["RS256"], "kid": "a"}),
        by_hand({"kid": "a"}),
        token("PS256"),
        token("RS384"),
    ],
)
async def test_only_the_algorithms_on_the_list(issuer, check, text):
    """No unsigned token, none that takes the public key for a secret, and the issuer is not even asked."""
    with pytest.raises(TokenFault):
        await check(text)
    assert issuer.asked == 0


async def test_the_algorithm_is_the_keys_own(issuer, check):
    """A token does not choose how the key under its kid is used."""
    issuer.publish(a="ES256")
    with pytest.raises(TokenFault, match="token-invalid"):
        await check(token("RS256"))


async def test_a_signature_of_another_key(issuer, check):
    """The right kid with another key behind it is no proof."""
    issuer.publish(a="RS256", b="EdDSA")
    head, _, _ = token("EdDSA", kid="b").rpartition(".")
    _, _, other = token("EdDSA", kid="b", sub="other").rpartition(".")
    with pytest.raises(TokenFault, match="token-invalid"):
        await check(f"{head}.{other}")


async def test_a_new_kid_is_fetched_and_a_withdrawn_one_forgotten(issuer, check, clock):
    """An issuer changes its keys without telling us; strangers cannot make us ask more often."""
    await check(token())
    issuer.publish(b="EdDSA")
    with pytest.raises(Problem, match="keys-unavailable"):
        await check(token("EdDSA", kid="b"))
    assert issuer.asked == 1
    clock.now += 31
    assert await check(token("EdDSA", kid="b"))
    clock.now += 31
    with pytest.raises(TokenFault, match="token-key-unknown"):
        await check(token())
    assert issuer.asked == 3


async def test_a_kid_of_nobodys_makes_no_right_token_wrong(issuer, check, clock):
    """The next key is asked for again in time, and until then the answer is that it cannot be known."""
    with pytest.raises(TokenFault, match="token-key-unknown"):
        await check(token(kid="bogus"))
    issuer.publish(a="RS256", b="EdDSA")
    clock.now += 10
    with pytest.raises(Problem, match="keys-unavailable") as unknown:
        await check(token("EdDSA", kid="b"))
    assert unknown.value.headers["Retry-After"] == "20"
    clock.now += 20
    assert await check(token("EdDSA", kid="b"))


async def test_only_who_knows_what_is_agreed_makes_us_ask(issuer, check):
    """A token of another issuer, for others or out of its time is refused without asking for its key."""
    for changes in ({"iss": "x"}, {"aud": "x"}, {"exp": 1}):
        with pytest.raises(TokenFault):
            await check(token(kid="bogus", **changes))
    assert issuer.asked == 0


async def test_a_withdrawn_key_is_noticed_without_a_new_one(issuer, check, clock):
    """After ten minutes the keys are fetched again although the one that is asked for is known."""
    issuer.publish(a="RS256", b="EdDSA")
    await check(token())
    issuer.publish(b="EdDSA")
    clock.now += 601
    with pytest.raises(TokenFault, match="token-key-unknown"):
        await check(token())


async def test_while_the_issuer_is_away(issuer, check, clock):
    """What is known holds; what is not cannot be judged now; afterwards it can."""
    await check(token())
    issuer.away = True
    clock.now += 601
    assert await check(token())
    issuer.publish(a="RS256", b="EdDSA")
    with pytest.raises(Problem, match="keys-unavailable"):
        await check(token("EdDSA", kid="b"))
    issuer.away = False
    clock.now += 31
    assert await check(token("EdDSA", kid="b"))


async def test_nobody_listens(clock):
    """An address where nothing answers is an issuer that is away."""
    with pytest.raises(Problem, match="keys-unavailable"):
        await TokenVerifier(clock).verify(
            token(), issuer=ISSUER, audience=AUDIENCE, jwks_url="http://127.0.0.1:1/keys"
        )


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"keys": [public("a", "RS256")], "more": "x" * 300_000}).encode(),
        b"[" * 100_000,
        b"\xff",
        b"[]",
        b'{"keys": 1}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]}',
        json.dumps({"keys": [public("a", "RS256") | {"use": "enc"}]}).encode(),
    ],
    ids=["large", "deep", "no-text", "list", "no-keys", "shared-secret", "for-encryption"],
)
async def test_what_is_no_set_of_keys(issuer, check, content):
    """Too large, unreadable, or without a key for signatures: as if the issuer were away."""
    issuer.content = content
    with pytest.raises(Problem, match="keys-unavailable"):
        await check(token())


async def test_a_key_that_cannot_be_used_does_not_spoil_the_others(issuer, check):
    """Of a set, those that we understand are taken."""
    odd = [1, {"kty": "new"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "c"}]
    issuer.content = json.dumps({"keys": [*odd, public("a", "RS256")]}).encode()
    assert await check(token())


@pytest.mark.parametrize("name", ["kty", "alg", "use", "kid", "n", "e", "key_ops"])
@pytest.mark.parametrize("value", ["none", "", [], {}, 1, None, True, ["sig"], "é", 1e400])
async def test_one_odd_key_is_skipped(issuer, check, name, value):
    """Whatever stands in whichever member of it, the other key of the set proves its token."""
    odd = public("odd", "RS256") | {name: value}
    issuer.content = json.dumps({"keys": [odd, public("a", "RS256")]}).encode()
    assert await check(token())


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://id.example.ac.jp/keys", True),
        ("http://127.0.0.1:9/keys", True),
        ("http://[::1]/keys", True),
        ("http://id.example.ac.jp/keys", False),
        ("http://127.0.0.1.example/keys", False),
        ("http://localhost@id.example/keys", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https://[", False),
    ],
)
def test_where_keys_may_come_from(url, allowed):
    """Over TLS, or from this machine."""
    assert may_fetch(url) is allowed


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(st.binary(max_size=30), min_size=3, max_size=3).map(repr)))
async def test_whatever_comes_as_a_token_is_refused(text):
    """Any text is a token fault, and never another error."""
    with pytest.raises(TokenFault):
        await TokenVerifier().verify(text, issuer=ISSUER, audience=AUDIENCE, public_key=pem("EdDSA"))
