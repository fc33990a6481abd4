"""Signatures against published vectors."""

from datetime import UTC, datetime

import pytest

from gateway.signatures import SignatureFault, VerifyingKey, decode_key, sign, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PRIVATE = "whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk="
ID, AT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
V1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
V1A = "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag=="
KEY = VerifyingKey("v1", decode_key(SECRET, "whsec_"))
HEADERS = {"webhook-id": ID, "webhook-timestamp": str(AT), "webhook-signature": f"v2,x {V1}"}


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


def test_another_body():
    """A changed byte is refused."""
    with pytest.raises(SignatureFault, match="signature-wrong"):
        verify(HEADERS, BODY + b" ", [KEY], datetime.fromtimestamp(AT, UTC))
