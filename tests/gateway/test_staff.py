"""Whose requests they are: the token says who, the database says in which roles."""

import stat
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.gateway.office import desk, settings_for  # noqa: F401
from tests.workflows.conftest import pool, vacant  # noqa: F401
from workers.staff_tokens import OWN_ISSUER, issue_token, staff_tokens

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_without_token(vacant, desk) -> None:
    """Nobody without a token gets anything, and is told which kind is asked for."""
    for path in ("/cases", "/tasks", "/cases/admission/A2027-000001"):
        answer = await desk.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_that_is_given_twice_is_not_given(vacant, desk) -> None:
    """Whoever stands before us might have looked at the other one."""
    shown = ("Authorization", f"Bearer {issue_token(desk.settings, 'office-1', 1)[0]}")
    answer = await desk.http.get("/cases", headers=[shown, ("Authorization", "Bearer x")])
    assert (answer.status_code, answer.json()["code"]) == (401, "token-missing")


@pytest.mark.parametrize("change", ["key", "audience", "issuer", "age"])
async def test_unbelievable_token(vacant, desk, change) -> None:
    """Another key, audience or issuer, or a time that is over, is no token."""
    now = datetime.now(UTC)
    claims = {
        "iss": OWN_ISSUER,
        "aud": "iehe",
        "sub": "office-1",
        "iat": now,
        "exp": now + timedelta(hours=1),
    }
    if change == "key":
        token = jwt.encode(claims, Ed25519PrivateKey.generate(), algorithm="EdDSA")
    elif change == "age":
        token = issue_token(desk.settings, "office-1", -1)[0]
    else:
        other = desk.settings.model_copy(update={"staff_audience": "other"})
        token = issue_token(other, "office-1", 1)[0]
    answer = await desk.http.get("/cases", headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")


async def test_who_is_not_active(vacant, desk) -> None:
    """A token of somebody who has left, or never was, opens nothing."""
    await vacant.pool.execute("UPDATE iehe.staff SET active = false WHERE staff_id = 'office-1'")

    for staff_id in ("office-1", "nobody-1"):
        answer = await desk.get("/cases", by=staff_id)
        assert (answer.status_code, answer.json()["code"]) == (403, "actor-unknown")


async def test_roles_are_those_on_record_now(vacant, desk) -> None:
    """A role that was taken away counts for nothing although the token is older."""
    await vacant.pool.execute("UPDATE iehe.staff SET roles = '{checker}' WHERE staff_id = 'office-1'")

    answer = await desk.post("/cases", {"process": "admission-review"})

    assert (answer.status_code, answer.json()["code"]) == (403, "role-missing")


def test_key_is_made_once_and_private(tmp_path) -> None:
    """The embedded stack's key is one file that only its account reads."""
    settings = settings_for(tmp_path)

    first, again = staff_tokens(settings), staff_tokens(settings)

    assert first == again
    (file,) = (tmp_path / "secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_own_tokens_beside_an_identity_provider(tmp_path) -> None:
    """Where an issuer is set, its keys count and none are issued here."""
    settings = settings_for(tmp_path).model_copy(
        update={
            "staff_issuer": "https://idp.example.ac.jp",
            "staff_jwks_url": "https://idp.example.ac.jp/keys",
        }
    )

    trusted = staff_tokens(settings)

    assert trusted is not None
    assert (trusted.jwks_url, trusted.public_key) == ("https://idp.example.ac.jp/keys", None)
    with pytest.raises(ValueError, match="staff_issuer"):
        issue_token(settings, "office-1", 1)
