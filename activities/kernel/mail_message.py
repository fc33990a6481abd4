"""A letter as it goes over the wire: addresses as an envelope may hold them, headers, text beside HTML."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from typing import Final

_DOT_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOTTED: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
# 7 bits always: whatever relay comes next, no body has to be rewritten on the way
_WIRE: Final = SMTP.clone(cte_type="7bit")


class BadAddressError(ValueError):
    """No mail can be addressed so. The address itself is not repeated."""


@dataclass(frozen=True)
class Letter:
    """One message to one reader; `date` is the moment it is sent (aware)."""

    notice_id: str
    address: str
    language: str
    subject: str
    text: str
    html: str
    date: datetime


def mailbox(address: str) -> str:
    """The address as it may stand in an envelope: a domain in ASCII, quotes where they are needed.

    Older addresses of Japanese mobile carriers (`a..b@`, `a.@`) are valid only with quotes.
    Raises BadAddressError.
    """
    local, _, domain = address.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise BadAddressError("bad-address") from None
    if len(local) > 64 or not _DOTTED.fullmatch(local) or not _DOMAIN.fullmatch(domain):  # noqa: PLR2004 - RFC 5321
        raise BadAddressError("bad-address")
    return f"{local}@{domain}" if _DOT_ATOM.fullmatch(local) else f'"{local}"@{domain}'


def sender_mailbox(sender: str) -> str:
    """The address of `Name <address>` for the envelope. Raises BadAddressError."""
    return mailbox(parseaddr(sender)[1])


def message_id(notice_id: str, sender: str) -> str:
    """The same for each attempt at one notice, so that receivers can tell a repetition."""
    token = notice_id if _DOT_ATOM.fullmatch(notice_id) else hashlib.sha256(notice_id.encode()).hexdigest()
    return f"<{token}@{sender_mailbox(sender).rpartition('@')[2]}>"


def compose(letter: Letter, sender: str) -> bytes:
    """Headers, plain text and HTML. Raises BadAddressError."""
    message = EmailMessage(policy=_WIRE)
    message["From"] = sender
    message["To"] = mailbox(letter.address)
    message["Subject"] = letter.subject
    message["Date"] = letter.date
    message["Message-ID"] = message_id(letter.notice_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    # last: making two parts would move it into the first of them
    message["Content-Language"] = letter.language
    return message.as_bytes()
