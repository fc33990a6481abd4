"""Where the browser of these tests is found."""

import pytest

from tests.office_pages.chromium import NAMES, ChromiumMissing, find_chromium


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[1:2], NAMES[2:], NAMES])
def test_debians_name_is_found(monkeypatch, tmp_path, names):
    """Whichever it has; the one without windows goes before the whole one."""
    programs = [tmp_path / name for name in names]
    for program in programs:
        program.touch(mode=0o755)
    monkeypatch.delenv("IEHE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() == str(programs[0])


def test_one_can_be_named(monkeypatch, tmp_path):
    """IEHE_CHROMIUM goes before what is in the path."""
    program = tmp_path / "another"
    program.touch(mode=0o755)
    monkeypatch.setenv("IEHE_CHROMIUM", str(program))
    assert find_chromium() == str(program)


@pytest.mark.parametrize("named", [None, "/nowhere/chromium"])
def test_without_one_it_is_said_what_to_install(monkeypatch, tmp_path, named):
    """The packages, and the setting."""
    monkeypatch.setenv("PATH", str(tmp_path))
    if named is None:
        monkeypatch.delenv("IEHE_CHROMIUM", raising=False)
    else:
        monkeypatch.setenv("IEHE_CHROMIUM", named)
    with pytest.raises(
        ChromiumMissing, match=r"apt-get install chromium-headless-shell fonts-noto-cjk.*IEHE_CHROMIUM"
    ):
        find_chromium()
