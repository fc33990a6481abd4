"""A mail server for tests: the real protocol on a loopback port, with the faults that servers have."""

import asyncio
import email
import email.policy
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class PostOffice:
    """What the server has taken on, and how it is to answer the next commands."""

    port: int = 0
    accepted: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    connections: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    """Answer to MAIL, RCPT or DATA instead of 250; per recipient by `RCPT <address>`."""
    hang_up_on: set[str] = field(default_factory=set)
    silent_on: set[str] = field(default_factory=set)

    async def _answer(self, server: SMTP, verb: str) -> str:
        if verb in self.hang_up_on:
            server.transport.abort()
        if verb in self.silent_on:
            await asyncio.Event().wait()
        return self.answers.get(verb, "250 OK")

    async def handle_MAIL(  # noqa: N802 - the names are aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, "MAIL")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.get(f"RCPT {address}") or await self._answer(server, "RCPT")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return await self._answer(server, "RSET")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get("DATA", "250 OK")
        if answer.startswith("250"):
            self.accepted.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.recipients += envelope.rcpt_tos
            self.encrypted.append(session.ssl is not None)
        return await self._answer(server, "DATA")


@asynccontextmanager
async def open_post_office(
    *, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> AsyncIterator[PostOffice]:
    """Serve on a free loopback port; with `tls` it offers STARTTLS, with `login` it asks for one."""
    office = PostOffice()
    servers: list[SMTP] = []

    def check(_server, _session, _envelope, _mechanism, given) -> AuthResult:
        right = login is not None and (given.login, given.password) == tuple(part.encode() for part in login)
        return AuthResult(success=right, handled=False)

    def serve() -> SMTP:
        office.connections += 1
        servers.append(
            SMTP(
                office,
                hostname="localhost",
                tls_context=tls,
                authenticator=check,
                auth_required=login is not None,
                auth_require_tls=tls is not None,
                auth_exclude_mechanism=["LOGIN"],
            )
        )
        return servers[-1]

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for each in servers:
            if each.transport is not None:
                each.transport.abort()
        await server.wait_closed()
        tasks = [each._handler_coroutine for each in servers if each._handler_coroutine is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for localhost and the context of a server that shows it."""

    path: Path
    server: ssl.SSLContext


def make_certificate(folder: Path) -> Certificate:
    """Made with the `openssl` command."""
    path, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(  # noqa: S603
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(path)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path, key)
    return Certificate(path, context)
