"""Whose staff tokens are believed; without an identity provider the embedded stack issues its own."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities.kernel.private_files import write_private
from embedded.home import Home
from gateway.context import StaffTokens
from workers.settings import Settings

OWN_ISSUER: Final = "urn:iehe:embedded"
FILE: Final = "staff-token"


def staff_tokens(settings: Settings) -> StaffTokens | None:
    """Whose tokens staff systems show; None where nobody's would be believed.

    Raises:
        OSError: the key of the embedded stack cannot be read or made.
    """
    if settings.staff_issuer is not None:
        return StaffTokens(
            issuer=settings.staff_issuer,
            audience=settings.staff_audience,
            claim=settings.staff_claim,
            jwks_url=settings.staff_jwks_url,
        )
    if settings.environment != "embedded":
        return None
    public = _own_key(settings).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return StaffTokens(issuer=OWN_ISSUER, audience=settings.staff_audience, public_key=pem)


def issue_token(settings: Settings, staff_id: str, hours: float) -> tuple[str, datetime]:
    """A token of the embedded stack for a member of staff, and when it ends.

    Raises:
        ValueError: the tokens come from somewhere else.
        OSError: the key cannot be read or made.
    """
    if settings.staff_issuer is not None or settings.environment != "embedded":
        raise ValueError("staff tokens are issued by staff_issuer")
    now = datetime.now(UTC).replace(microsecond=0)
    ends = now + timedelta(hours=hours)
    claims = {
        "iss": OWN_ISSUER,
        "aud": settings.staff_audience,
        "sub": staff_id,
        "iat": now,
        "nbf": now,
        "exp": ends,
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, _own_key(settings), algorithm="EdDSA"), ends


def _own_key(settings: Settings) -> Ed25519PrivateKey:
    path = Home(settings.home).secrets / FILE
    if not path.exists():
        new = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        # whoever comes second finds the key of the first
        write_private(path, new, keep=True)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise OSError(f"{path} does not hold an Ed25519 key")
    return key
