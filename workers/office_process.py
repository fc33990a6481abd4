"""The offices' pages as a process, and by what somebody signs in to them."""

import asyncio
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette

from activities.kernel.outgoing import is_this_machine
from embedded.logins import UnsafeFileError, private_text
from gateway.context import Gateway
from office.app import create_app
from office.context import Office, Provider
from workers.channels import code_sender
from workers.http_process import run_http
from workers.settings import Settings, SettingsError, office_url, ui_origin
from workers.temporal import all_keys

log = structlog.get_logger()


async def run_office(settings: Settings) -> int:
    """Serve until told to stop and return the exit code, 8 where the port is taken.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring or the client's secret cannot be used.
    """
    provider = await asyncio.to_thread(provider_of, settings)
    links = signs_in_by_links(settings)
    if provider is None and not links:
        log.warning("nobody-can-sign-in", setting="IEHE_OIDC_ISSUER")

    def app_of(gateway: Gateway) -> Starlette:
        url, ui = office_url(settings), ui_origin(settings)
        send_code = code_sender(settings, gateway.pool, all_keys(settings))
        office = Office(gateway, url, provider, links=links, temporal_ui=ui, send_code=send_code)
        return create_app(office)

    async def decide_for_many(app: Starlette) -> None:
        await app.state.bulk.run()

    return await run_http("office", settings, app_of, decide_for_many)


def provider_of(settings: Settings) -> Provider | None:
    """The identity provider that is set; None: there is none.

    Raises:
        SettingsError: the client has no id, or its secret cannot be read or is not ours alone.
    """
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None:
        raise SettingsError("IEHE_OIDC_CLIENT_ID: not set: as whom IEHE_OIDC_ISSUER knows the pages")
    secret = None
    if settings.oidc_client_secret_file is not None:
        try:
            secret = private_text(settings.oidc_client_secret_file)
        except OSError as error:
            raise SettingsError(f"IEHE_OIDC_CLIENT_SECRET_FILE: {error.strerror}") from None
        except UnsafeFileError as fault:
            raise SettingsError(f"IEHE_OIDC_CLIENT_SECRET_FILE: {fault}") from None
        if not secret:
            raise SettingsError("IEHE_OIDC_CLIENT_SECRET_FILE: it is empty")
    return Provider(settings.oidc_issuer, settings.oidc_client_id, secret)


def signs_in_by_links(settings: Settings) -> bool:
    """Whether one-time links sign in: on an embedded stack, on this machine, without an identity provider."""
    near = is_this_machine(settings.office_host) and is_this_machine(
        urlsplit(office_url(settings)).hostname or ""
    )
    elsewhere = settings.oidc_issuer is not None or settings.staff_issuer is not None
    return settings.environment == "embedded" and near and not elsewhere
