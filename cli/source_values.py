"""What is typed to register a source, checked: its name, its URI, its types, and how it shows who it is."""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal

from cli.session import CommandError

if TYPE_CHECKING:
    from workers.settings import Settings

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""It stands in URLs, in key ids and in logs."""
_VISIBLE: Final = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True, repr=False)
class NewKey:
    """A key for a source; `secret` is there to be shown once."""

    key_id: str
    kind: Literal["v1", "v1a"]
    sealed: bytes | None
    public: bytes | None
    secret: str | None


def check_name(name: str) -> None:
    """Refuse a name that would not stand in a URL as it is."""
    if not NAME.fullmatch(name):
        raise CommandError("name-malformed")


def check_uri(uri: str) -> None:
    """Refuse a URI that no event could have as its source, or that is our own."""
    from gateway.sources import URI
    from schemas.kernel.identifiers import OWN_SOURCE

    if not URI.fullmatch(uri) or uri == OWN_SOURCE:
        raise CommandError("uri-malformed")


def matching_types(patterns: list[str]) -> list[str]:
    """The types that other systems may send and that the patterns name; each has to name one."""
    from cases.registry import PROCESSES
    from schemas.kernel.identifiers import event_type

    known = [
        event_type(process, fact)
        for process, rules in PROCESSES.items()
        for fact, kind in rules.events.items()
        if not kind.between_cases
    ]
    if not all(any(fnmatchcase(each, pattern) for each in known) for pattern in patterns):
        listed = ", ".join(known)
        raise CommandError("no-such-type", {"known": known}, listed=listed)
    return [each for each in known if any(fnmatchcase(each, pattern) for pattern in patterns)]


def check_readable(wanted: list[str]) -> list[str]:
    """What a system is to be allowed to read, each thing once; there has to be a door for it."""
    from gateway.rooms import READS

    if not READS.issuperset(wanted):
        listed = ", ".join(sorted(READS))
        raise CommandError("not-readable", {"known": sorted(READS)}, listed=listed)
    return sorted(set(wanted))


def check_way(
    webhook: str | None, public_key: str | None, token: tuple[str | None, ...]
) -> tuple[str, str, str, str] | None:
    """Whose tokens it sends (issuer, audience, subject, jwks_url); None when it signs instead."""
    given = [each for each in token if each is not None]
    signs = webhook == "v1" or (webhook == "v1a" and public_key is not None)
    if webhook is not None and signs and not given and (webhook == "v1a" or public_key is None):
        return None
    if webhook is not None or public_key is not None or len(given) != len(token):
        raise CommandError("key-unclear")
    issuer, audience, subject, jwks_url = given
    _check_token(issuer, audience, subject, jwks_url)
    return issuer, audience, subject, jwks_url


def _check_token(issuer: str, audience: str, subject: str, jwks_url: str) -> None:
    from gateway.tokens import may_fetch

    options = {"issuer": issuer, "audience": audience, "subject": subject, "jwks-url": jwks_url}
    for option, value in options.items():
        if not _VISIBLE.fullmatch(value):
            raise CommandError("token-malformed", {"option": option}, option=option)
    if not may_fetch(jwks_url):
        raise CommandError("jwks-url-unsafe")


def new_key(settings: Settings, source: str, public_key: str | None) -> NewKey:
    """A public key as it was given, or a new shared secret, sealed."""
    key_id = f"{source}-{secrets.token_hex(4)}"
    if public_key is not None:
        return NewKey(key_id, "v1a", None, _public(public_key), None)
    from encryption.ring import KeyRingError
    from encryption.source_secrets import seal
    from encryption.webhook_secrets import written
    from workers.temporal import key_ring

    secret = secrets.token_bytes(32)
    try:
        sealed = seal(key_ring(settings), key_id, source, secret)
    except KeyRingError as error:
        raise CommandError("secret-unsealed", error=error) from None
    return NewKey(key_id, "v1", sealed, None, written(secret))


def _public(text: str) -> bytes:
    from encryption.signatures import SignatureFault, decode_key

    with contextlib.suppress(SignatureFault):
        if text.startswith("whpk_"):
            return decode_key(text, "whpk_")
    raise CommandError("public-key-malformed")
