"""Signatures against published vectors, the public library, and whatever else may come over the wire."""

import base64
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from encryption.signatures import SignatureFault, VerifyingKey, decode_key, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PRIVATE = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
KEY = VerifyingKey("v1", decode_key(SECRET, "whsec_"))
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": f"v2,x {V1}"}
CODES = {"signature-missing", "signature-malformed", "signature-wrong", "timestamp-out-of-tolerance"}
THEN = datetime.fromtimestamp(AT, UTC)


@pytest.mark.parametrize(("key", "expected"), [(SECRET, V1), (PRIVATE, V1A)])
def test_published_vectors(key, expected):
    """Both schemes sign as the reference libraries do."""
    assert sign(key, ID, AT, BODY) == expected


@pytest.mark.parametrize(("late", "accepted"), [(0, True), (300, True), (-300, True), (301, False)])
def test_tolerance(late, accepted):
    """Five minutes either way, and no more."""
    now = datetime.fromtimestamp(AT + late, UTC)
    if accepted:
        verify(HEADERS, BODY, [KEY], now)
        return
    with pytest.raises(SignatureFault, match="timestamp-out-of-tolerance"):
        verify(HEADERS, BODY, [KEY], now)


def _changed(headers, body, change):
    other = dict(headers)
    match change:
        case "body":
            body += b" "
        case "id":
            other["webhook-id"] += "x"
        case "time":
            other["webhook-timestamp"] = str(int(other["webhook-timestamp"]) + 1)
        case "signature":
            wrong = base64.b64encode(bytes(32)).decode()
            other["webhook-signature"] = f"v1,{wrong}"
    return other, body


def _headers(at: int, signature: str) -> dict[str, str]:
    return {"webhook-id": ID, "webhook-timestamp": str(at), "webhook-signature": signature}


def test_the_public_library_believes_what_we_sign():
    """And refuses it after any change, as we do."""
    now = datetime.now(UTC)
    at = int(now.timestamp())
    headers = _headers(at, sign(SECRET, ID, at, BODY))
    Webhook(SECRET).verify(BODY.decode(), headers)
    for change in ("body", "id", "time", "signature"):
        other, body = _changed(headers, BODY, change)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body.decode(), other)
        with pytest.raises(SignatureFault, match="signature-wrong"):
            verify(other, body, [KEY], now)


@given(body=st.text(st.characters(exclude_categories=["Cs"])), number=st.integers(0, 10**9))
def test_we_believe_what_the_public_library_signs(body, number):
    """Whatever the text and the id."""
    signature = Webhook(SECRET).sign(f"msg_{number}", THEN, body)
    headers = _headers(AT, signature) | {"webhook-id": f"msg_{number}"}
    verify(headers, body.encode(), [KEY], THEN)


def test_one_right_signature_of_several_is_enough():
    """A sender in the middle of a rotation signs with both keys; ours may be several too."""
    other = VerifyingKey("v1", bytes(32))
    public = VerifyingKey("v1a", decode_key("whpk_" + _public_half(), "whpk_"))
    verify(_headers(AT, f"v1,AAAA {V1A} {V1}"), BODY, [other, KEY], THEN)
    verify(_headers(AT, f"v1,AAAA {V1A}"), BODY, [other, public], THEN)
    with pytest.raises(SignatureFault, match="signature-wrong"):
        verify(_headers(AT, V1A), BODY, [other, KEY], THEN)


def test_only_so_many_signatures_are_looked_at():
    """The eleventh is not: a list without end would make us compute."""
    listed = " ".join(["v1,AAAA"] * 10 + [V1])
    with pytest.raises(SignatureFault, match="signature-wrong"):
        verify(_headers(AT, listed), BODY, [KEY], THEN)


def _public_half() -> str:
    private = Ed25519PrivateKey.from_private_bytes(decode_key(PRIVATE, "whsk_"))
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


_VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["", ID, str(AT), V1, V1A, "v1,", "v1,é", "²", "1e3", "-1", f"v1 {V1}", "9" * 12]),
)
_NAMES = st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "authorization"])
_KEYS = [KEY, VerifyingKey("v1a", bytes(32)), VerifyingKey("v1a", b"short"), VerifyingKey("v1", b"")]


@settings(max_examples=500, deadline=None)
@given(changes=st.dictionaries(_NAMES, _VALUES), body=st.binary(max_size=100))
def test_whatever_comes_is_believed_or_refused(changes, body):
    """Headers and bytes of any kind: a fault with a code, and never another error."""
    headers = HEADERS | changes
    try:
        verify(headers, body, _KEYS, THEN)
    except SignatureFault as fault:
        code = fault.code
    else:
        code = "" if body == BODY and V1 in headers["webhook-signature"] else "believed"
    assert code in {"", *CODES}


@given(st.one_of(st.text(), st.binary().map(lambda raw: "whsec_" + base64.b64encode(raw).decode())))
def test_whatever_is_given_as_a_key_is_one_or_refused(text):
    """A key has 24 to 64 bytes; anything else is refused as malformed."""
    try:
        length, code = len(decode_key(text, "whsec_")), ""
    except SignatureFault as fault:
        length, code = 24, fault.code
    assert 24 <= length <= 64
    assert code in {"", "key-malformed"}
