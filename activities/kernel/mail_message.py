"""A letter as it goes over the wire: addresses as an envelope may hold them, headers, text beside HTML."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Final

_DOT_ATOM: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOTTED: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LONGEST_LINE: Final = 998
"""Characters that a line may have (RFC 5322)."""
# Not EmailMessage: to parse what it writes takes four times as long as the rest of a letter. 7 bits always:
# whatever relay comes next, no body has to be rewritten on the way.
_WIRE: Final = compat32.clone(linesep="\r\n", cte_type="7bit", max_line_length=_LONGEST_LINE)


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
    message = MIMEMultipart(
        "alternative", _subparts=[_part(letter.text, "plain"), _part(letter.html, "html")]
    )
    message["From"] = formataddr(parseaddr(sender))
    message["To"] = mailbox(letter.address)
    message["Subject"] = Header(" ".join(letter.subject.split()), header_name="Subject").encode()
    message["Date"] = format_datetime(letter.date)
    message["Message-ID"] = message_id(letter.notice_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = letter.language
    return message.as_bytes(policy=_WIRE)


def _part(text: str, subtype: str) -> MIMEText:
    short = all(len(line) <= _LONGEST_LINE for line in text.splitlines())
    return MIMEText(text, subtype, "us-ascii" if text.isascii() and short else "utf-8")
