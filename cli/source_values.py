"""What is typed to register a source, checked: its name, its URI, its types, and how it shows who it is."""

from __future__ import annotations

import base64
import contextlib
import re
import secrets
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, Literal

from cli.session import CommandError, Exit
from cli.typed import usage

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
        raise usage(
            "name-malformed",
            "NAME: write 1 to 40 small letters, digits and hyphens, with a letter or digit first.",
            "NAME: 英小文字・数字・ハイフンで 40 文字以内、先頭は英小文字か数字にしてください。",
        )


def check_uri(uri: str) -> None:
    """Refuse a URI that no event could have as its source, or that is our own."""
    from gateway.sources import URI
    from schemas.kernel.identifiers import OWN_SOURCE

    if not URI.fullmatch(uri) or uri == OWN_SOURCE:
        raise usage(
            "uri-malformed",
            "--uri: write 1 to 128 letters, digits and . _ : / - as the system sends them in `source` "
            "(such as urn:example:portal), and not the institute's own.",
            "--uri: 英数字と . _ : / - で 128 文字以内にし、送信される source と同じ値を入力してください"
            "（例: urn:example:portal）。本システム自身の値は使えません。",
        )


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
        raise usage(
            "unknown-type",
            f"--type: no event has this type; write one of these, or * for a part of it: {listed}.",
            f"--type: 該当する種別がありません。次から選ぶか、一部を * にしてください: {listed}",
            known=known,
        )
    return [each for each in known if any(fnmatchcase(each, pattern) for pattern in patterns)]


def check_way(
    webhook: str | None, public_key: str | None, token: tuple[str | None, ...]
) -> tuple[str, str, str, str] | None:
    """Whose tokens it sends (issuer, audience, subject, jwks_url); None when it signs instead."""
    given = [each for each in token if each is not None]
    signs = webhook == "v1" or (webhook == "v1a" and public_key is not None)
    if webhook is not None and signs and not given and (webhook == "v1a" or public_key is None):
        return None
    if webhook is not None or public_key is not None or len(given) != len(token):
        raise usage(
            "key-unclear",
            "Say how the system shows who it is, in one way: --webhook v1 (a secret is made and shown once), "
            "--webhook v1a with --public-key whpk_…, or all of --issuer --audience --subject --jwks-url.",
            "認証方法を一つだけ指定してください: --webhook v1（共有鍵を一度だけ表示）、--webhook v1a と "
            "--public-key whpk_…、または --issuer --audience --subject --jwks-url の四つすべて。",
        )
    issuer, audience, subject, jwks_url = given
    _check_token(issuer, audience, subject, jwks_url)
    return issuer, audience, subject, jwks_url


def _check_token(issuer: str, audience: str, subject: str, jwks_url: str) -> None:
    from gateway.tokens import may_fetch

    options = {"issuer": issuer, "audience": audience, "subject": subject, "jwks-url": jwks_url}
    for option, value in options.items():
        if not _VISIBLE.fullmatch(value):
            raise usage(
                "token-malformed",
                f"--{option}: write 1 to 255 visible ASCII characters, as the token has them.",
                f"--{option}: トークンと同じ値を、空白を含まない ASCII 255 文字以内で入力してください。",
                option=option,
            )
    if not may_fetch(jwks_url):
        raise usage(
            "jwks-url-unsafe",
            "--jwks-url: write an https:// address (http:// only on this machine); "
            "whoever could change the keys on their way could send anything.",
            "--jwks-url: https:// のアドレスを指定してください（http:// は同じ端末内のみ）。"
            "途中で鍵を差し替えられるおそれがあります。",
        )


def new_key(settings: Settings, source: str, public_key: str | None) -> NewKey:
    """A public key as it was given, or a new shared secret, sealed."""
    key_id = f"{source}-{secrets.token_hex(4)}"
    if public_key is not None:
        return NewKey(key_id, "v1a", None, _public(public_key), None)
    from encryption.ring import KeyRingError
    from encryption.source_secrets import seal
    from workers.temporal import key_ring

    secret = secrets.token_bytes(32)
    try:
        sealed = seal(key_ring(settings), key_id, source, secret)
    except KeyRingError as error:
        raise CommandError(
            "key-ring",
            f"The secret cannot be sealed, nothing was changed: {error}",
            f"共有鍵を暗号化できないため、何も変更していません: {error}",
            Exit.UNUSABLE,
        ) from None
    return NewKey(key_id, "v1", sealed, None, "whsec_" + base64.b64encode(secret).decode("ascii"))


def _public(text: str) -> bytes:
    from gateway.signatures import SignatureFault, decode_key

    with contextlib.suppress(SignatureFault):
        if text.startswith("whpk_"):
            return decode_key(text, "whpk_")
    raise usage(
        "key-malformed",
        "--public-key: write whpk_ and the base64 of the 32 bytes of an Ed25519 public key; "
        "never the private one (whsk_).",
        "--public-key: whpk_ に Ed25519 公開鍵 32 バイトの base64 を続けて入力してください"
        "（秘密鍵 whsk_ は渡さないでください）。",
    )
