"""What the gateway's endpoints stand on, handed in by whoever starts it."""

from dataclasses import dataclass
from typing import Final

import asyncpg
from starlette.requests import Request
from temporalio.client import Client

from encryption.case_keys import CaseKeys
from encryption.ring import KeyRing

FORM_POLICY: Final = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of a page with a form."""


@dataclass(frozen=True)
class StaffTokens:
    """Whose tokens staff systems show.

    `public_key` (PEM) is set where this installation issues its tokens itself; otherwise the keys are
    fetched from `jwks_url`.
    """

    issuer: str
    audience: str
    claim: str = "sub"
    jwks_url: str | None = None
    public_key: bytes | None = None


@dataclass(frozen=True)
class Gateway:
    """The running gateway.

    Args:
        pool: connections of the office role.
        client: Temporal; connected lazily, so that the door opens while Temporal is away.
        ring: keys of payloads and of the sources' shared secrets.
        staff: whose staff tokens are believed; None: nobody's.
        url: how others reach the gateway, without a slash at its end.
        ui_origin: the only origin whose browsers may ask the codec server.
        namespace: Temporal namespace whose payloads the codec server reads.
        inbox_pool: connections that only the inbox uses, so that staff cannot use them up; None: `pool`.
    """

    pool: asyncpg.Pool
    client: Client
    ring: KeyRing
    staff: StaffTokens | None
    url: str
    ui_origin: str
    namespace: str = "default"
    inbox_pool: asyncpg.Pool | None = None

    @property
    def vault(self) -> CaseKeys:
        """The keys of cases."""
        return CaseKeys(self.ring)

    async def connected(self) -> Client:
        """The client, for who connects when it comes to that."""
        return self.client


def gateway_of(request: Request) -> Gateway:
    """The gateway that a request came to."""
    gateway: Gateway = request.app.state.gateway
    return gateway
