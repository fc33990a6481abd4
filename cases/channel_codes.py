"""How a code that tests a channel leaves: in a letter, or as a signed message to a gateway."""

import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from activities.kernel.channels import WithheldError
from activities.kernel.mail_message import Letter
from activities.kernel.mailer import Mailer
from activities.kernel.message_templates import as_html
from activities.kernel.webhooks import Webhooks, envelope
from cases.staff_channels import CODE_MINUTES
from schemas.kernel.identifiers import MAIL

CODE_TYPE: Final = "jp.ac.iehe.channel-test"


@dataclass(frozen=True)
class CodeSender:
    """Sends codes at once, as `cases.staff_channels.SendCode` does."""

    mailer: Mailer
    webhooks: Webhooks

    async def __call__(self, to: Mapping[str, Any], code: str) -> None:
        """Send a code by the channel of a row. Raises NotDeliveredError."""
        await (self._mail(to, code) if to["channel"] == MAIL else self._post(to, code))

    async def _post(self, to: Mapping[str, Any], code: str) -> None:
        now = datetime.now(UTC)
        body = envelope(CODE_TYPE, now, {"address": to["address"], "code": code})
        prepared = await self.webhooks.prepare(to["name"], to["url"], _message_id(), now, body)
        await prepared.hand_over()

    async def _mail(self, to: Mapping[str, Any], code: str) -> None:
        if not self.mailer.allows(to["address"]):
            raise WithheldError("not-on-allow-list")
        language = to["language"]
        subject, text = _words()["subject"][language], _words()["text"][language]
        text = text.format(code=code, minutes=CODE_MINUTES)
        html = as_html(subject, text, language)
        letter = Letter(_message_id(), to["address"], language, subject, text, html, datetime.now(UTC))
        composed = self.mailer.compose(letter)
        async with self.mailer.session() as smtp:
            await smtp.prepare(to["address"])
            await smtp.hand_over(composed)


def _message_id() -> str:
    return f"test-{secrets.token_hex(8)}"


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("channel_codes.toml").read_text(encoding="utf-8"))
