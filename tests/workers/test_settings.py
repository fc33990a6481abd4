"""Settings come from the environment, complete and checked, or are refused as a whole."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from cases.registry import CASE_ROOMS
from workers.settings import Settings, SettingsError, load_settings, setting_names


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in os.environ:
        if name.startswith(("IEHE_", "TEMPORAL_")):
            monkeypatch.delenv(name)


def test_nothing_needs_to_be_set():
    """Without any variable everything is embedded, on loopback, and mail is caught."""
    settings = load_settings()
    assert (settings.environment, settings.temporal_embedded, settings.smtp_embedded) == (
        "embedded",
        True,
        True,
    )
    assert settings.database_url is None
    assert settings.smtp_tls == "none"
    assert settings.temporal_connection()["target_host"] == "127.0.0.1:7233"


def test_production_speaks_tls_and_connects_elsewhere(monkeypatch):
    """Outside the embedded stack mail is encrypted and Temporal comes from its own variables."""
    monkeypatch.setenv("IEHE_ENVIRONMENT", "production")
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example.ac.jp:7233")
    settings = load_settings()
    assert (settings.smtp_embedded, settings.smtp_tls) == (False, "starttls")
    assert settings.temporal_connection()["target_host"] == "temporal.example.ac.jp:7233"


def test_all_faults_are_listed_at_once(monkeypatch):
    """Every faulty setting is named, and no value, which may be a secret, is shown."""
    monkeypatch.setenv("IEHE_UI_PORT", "70000")
    monkeypatch.setenv("IEHE_DATABASE_URL", "mysql://hidden")
    monkeypatch.setenv("IEHE_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError) as fault:
        load_settings()
    names = {line.split(":")[0] for line in str(fault.value).splitlines()}
    assert names == {"IEHE_UI_PORT", "IEHE_DATABASE_URL", "IEHE_LOG_FORMAT"}
    assert "hidden" not in str(fault.value)


def test_two_servers_on_one_port_are_refused(monkeypatch):
    """A port that is given twice is refused with both names."""
    monkeypatch.setenv("IEHE_UI_PORT", "7233")
    with pytest.raises(SettingsError, match=r"IEHE_UI_PORT.*IEHE_TEMPORAL_PORT"):
        load_settings()


def test_the_allow_list_is_split(monkeypatch):
    """Patterns may be separated by commas, blanks or both."""
    monkeypatch.setenv("IEHE_MAIL_ALLOW", "*@example.ac.jp, test@example.org")
    assert load_settings().mail_allow == ("*@example.ac.jp", "test@example.org")


@pytest.mark.parametrize("room", CASE_ROOMS)
def test_each_process_may_have_a_sender_of_its_own(monkeypatch, room):
    """It is checked as the default one is; without one there is only the default."""
    assert load_settings().senders == {}
    monkeypatch.setenv(f"IEHE_MAIL_FROM_{room.upper()}", f"{room}@example.ac.jp")
    assert load_settings().senders == {room: f"{room}@example.ac.jp"}
    monkeypatch.setenv(f"IEHE_MAIL_FROM_{room.upper()}", "the office")
    with pytest.raises(SettingsError, match=f"IEHE_MAIL_FROM_{room.upper()}"):
        load_settings()


def test_an_empty_variable_is_not_set(monkeypatch):
    """An empty variable, as compose files produce them, means the default."""
    monkeypatch.setenv("IEHE_DATABASE_URL", "")
    assert load_settings().database_url is None


def test_the_home_is_absolute(monkeypatch, tmp_path: Path):
    """A relative home means one below the present folder, for every process alike."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IEHE_HOME", "state")
    assert load_settings().home == tmp_path / "state"


@pytest.mark.parametrize(("locale", "language"), [("ja_JP.UTF-8", "ja"), ("C.UTF-8", "en"), ("", "en")])
def test_the_language_follows_the_locale(monkeypatch, locale, language):
    """A Japanese locale gives Japanese, every other one English."""
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", locale)
    assert load_settings().language == language


def test_secrets_do_not_show(monkeypatch):
    """Neither passwords nor addresses with passwords appear when settings are printed."""
    monkeypatch.setenv("IEHE_DATABASE_URL", "postgresql://worker:canary@db/iehe")
    monkeypatch.setenv("IEHE_SMTP_PASSWORD", "canary")
    assert "canary" not in repr(load_settings())


def test_settings_do_not_change():
    """Settings are read once."""
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().log_level = "debug"


def test_every_setting_is_explained():
    """Each variable has a sentence that the documentation can show."""
    assert all(setting_names().values())
    assert len(setting_names()) == len(Settings.model_fields)
