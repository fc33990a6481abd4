"""The SMTP port: hands a letter to the mail server and says what became of it, or that nobody knows.

The envelope (sender, recipient) is agreed before the caller records that it is sending; only the
transfer of the text itself lies in the gap in which a crash leaves the outcome unknown.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final, Literal

import aiosmtplib

from activities.kernel.channels import DeferredError, RefusedError, UnansweredError
from activities.kernel.mail_message import (
    BadAddressError,
    Letter,
    compose,
    mailbox,
    message_id,
    sender_mailbox,
)

_OK: Final = (250, 251)
_PERMANENT: Final = range(500, 600)
# RFC 4954: the server wants a login or encryption that we did not offer
_SETTINGS_AT_FAULT: Final = (530, 534, 535, 538)
_GOODBYE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class SmtpSettings:
    """Where mail goes out. `sender` may carry a name: `University <noreply@example.ac.jp>`.

    `senders`, by room, are those of processes that have one of their own.
    `allow` are patterns such as `*@example.ac.jp`, heeded outside production only; None is everybody.
    `ca_file` (PEM) replaces the system's certificate authorities. Raises ValueError for a bad sender.
    """

    host: str
    port: int
    sender: str
    tls: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = 30.0
    allow: tuple[str, ...] | None = None
    production: bool = False
    ca_file: str | None = None
    senders: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A sender that no server takes would turn every notice dead: refused at the start instead."""
        for sender in (self.sender, *self.senders.values()):
            sender_mailbox(sender)


class MailSession:
    """A connection that is made when first needed, and again when the server has ended it."""

    def __init__(self, smtp: aiosmtplib.SMTP, sender: str) -> None:
        self._smtp = smtp
        self._sender = sender
        self._down: str | None = None

    async def prepare(self, address: str) -> None:
        """Agree on sender and recipient. Raises DeferredError or RefusedError."""
        if self._down is not None:
            # a server that cannot be reached is not waited for once per letter
            raise DeferredError(self._down)
        try:
            recipient = mailbox(address)
        except BadAddressError:
            raise RefusedError("bad-address") from None
        try:
            if self._smtp.is_connected:
                # a server that hung up since the last letter is simply called again
                with suppress(aiosmtplib.SMTPException, OSError):
                    await self._smtp.rset()
            if not self._smtp.is_connected:
                await self._connect()
            if self._smtp.is_ehlo_or_helo_needed:
                await self._smtp.ehlo()
            await self._say(b"MAIL", f"FROM:<{self._sender}>", "sender")
            await self._say(b"RCPT", f"TO:<{recipient}>", "recipient")
        except (aiosmtplib.SMTPException, OSError):
            raise DeferredError("connection-lost") from None

    async def hand_over(self, letter: bytes) -> None:
        """Transfer the text to the recipient prepared for; returns when the server has taken it on.

        Raises DeferredError, RefusedError, or UnansweredError when no answer came.
        """
        if not self._smtp.is_connected:
            # ended since the envelope was agreed: not a word of the letter has left
            raise DeferredError("connection-lost")
        try:
            await self._smtp.data(letter)
        except aiosmtplib.SMTPDataError as answer:
            if answer.code in _PERMANENT:
                raise RefusedError("message-refused") from None
            raise DeferredError("message-deferred") from None
        except (aiosmtplib.SMTPException, OSError):
            raise UnansweredError("no-answer") from None

    async def _connect(self) -> None:
        try:
            await self._smtp.connect()
        except aiosmtplib.SMTPAuthenticationError:
            self._down = "login-refused"
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected, TimeoutError):
            self._down = "connect-failed"
        except (aiosmtplib.SMTPException, OSError):
            # No STARTTLS, no AUTH, a certificate that does not fit: the settings or the server are at
            # fault and not the letter, so it waits until they are mended.
            self._down = "no-secure-connection"
        if self._down is not None:
            raise DeferredError(self._down)

    async def _say(self, verb: bytes, argument: str, subject: str) -> None:
        code, _ = await self._smtp.execute_command(verb, argument.encode("ascii"))
        if code in _OK:
            return
        if code in _SETTINGS_AT_FAULT:
            raise DeferredError("login-refused")
        if code in _PERMANENT:
            raise RefusedError(f"{subject}-refused")
        raise DeferredError(f"{subject}-deferred")


class Mailer:
    """Opens sessions, composes letters and knows who may be written to, by one set of settings."""

    def __init__(self, settings: SmtpSettings, room: str | None = None) -> None:
        self._settings = settings
        self._sender = settings.senders.get(room or "", settings.sender)

    def of_case(self, case_id: str) -> "Mailer":
        """The same, with the sender of the case's process."""
        return Mailer(self._settings, case_id.partition("/")[0])

    def allows(self, address: str) -> bool:
        """Whether mail may go there at all: outside production only to the allow-list."""
        if self._settings.production or self._settings.allow is None:
            return True
        wanted = address.strip().lower()
        return any(fnmatchcase(wanted, pattern.lower()) for pattern in self._settings.allow)

    def message_id(self, notice_id: str) -> str:
        """The Message-ID header of this notice."""
        return message_id(notice_id, self._sender)

    def compose(self, letter: Letter) -> bytes:
        """The letter as it goes over the wire. Raises RefusedError `bad-address`."""
        try:
            return compose(letter, self._sender)
        except BadAddressError:
            raise RefusedError("bad-address") from None

    @asynccontextmanager
    async def session(self) -> AsyncIterator[MailSession]:
        """A session for the letters of one delivery; nothing is connected before the first."""
        to = self._settings
        smtp = aiosmtplib.SMTP(
            hostname=to.host,
            port=to.port,
            username=to.username,
            password=to.password,
            timeout=to.timeout_seconds,
            use_tls=to.tls == "tls",
            start_tls=to.tls == "starttls",
            cert_bundle=to.ca_file,
        )
        try:
            yield MailSession(smtp, sender_mailbox(self._sender))
        finally:
            if smtp.is_connected:
                with suppress(aiosmtplib.SMTPException, OSError):
                    await smtp.quit(timeout=_GOODBYE_SECONDS)
            smtp.close()
