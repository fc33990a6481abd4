"""What the gateway's endpoints stand on, handed in by whoever starts it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import asyncpg
from starlette.requests import Request
from temporalio.client import Client

from activities.kernel.document_store import DocumentStore, StoreAway
from cases.homes import home_of
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
        client: Temporal, in the namespace of the common home; connected lazily, so that the door opens while
            Temporal is away.
        ring: keys of payloads and of the sources' shared secrets, of every home.
        staff: whose staff tokens are believed; None: nobody's.
        url: how others reach the gateway, without a slash at its end.
        ui_origin: the only origin whose browsers may ask the codec server.
        inbox_pool: connections that only the inbox uses, so that staff cannot use them up; None: `pool`.
        elsewhere: the same as `client` for each other home, by its name.
        documents: the store of documents; None: there is none, and whoever asks for it hears that it is away.
    """

    pool: asyncpg.Pool
    client: Client
    ring: KeyRing
    staff: StaffTokens | None
    url: str
    ui_origin: str
    inbox_pool: asyncpg.Pool | None = None
    elsewhere: Mapping[str, Client] = field(default_factory=dict)
    documents: DocumentStore | None = None

    @property
    def vault(self) -> CaseKeys:
        """The keys of cases."""
        return CaseKeys(self.ring)

    @property
    def store(self) -> DocumentStore:
        """The store of documents.

        Raises:
            StoreAway: there is none.
        """
        if self.documents is None:
            raise StoreAway
        return self.documents

    @property
    def namespaces(self) -> frozenset[str]:
        """The namespaces whose payloads the codec server reads."""
        return frozenset(client.namespace for client in (self.client, *self.elsewhere.values()))

    def client_of(self, case_id: str) -> Client:
        """The client of the home of a case."""
        return self.elsewhere.get(home_of(case_id).name, self.client)

    def connected_to(self, case_id: str) -> Callable[[], Awaitable[Client]]:
        """The same, for who connects when it comes to that."""

        async def connected() -> Client:
            return self.client_of(case_id)

        return connected


def gateway_of(request: Request) -> Gateway:
    """The gateway that a request came to."""
    gateway: Gateway = request.app.state.gateway
    return gateway
