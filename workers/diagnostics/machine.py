"""What can be seen without any server: what runs here, versions, disk, time zone, the way out for mail."""

import asyncio
import platform
import shutil
from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx2

from embedded.home import Home
from embedded.lock import holder_of
from embedded.mail import caught_mails
from workers.diagnostics.findings import Finding, ok, problem, warn
from workers.settings import Settings, gateway_url, office_url

DISK_WARN: Final = 2_000_000_000
DISK_PROBLEM: Final = 300_000_000
_GIGABYTE: Final = 1_000_000_000
_MAIL_SECONDS: Final = 3.0
_DOOR_SECONDS: Final = 5.0
_JAPAN: Final = timezone(timedelta(hours=9))


def stack(settings: Settings) -> Finding:
    """Who runs the embedded stack, since when."""
    if settings.database_url is not None and not settings.temporal_embedded:
        return ok("stack", f"servers elsewhere, as set ({settings.environment})")
    home = Home(settings.home)
    try:
        holder = holder_of(home)
    except OSError as error:
        return problem("stack", f"{home.root}: {error.strerror}", "use the account that runs the stack")
    if holder is None:
        return problem("stack", f"not running on {home.root}", "start it: make run (iehe up)")
    # The lock is written once, when its holder starts.
    since = datetime.fromtimestamp(home.lock.stat().st_mtime, UTC)
    shown = f"{since.astimezone(_JAPAN):%Y-%m-%d %H:%M}"
    return ok("stack", f"pid {holder.pid}, since {shown}, UI {holder.ui_url}", pid=holder.pid, since=since)


def versions() -> Finding:
    """The versions of this program and what it is built on."""
    facts = {
        "iehe": version("iehe"),
        "python": platform.python_version(),
        **{name: version(name) for name in ("temporalio", "asyncpg", "pydantic", "holidays", "tzdata")},
    }
    return ok("versions", ", ".join(f"{name} {number}" for name, number in facts.items()), **facts)


def disk(settings: Settings) -> Finding:
    """Room left where the home is, or will be."""
    place = next(folder for folder in (settings.home, *settings.home.parents) if _reachable(folder))
    free = shutil.disk_usage(place).free
    text = f"{free / _GIGABYTE:.1f} GB free at {place}"
    if free >= DISK_WARN:
        return ok("disk", text, free_bytes=free)
    todo = "make room, or move the home (IEHE_HOME): PostgreSQL stops when the disk is full"
    return (problem if free < DISK_PROBLEM else warn)("disk", text, todo, free_bytes=free)


def _reachable(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:
        return False


def time_zone() -> Finding:
    """Whether the zone in which all deadlines are counted is known, and right."""
    try:
        offset = datetime.now(ZoneInfo("Asia/Tokyo")).utcoffset()
    except ZoneInfoNotFoundError:
        offset = None
    if offset != timedelta(hours=9):
        return problem("time zone", "Asia/Tokyo is unknown or wrong here", "install again: make install")
    return ok("time zone", f"Asia/Tokyo, data {version('tzdata')}")


async def doors(settings: Settings) -> list[Finding]:
    """Whether the gateway and the offices' pages answer, where they are here or it is said where."""
    here = settings.database_url is None or settings.temporal_embedded
    asked = {
        "gateway": gateway_url(settings) if here or settings.gateway_url else None,
        "office": office_url(settings) if here or settings.office_url else None,
    }
    return list(await asyncio.gather(*(_door(name, url) for name, url in asked.items() if url is not None)))


async def _door(name: str, url: str) -> Finding:
    todo = f"start it: make run (iehe {name})"
    try:
        async with httpx2.AsyncClient(timeout=_DOOR_SECONDS, trust_env=False) as http:
            answer = await http.get(f"{url}/readyz")
    except (httpx2.HTTPError, OSError):
        return problem(name, f"{url} does not answer", todo)
    if answer.status_code != HTTPStatus.OK:
        return problem(name, f"{url} is not ready ({answer.status_code})", f"see logs/{name}.log in the home")
    return ok(name, f"{url} answers")


async def mail(settings: Settings) -> Finding:
    """Whether the mail server answers, and who gets mail."""
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        async with asyncio.timeout(_MAIL_SECONDS):
            _, writer = await asyncio.open_connection(settings.smtp_host, settings.smtp_port)
        writer.close()
    except OSError:  # a timeout too
        todo = "start it: make run" if settings.smtp_embedded else "check IEHE_SMTP_HOST and IEHE_SMTP_PORT"
        return problem("mail", f"{where} does not answer; notices wait", todo)
    if settings.smtp_embedded:
        caught = len(caught_mails(Home(settings.home).mail))
        return ok("mail", f"caught at {where}, {caught} so far (iehe mail list)", caught=caught)
    if settings.environment != "production" and not settings.mail_allow:
        return warn("mail", "no address may get mail here", "set IEHE_MAIL_ALLOW")
    return ok("mail", f"{where} answers, {settings.smtp_tls}")
