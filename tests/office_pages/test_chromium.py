"""Where the browser of these tests is found."""

import pytest

from tests.office_pages.chromium import ChromiumMissing, find_chromium


@pytest.mark.parametrize("name", ["chromium", "chromium-browser"])
def test_debians_name_is_found(monkeypatch, tmp_path, name):
    """Whichever of the two it has."""
    program = tmp_path / name
    program.touch(mode=0o755)
    monkeypatch.delenv("IEHE_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() == str(program)


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
    with pytest.raises(ChromiumMissing, match=r"apt-get install chromium fonts-noto-cjk.*IEHE_CHROMIUM"):
        find_chromium()
