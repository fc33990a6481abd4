"""`iehe token`: for staff on record, believed by the gateway, and only where no identity provider is set."""

import jwt

from tests.cli.command_line import environment, iehe  # noqa: F401
from tests.gateway.office import settings_for
from tests.workflows.conftest import pool, vacant  # noqa: F401
from workers.staff_tokens import staff_tokens

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_token_of_a_member_of_staff(vacant, iehe, tmp_path, monkeypatch) -> None:
    """The token names the person and holds under the key that the gateway is given; strangers get none."""
    settings = settings_for(tmp_path)
    told = await iehe.ok("token", "--hours", "2", by="office-1")
    trusted = staff_tokens(settings)

    assert trusted is not None
    claims = jwt.decode(
        told["token"], trusted.public_key, ["EdDSA"], audience=trusted.audience, issuer=trusted.issuer
    )
    assert (claims["sub"], claims["exp"] - claims["iat"]) == ("office-1", 7200)
    assert (await iehe.refused("token", by="nobody-1"))[1] == "actor-unknown"
    assert (await iehe.refused("token", "--as", "head-1"))[1] == "actor-not-proven"

    monkeypatch.setenv("IEHE_STAFF_ISSUER", "https://idp.example.ac.jp")
    assert (await iehe.refused("token", by="office-1"))[1] == "tokens-from-elsewhere"
