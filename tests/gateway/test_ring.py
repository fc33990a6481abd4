"""The key ring: a file of its owner's alone, rotated while it is in use, never lost by two that make it."""

import json
import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from encryption.ring import COMMON_HOME, KeyRing, KeyRingError, classes_of, ensure_ring, rotate
from workers.settings import SettingsError, load_settings
from workers.temporal import key_ring

MAKE = "import sys, pathlib; from encryption.ring import ensure_ring; input(); "
MAKE += "print(ensure_ring(pathlib.Path(sys.argv[1])).current('admission').secret.hex())"


@pytest.fixture
def path(tmp_path) -> Path:
    return ensure_ring(tmp_path / "keys.json").path


def plain(key_id: str) -> str:
    """A key's id without its part by chance."""
    return key_id.partition(".")[0]


def secrets_in(path: Path) -> list[str]:
    content = json.loads(path.read_text())
    return [secret for entry in content.values() for secret in entry["keys"].values()]


def test_a_ring_is_its_owners_alone(path) -> None:
    """It has a key for every class, nobody else can read it, and one that others can read is not used."""
    assert path.stat().st_mode & 0o777 == 0o600
    listed = KeyRing(path).listing()
    assert [(plain(key_id), used) for key_id, used in listed] == sorted(
        (f"{n}-1", True) for n in classes_of(COMMON_HOME)
    )
    before = path.read_bytes()
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        for use in (KeyRing, ensure_ring, lambda ring: rotate(ring, "admission")):
            with pytest.raises(KeyRingError, match="chmod 600"):
                use(path)
    assert path.read_bytes() == before


def test_a_rotation_is_seen_without_a_restart(path) -> None:
    """Who has the ring open gets the new key at once, and the earlier one by its id."""
    ring, watching = KeyRing(path), KeyRing(path)
    first = ring.current("admission")
    second = rotate(path, "admission")
    assert (plain(first.key_id), plain(second.key_id)) == ("admission-1", "admission-2")
    assert second.data_class == "admission"
    assert first.secret != second.secret
    assert ring.current("admission") == second
    assert ring.key(first.key_id) == first
    assert watching.key(second.key_id) == second  # named by a payload before this process has encrypted any
    assert [each for each in ring.listing() if each[0].startswith("admission")] == [
        (first.key_id, False),
        (second.key_id, True),
    ]


def test_keys_are_numbered_as_numbers(path) -> None:
    """The tenth rotation does not name a key that there is."""
    made = [plain(rotate(path, "other").key_id) for _ in range(10)]
    assert made == [f"other-{number}" for number in range(2, 12)]
    assert plain(KeyRing(path).current("other").key_id) == "other-11"


def test_an_unknown_class(path) -> None:
    """No key is made for what is no class, and none is found."""
    with pytest.raises(KeyRingError, match="there are: admission"):
        rotate(path, "admissions")
    with pytest.raises(KeyRingError, match="no key for 'admissions'"):
        KeyRing(path).current("admissions")
    assert KeyRing(path).key("admissions-1") is None


def test_a_class_of_a_later_release_gets_its_first_key(path) -> None:
    """A ring without a class keeps its keys and gets what it lacks."""
    content = json.loads(path.read_text())
    del content["other"]
    path.write_text(json.dumps(content))
    before = KeyRing(path).current("admission")
    ring = ensure_ring(path)
    assert plain(ring.current("other").key_id) == "other-1"
    assert ring.current("admission") == before


def test_a_lost_file(path) -> None:
    """Nothing new is encrypted with a key that no file holds; it is not made anew; once back it is used."""
    ring = KeyRing(path)
    first = ring.current("admission")
    aside = path.rename(path.with_name("aside"))
    for use in (lambda: ring.current("admission"), lambda: KeyRing(path), lambda: rotate(path, "admission")):
        with pytest.raises(KeyRingError, match=r"no key ring at .*iehe keys init"):
            use()
    assert ring.key(first.key_id) == first  # what runs can still read
    assert not path.exists()
    aside.rename(path)
    assert ring.current("admission") == first


def test_a_missing_ring_in_production(tmp_path) -> None:
    """Outside the embedded stack none is made: the text says what to do. The embedded stack makes its own."""
    where = {"home": tmp_path, "key_ring": tmp_path / "keys.json"}
    with pytest.raises(SettingsError, match="IEHE_KEY_RING: there is no key ring"):
        key_ring(load_settings({**where, "environment": "production"}))
    assert not (tmp_path / "keys.json").exists()
    (tmp_path / "secrets").mkdir()
    assert key_ring(load_settings({"home": tmp_path})).path == tmp_path / "secrets" / "keys.json"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}{",
        '{"admission": {}}',
        '{"admission": {"keys": {"admission-1": "c2hvcnQ="}, "current": "admission-1"}}',
        '{"admission": {"keys": {"other-1": "%s"}, "current": "other-1"}}' % ("A" * 43 + "="),
        '{"admission": {"keys": {"admission-1": "%s"}, "current": "admission-2"}}' % ("A" * 43 + "="),
    ],
)
def test_a_damaged_ring(tmp_path, content) -> None:
    """It is neither used nor written to."""
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_text(content)
    for use in (KeyRing, ensure_ring, lambda ring: rotate(ring, "admission")):
        with pytest.raises(KeyRingError, match="is not a key ring"):
            use(path)
    assert path.read_text() == content


def test_a_folder_that_is_not_there(tmp_path) -> None:
    """The text names it."""
    with pytest.raises(KeyRingError, match="nowhere: No such file"):
        ensure_ring(tmp_path / "nowhere" / "keys.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root writes for another account")
def test_the_ring_stays_its_accounts_when_root_rotates(path) -> None:
    """Root's rotation does not shut out the account that runs the service."""
    os.chown(path, 65534, 65534)
    rotate(path, "admission")
    lock = path.with_name(f".{path.name}.lock")
    assert {(each.stat().st_uid, each.stat().st_mode & 0o777) for each in (path, lock)} == {(65534, 0o600)}


def test_processes_that_start_at_once_make_one_ring(tmp_path) -> None:
    """All have the same keys."""
    path = tmp_path / "keys.json"
    started = [
        subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", MAKE, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for each in started:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    made = {each.communicate()[0].strip() for each in started}
    assert made == {KeyRing(path).current("admission").secret.hex()}


def test_no_text_holds_a_key(path) -> None:
    """Neither what is printed of ring and key nor the errors about a damaged ring."""
    ring = KeyRing(path)
    key = ring.current("admission")
    texts = [repr(each) for each in (ring, key, [key], {"key": key})] + [str(key), f"{key}", str(ring)]
    hidden = [*secrets_in(path), key.secret.hex(), str(key.secret)[2:-1]]
    path.write_text(path.read_text().replace(f'"{key.key_id}":', '"admission":'))
    try:
        KeyRing(path)
    except KeyRingError as error:
        texts.append("".join(traceback.format_exception(error)))
    assert len(texts) == 8
    assert [text for text in texts for secret in hidden if secret in text] == []
