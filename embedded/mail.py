"""The mail catcher: takes every mail on a loopback port, keeps it in a Maildir, sends none."""

import asyncio
import mailbox
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from embedded.faults import PortsTaken

_SIZE_LIMIT = 25_000_000  # bytes, as large mail services have it
_KEY = re.compile(r"(\d+)\.M(\d{1,6})P\d+Q(\d+)\.")
_SENDER = "X-Envelope-From"
_RECIPIENT = "X-Envelope-To"


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail as it arrived; `recipients` are those of the envelope, so blind copies show."""

    key: str
    received: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain text part, or nothing."""
        part = self.message.get_body(preferencelist=("plain",))
        return str(part.get_content()) if isinstance(part, EmailMessage) else ""


class MailCatcher:
    """An SMTP server on 127.0.0.1 within this process's event loop, without login and without TLS."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Make the Maildir (mode 0700) if there is none, and listen.

        Raises:
            PortsTaken: something else listens on the port.
        """
        mailbox.Maildir(self.folder, create=True).close()
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: SMTP(
                    self, hostname="localhost", data_size_limit=_SIZE_LIMIT, enable_SMTPUTF8=True, loop=loop
                ),
                *("127.0.0.1", self.port),
            )
        except OSError:
            raise PortsTaken([("IEHE_SMTP_PORT", self.port, "taken by another program")]) from None

    async def stop(self) -> None:
        """Stop listening; safe to call again."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail; the name is aiosmtpd's."""
        key = await asyncio.to_thread(self._keep, envelope)
        return f"250 2.0.0 kept as {key}"

    def _keep(self, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        head = f"{_SENDER}: {envelope.mail_from}\r\n"
        head += "".join(f"{_RECIPIENT}: {recipient}\r\n" for recipient in envelope.rcpt_tos)
        box = mailbox.Maildir(self.folder, create=False)
        try:
            return box.add(head.encode() + content)
        finally:
            box.close()


def caught_mails(folder: Path) -> Sequence[CaughtMail]:
    """Return every mail of the catcher's folder, oldest first; none where there is no folder yet."""
    if not (folder / "new").is_dir():
        return []
    box = mailbox.Maildir(folder, create=False)
    try:
        mails = [_parse(box, key) for key in box.keys()]  # noqa: SIM118 - iterating a mailbox gives messages
    finally:
        box.close()
    return sorted(mails, key=lambda mail: (mail.received, _parts(mail.key)))


def _parts(key: str) -> tuple[int, int, int]:
    """When a mail came, in seconds and microseconds, and as which of its process: numbers without zeros."""
    found = _KEY.match(key)
    if found is None:
        raise ValueError(key)
    seconds, microseconds, number = map(int, found.groups())
    return seconds, microseconds, number


def _parse(box: mailbox.Maildir, key: str) -> CaughtMail:
    message = BytesParser(policy=policy.default).parsebytes(box.get_bytes(key))
    if not isinstance(message, EmailMessage):
        raise TypeError(key)
    seconds, microseconds, _ = _parts(key)
    received = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    recipients = tuple(str(value) for value in message.get_all(_RECIPIENT, []))
    return CaughtMail(
        key, received, str(message[_SENDER]), recipients, str(message["Subject"] or ""), message
    )
