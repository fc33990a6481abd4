"""Requests to addresses that somebody has typed in: checked where they lead before anything is sent.

A name is resolved once and connected to at the address that was checked, so that it cannot be another one by
then. No redirect is followed, and of an answer no more is read than was asked for.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from typing import Final

import httpx2

from activities.kernel.channels import DeferredError, RefusedError, WithheldError

TIME_LIMIT: Final = 10.0
"""Seconds for a request, from its name to the head of the answer."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Reach:
    """Where requests may go: to the whole internet by https, unless it says otherwise."""

    local: bool = False
    """Also to private addresses and, over http, to this machine: for servers that live on it."""
    hosts: tuple[str, ...] = ()
    """Patterns of names that may have a private address."""
    everybody: bool = True
    """False: to nobody but these hosts."""

    def lists(self, host: str) -> bool:
        """Whether a name is one of `hosts`."""
        return any(fnmatchcase(host.lower(), pattern.lower()) for pattern in self.hosts)


@dataclass(frozen=True)
class Answered:
    """What the other side has said; `after` is its Retry-After."""

    status: int
    after: timedelta | None = None
    body: bytes = b""


class Outgoing:
    """Sends requests within its reach; `context` replaces the certificate authorities of the system."""

    def __init__(
        self, reach: Reach, *, seconds: float = TIME_LIMIT, context: ssl.SSLContext | None = None
    ) -> None:
        self.reach = reach
        self._seconds = seconds
        self._context = context

    def check(self, url: str) -> httpx2.URL:
        """An address that may be asked at all, by its looks. Raises RefusedError `url-unsafe`."""
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL:
            raise RefusedError("url-unsafe") from None
        plain = parsed.scheme == "http" and self.reach.local and is_this_machine(parsed.host)
        if parsed.userinfo or not parsed.host or not (parsed.scheme == "https" or plain):
            raise RefusedError("url-unsafe")
        return parsed

    async def post(self, url: str, headers: Mapping[str, str], content: bytes, *, limit: int = 0) -> Answered:
        """Send once; of an answer that is a good one up to `limit` bytes are read.

        Raises:
            WithheldError: outside production, to a host that is not listed.
            RefusedError: it leads where no request may go, or the answer is longer.
            DeferredError: no connection, or no answer; it may have been taken.
        """
        target = self.check(url)
        if not (self.reach.everybody or self.reach.lists(target.host)):
            raise WithheldError("not-on-allow-list")
        if self._context is None:
            self._context = httpx2.create_ssl_context()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._to_one_of(await self._addresses(target), target, headers, content, limit)
        except httpx2.ConnectTimeout:
            raise DeferredError("connect-failed") from None
        except (TimeoutError, httpx2.TimeoutException, httpx2.RemoteProtocolError, httpx2.ReadError):
            raise DeferredError("no-answer") from None
        except httpx2.HTTPError as error:
            raise DeferredError(_cause(error)) from None

    async def _addresses(self, target: httpx2.URL) -> list[str]:
        loop = asyncio.get_running_loop()
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            found = await loop.getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise DeferredError("name-not-found") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if self.reach.local or self.reach.lists(target.host):
            return addresses
        if not (public := [each for each in addresses if is_public(each)]):
            raise RefusedError("address-not-allowed")
        return public

    async def _to_one_of(
        self,
        addresses: list[str],
        target: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes,
        limit: int,
    ) -> Answered:
        # no proxy of the environment: it would look the name up anew; no connection kept: the next request
        # to the address may be for another name
        limits = httpx2.Limits(max_keepalive_connections=0)
        async with httpx2.AsyncClient(
            # each part within half of the time, so that a connection is given up by who closes it
            verify=self._context or True,
            trust_env=False,
            timeout=self._seconds / 2,
            limits=limits,
        ) as client:
            *first, last = addresses
            for address in first:
                try:
                    return await self._ask(client, address, target, headers, content, limit)
                except (httpx2.ConnectError, httpx2.ConnectTimeout):
                    continue
            return await self._ask(client, last, target, headers, content, limit)

    async def _ask(
        self,
        client: httpx2.AsyncClient,
        address: str,
        target: httpx2.URL,
        headers: Mapping[str, str],
        content: bytes,
        limit: int,
    ) -> Answered:
        request = client.build_request(
            "POST",
            target.copy_with(host=address),
            content=content,
            headers={**headers, "Host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )
        answer = await client.send(request, stream=True)
        try:
            body = await _read(answer, limit) if limit and answer.is_success else b""
        finally:
            await answer.aclose()
        return Answered(answer.status_code, _after(answer.headers.get("Retry-After")), body)


async def _read(answer: httpx2.Response, limit: int) -> bytes:
    """The body as it came over the wire: what is packed would be larger than what was counted."""
    body = bytearray()
    async for part in answer.aiter_raw():
        body += part
        if len(body) > limit:
            raise RefusedError("answer-too-large")
    return bytes(body)


def is_this_machine(host: str) -> bool:
    """Whether a name is that of this machine, or a loopback address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an address is in the open internet, also by what it is wrapped in."""
    plain = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    return plain.is_global and not plain.is_multicast and not plain.is_reserved


def _unwrapped(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one stands for, if it does (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _after(text: str | None) -> timedelta | None:
    """Retry-After: seconds, or a date."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)


def _cause(error: BaseException) -> str:
    """Why there was no connection."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return "no-secure-connection"
        seen = seen.__cause__ or seen.__context__
    return "connect-failed"
