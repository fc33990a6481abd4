"""The channels by which notices leave, as the settings say."""

from collections.abc import Callable, Mapping
from functools import partial

import asyncpg

from activities.kernel.channels import Channel
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.outgoing import Outgoing, Reach
from activities.kernel.webhooks import WebhookChannel, Webhooks
from cases.channel_codes import CodeSender
from cases.registry import ROOMS
from encryption.case_keys import CaseKeys, opened
from encryption.ring import KeyRing
from encryption.webhook_secrets import Signer
from schemas.kernel.identifiers import MAIL, WEBHOOK
from workers.settings import Settings


def mailer_of(settings: Settings) -> Mailer:
    """The mailer; outside production only addresses on the allow-list get mail."""
    everybody = settings.environment == "production" or settings.smtp_embedded
    password = settings.smtp_password
    return Mailer(
        SmtpSettings(
            host=settings.smtp_host,
            port=settings.smtp_port,
            tls=settings.smtp_tls,
            username=settings.smtp_username,
            password=password.get_secret_value() if password else None,
            sender=settings.mail_from,
            senders=settings.senders,
            allow=None if everybody else settings.mail_allow,
        )
    )


def webhooks_of(settings: Settings, pool: asyncpg.Pool, ring: KeyRing) -> Webhooks:
    """Signed webhooks; in staging only to hosts on the allow-list, outside embedded to no private address."""
    reach = Reach(
        local=settings.environment == "embedded",
        hosts=settings.webhook_allow,
        everybody=settings.environment != "staging",
    )
    return Webhooks(pool, Outgoing(reach), Signer(ring))


def code_sender(settings: Settings, pool: asyncpg.Pool, ring: KeyRing) -> CodeSender:
    """By what the channels of members of staff are tested."""
    return CodeSender(mailer_of(settings), webhooks_of(settings, pool, ring))


def channels_of(
    settings: Settings, pool: asyncpg.Pool, ring: KeyRing, link: Callable[[str], str] | None = None
) -> Mapping[str, Channel]:
    """Every kind of channel by its name; `link` makes the address at which a letter is answered."""
    return {
        MAIL: MailChannel(ROOMS, mailer_of(settings), link, partial(opened, CaseKeys(ring))),
        WEBHOOK: WebhookChannel(ROOMS, webhooks_of(settings, pool, ring)),
    }
