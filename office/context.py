"""What the office's pages stand on, handed in by whoever starts them."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from cases.staff_channels import SendCode
from gateway.context import Gateway

LANGUAGES: Final = ("ja", "en")


@dataclass(frozen=True)
class Provider:
    """The OpenID provider that says who somebody is.

    `client_secret` None: a public client, which PKCE alone protects.
    """

    issuer: str
    client_id: str
    client_secret: str | None = None


@dataclass(frozen=True)
class Office:
    """The running pages.

    Args:
        gateway: connections, Temporal, keys and documents, as the gateway has them.
        url: how others reach the pages, without a slash at its end.
        provider: who says who somebody is; None: one-time links alone (`links`).
        links: whether one-time links of the command line sign somebody in: on an embedded stack only.
        temporal_ui: where the Temporal UI is, for who may go there.
        send_code: sends a code that tests a channel; None: nothing leaves from here, and who asks hears so.
    """

    gateway: Gateway
    url: str
    provider: Provider | None
    links: bool
    temporal_ui: str
    send_code: SendCode | None = None


def office_of(request: Request) -> Office:
    """The pages that a request came to."""
    office: Office = request.app.state.office
    return office
