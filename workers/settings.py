"""Every setting of every process, read once from the environment (`IEHE_…`) and then handed on."""

import os
import pwd
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import (
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from temporalio.envconfig import ClientConfig, ClientConnectConfig

from cases.homes import homes
from cases.words import process_words
from schemas.kernel.homes import COMMON, CaseHome
from workers.language import Language, default_language

PREFIX = "IEHE_"

Port = Annotated[int, Field(ge=1, le=65535)]
DatabaseUrl = Annotated[str, StringConstraints(pattern=r"^postgres(ql)?://")]


class SettingsError(Exception):
    """The environment holds faulty settings; the text has one line for each, with the setting's name."""


def _default_home() -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/iehe")
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "iehe"


def _default_account() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0}
    return next((name for name in ("postgres", "nobody") if name in known), None)


def _is_embedded(data: dict[str, Any]) -> bool:
    return data.get("environment") == "embedded"


Sender = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
_MAIL_FROM: Final = "mail_from_"

_OF_HOMES: Final[dict[str, tuple[Any, str]]] = {
    "namespace_": (
        str | None,
        "Temporal namespace of the home {home}; not set: the common one's and -{home}",
    ),
    "database_url_": (DatabaseUrl | None, "PostgreSQL as the role of the home {home}'s workers, {login}"),
    "key_ring_": (Path | None, "As key_ring, of the home {home}; not set: the embedded stack's own"),
}
"""Settings that each home has which is not the common one: beginning of the name, type, meaning."""

if TYPE_CHECKING:
    _PerProcess = BaseSettings
else:
    _PerProcess = create_model(
        "_PerProcess",
        __base__=BaseSettings,
        **{
            f"{_MAIL_FROM}{room}": (
                Sender | None,
                Field(default=None, description=f"Sender of the mails of {room}; not set: mail_from"),
            )
            for room in process_words()
        },
        **{
            f"{name}{home.name}": (
                kind,
                Field(default=None, description=means.format(home=home.name, login=home.login), repr=False),
            )
            for home in homes().values()
            if not home.common
            for name, (kind, means) in _OF_HOMES.items()
        },
    )


class Settings(_PerProcess):
    """All settings; each is the environment variable `IEHE_` + the field's name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    environment: Literal["embedded", "staging", "production"] = Field(
        default="embedded",
        description="embedded: everything on this machine, mail goes to the local catcher; "
        "staging: mail only to mail_allow; production: mail to everybody",
    )
    home: Path = Field(
        default_factory=_default_home,
        description="Folder of the embedded stack: data, secrets, logs, mail. "
        "As root /var/lib/iehe, otherwise $XDG_STATE_HOME/iehe or ~/.local/state/iehe",
    )
    language: Language = Field(
        default_factory=default_language, description="Language of the command line; from LANG when not set"
    )
    log_format: Literal["json", "console"] = Field(default="json", description="Form of the log lines")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written"
    )

    database_url: DatabaseUrl | None = Field(
        default=None, description="PostgreSQL as the worker's role; not set: the embedded server", repr=False
    )
    office_database_url: DatabaseUrl | None = Field(
        default=None, description="PostgreSQL as the office's role, for the command line", repr=False
    )
    auditor_database_url: DatabaseUrl | None = Field(
        default=None, description="PostgreSQL as the auditor's role, read only", repr=False
    )
    owner_database_url: DatabaseUrl | None = Field(
        default=None, description="PostgreSQL as the owner of the schema, for migrations", repr=False
    )
    postgres_account: str | None = Field(
        default_factory=_default_account,
        description="Only as root: unprivileged account that the embedded PostgreSQL runs under; "
        "the first that exists of postgres and nobody",
    )

    temporal_embedded: bool = Field(
        default_factory=_is_embedded,
        description="Run the Temporal server here; when false the connection comes from Temporal's own "
        "variables and profiles (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE, ...)",
    )
    temporal_port: Port = Field(default=7233, description="Port of the embedded Temporal server")
    ui_port: Port = Field(default=8233, description="Port of the embedded Temporal UI")
    temporal_http_port: Port = Field(default=7243, description="Port of the embedded server's HTTP API")
    temporal_metrics_port: Port = Field(default=7244, description="Port of the embedded server's /metrics")

    gateway_host: str = Field(default="127.0.0.1", description="Address that the gateway listens on")
    gateway_port: Port = Field(default=8090, description="Port of the gateway: events, cases, codec server")
    gateway_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="How others reach the gateway, such as https://events.example.ac.jp; "
        "not set: http://gateway_host:gateway_port",
    )
    office_host: str = Field(default="127.0.0.1", description="Address that the offices' pages listen on")
    office_port: Port = Field(default=8091, description="Port of the offices' pages")
    office_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="How browsers reach the offices' pages, such as https://office.example.ac.jp; "
        "not set: http://office_host:office_port",
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^(https://|http://(localhost|127\.0\.0\.1)(:|/|$))",
        description="OpenID provider by which staff sign in to the pages; not set in the embedded stack: "
        "links that hold once (iehe office login)",
    )
    oidc_client_id: str | None = Field(default=None, description="As whom oidc_issuer knows the pages")
    oidc_client_secret_file: Path | None = Field(
        default=None,
        description="File with the secret of oidc_client_id, readable by its owner only; not set: a public "
        "client, protected by PKCE alone",
    )
    key_ring: Path | None = Field(
        default=None,
        description="File with the keys that payloads are encrypted with, readable by its owner only; "
        "not set: the embedded stack's own, in its home",
    )
    plaintext_payloads: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="Whether payloads without encryption are read; accept only while a namespace from before "
        "the encryption is being emptied",
    )
    staff_issuer: str | None = Field(
        default=None,
        description="Issuer of the tokens of staff systems; not set in the embedded stack: its own tokens "
        "(iehe token)",
    )
    staff_audience: str = Field(default="iehe", description="Audience that a staff token must name")
    staff_jwks_url: str | None = Field(
        default=None, pattern=r"^https?://", description="Where the keys of staff_issuer are"
    )
    staff_claim: str = Field(default="sub", description="Claim of a staff token that holds the staff id")
    token_file: Path | None = Field(
        default=None,
        description="File with a staff token that proves who acts at the command line, readable by its owner "
        "only; not set in the embedded stack: the login of the account (iehe login)",
    )
    ui_origin: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+$",
        description="Origin of the Temporal UI that may ask the codec server; "
        "not set: the embedded UI's, http://127.0.0.1:ui_port",
    )

    keep_requests_days: int = Field(
        default=30,
        ge=1,
        description="Days for which the idempotency keys of requests are kept; written into the database "
        "when it is prepared (iehe migrate)",
    )
    keep_decodings_days: int = Field(
        default=1096,
        ge=1,
        description="Days for which it is kept who had what made readable; written into the database when it "
        "is prepared (iehe migrate)",
    )

    smtp_embedded: bool = Field(
        default_factory=_is_embedded,
        description="Run a mail catcher on smtp_port that keeps every mail in the home and sends none",
    )
    smtp_host: str = Field(default="127.0.0.1", description="Mail server")
    smtp_port: Port = Field(default=8025, description="Port of the mail server or catcher")
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        default_factory=lambda data: "none" if data.get("smtp_embedded") else "starttls",
        description="Encryption towards the mail server; 'none' only with the embedded catcher by default",
    )
    smtp_username: str | None = Field(default=None, description="Login at the mail server")
    smtp_password: SecretStr | None = Field(default=None, description="Password at the mail server")
    mail_from: Sender = Field(
        default="noreply@example.ac.jp",
        description="Sender of the mails of every process that has none of its own (mail_from_<room>)",
    )
    mail_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Outside production: the only addresses that get mail, as patterns (`*@example.ac.jp`) "
        "with commas between; the embedded catcher receives all",
    )

    documents: str | None = Field(
        default=None,
        pattern=r"^(file:///|s3://[^/]+).*$",
        description="Where documents are kept, sealed: file:///folder or s3://bucket/prefix; not set: the "
        "folder documents of the home. Gateway, workers and command line need the same",
    )
    documents_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Address of the S3-compatible server, such as https://s3.example.ac.jp",
    )
    documents_region: str | None = Field(default=None, description="Region of the bucket")
    documents_key_id: str | None = Field(default=None, description="Access key of the bucket")
    documents_secret: SecretStr | None = Field(default=None, description="Secret of documents_key_id")

    webhook_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts that webhooks may be sent to at private addresses too, as patterns with commas "
        "between; in staging the only ones. The embedded stack sends to any address",
    )

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("mail_allow", "webhook_allow", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator(
        "ui_port",
        "temporal_http_port",
        "temporal_metrics_port",
        "gateway_port",
        "office_port",
        "smtp_port",
        mode="after",
    )
    @classmethod
    def _distinct(cls, port: int, info: ValidationInfo) -> int:
        others = (name for name, value in info.data.items() if name.endswith("_port") and value == port)
        if info.data.get("temporal_embedded") and (other := next(others, None)) is not None:
            raise ValueError(f"port {port} is also {PREFIX}{other.upper()}")
        return port

    @property
    def senders(self) -> dict[str, str]:
        """The senders of the processes that have one of their own, by room."""
        own = {room: getattr(self, f"{_MAIL_FROM}{room}") for room in process_words()}
        return {room: sender for room, sender in own.items() if sender is not None}

    def temporal_connection(self, home: CaseHome = CaseHome(COMMON)) -> ClientConnectConfig:  # noqa: B008 - frozen
        """Return the keyword arguments for `temporalio.client.Client.connect`, of the namespace of a home."""
        config = ClientConnectConfig(target_host=f"127.0.0.1:{self.temporal_port}")
        if not self.temporal_embedded:
            config = ClientConfig.load_client_connect_config()
        base = config.get("namespace") or "default"
        config["namespace"] = self._of(home, "namespace_") or home.namespace(base)
        return config

    def key_ring_of(self, home: CaseHome) -> Path | None:
        """Where a setting says that the key ring of a home is."""
        return self.key_ring if home.common else self._of(home, "key_ring_")

    def database_url_of(self, home: CaseHome) -> str | None:
        """How the workers of a home reach a database elsewhere; None: the embedded one is meant.

        Raises:
            SettingsError: it is elsewhere, and this is not set.
        """
        if home.common:
            return self.database_url
        url: str | None = self._of(home, "database_url_")
        if url is None and self.database_url is not None:
            name = f"{PREFIX}DATABASE_URL_{home.name.upper()}"
            raise SettingsError(f"{name}: not set: the address of the database as the role {home.login}")
        return url

    def _of(self, home: CaseHome, name: str) -> Any:
        return getattr(self, f"{name}{home.name}", None)


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: with every fault at once, one line each, without the faulty values (may be secrets).
    """
    try:
        return Settings(**(overrides or {}))
    except ValidationError as error:
        lines = (
            f"{PREFIX}{'_'.join(map(str, fault['loc'][:1])).upper()}: {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
            # A default that follows from other settings is not asked for when those are faulty.
            if fault["type"] != "default_factory_not_called"
        )
        raise SettingsError("\n".join(lines)) from None


def gateway_url(settings: Settings) -> str:
    """How others reach the gateway, without a slash at its end."""
    return settings.gateway_url or f"http://{settings.gateway_host}:{settings.gateway_port}"


def office_url(settings: Settings) -> str:
    """How browsers reach the offices' pages, without a slash at its end."""
    return settings.office_url or f"http://{settings.office_host}:{settings.office_port}"


def ui_origin(settings: Settings) -> str:
    """Where the Temporal UI is."""
    return settings.ui_origin or f"http://127.0.0.1:{settings.ui_port}"


@cache
def setting_names() -> dict[str, str]:
    """Return every environment variable with its meaning, for documentation and `--help`."""
    return {
        f"{PREFIX}{name.upper()}": field.description or "" for name, field in Settings.model_fields.items()
    }
