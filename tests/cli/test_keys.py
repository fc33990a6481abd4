"""`iehe keys`: which keys there are, a new one in use, a first ring; never a key."""

import json
from types import SimpleNamespace

import pytest

from cli.session import Exit
from encryption.ring import KeyRing, classes_of
from schemas.kernel.homes import COMMON, CaseHome
from tests.cli.program import Ended, Program, elsewhere, proven

OWN = classes_of(CaseHome(COMMON))
"""Classes of the ring that a setting names: the common home's."""


@pytest.fixture
async def iehe(database, tmp_path) -> Program:
    """Commands of an administrator on a database that knows no key, where there is no key ring."""
    servers = elsewhere(database, SimpleNamespace(address="127.0.0.1:1"), tmp_path / "home")
    return await proven(database, {**servers, "IEHE_KEY_RING": str(tmp_path / "keys.json")})


async def test_a_ring_is_made_listed_and_rotated(iehe, tmp_path) -> None:
    """`init` makes it once, `list` names every key, `rotate` says that the earlier ones stay."""
    path = tmp_path / "keys.json"
    without = await iehe("keys", "list", "--json")
    assert (without.code, without.json["error"]["code"]) == (Exit.UNUSABLE, "key-ring")
    assert (await iehe("keys", "rotate", "admission")).code == Exit.UNUSABLE
    assert not path.exists()

    made = await iehe("keys", "init", "--json")
    assert made.json["ring"] == str(path)
    assert plain(made.json["keys"]) == sorted(f"{name}-1" for name in OWN)
    first = path.read_bytes()
    again = await iehe("keys", "init", "--json")
    assert (again.code, again.json["error"]["code"]) == (Exit.REFUSED, "ring-exists")
    assert path.read_bytes() == first

    rotated = await iehe("keys", "rotate", "admission")
    assert rotated.out.startswith("admission-2.")
    assert "encrypts what is new of admission" in rotated.out
    assert "Earlier keys (admission-1." in rotated.out
    told = (await iehe("keys", "rotate", "admission", "--json")).json
    assert plain([told["key_id"], *told["earlier"]]) == ["admission-3", "admission-1", "admission-2"]
    assert told["noted"] is True
    japanese = await iehe("keys", "rotate", "other", IEHE_LANGUAGE="ja")
    assert "以前の鍵（other-1." in japanese.out

    listed = await iehe("keys", "list", "--json")
    mine = [
        (*plain([key["key_id"]]), key["in_use"]) for key in listed.json["keys"] if key["class"] == "admission"
    ]
    assert mine == [("admission-1", False), ("admission-2", False), ("admission-3", True)]
    shown = await iehe("keys", "list")
    assert "admission-3" in shown.out
    assert not _secrets_in(path, made, again, rotated, japanese, listed, shown)


async def test_what_cannot_be_used(iehe, tmp_path) -> None:
    """A class that is none, and a ring that others can read, are refused with what to do."""
    path = tmp_path / "keys.json"
    assert (await iehe("keys", "init")).out.startswith(f"{path}: made")
    unknown = await iehe("keys", "rotate", "admissions", "--json")
    assert (unknown.code, unknown.json["error"]["known"]) == (Exit.USAGE, list(OWN))
    path.chmod(0o644)
    for words in (("list",), ("rotate", "admission")):
        ended = await iehe("keys", *words)
        assert ended.code == Exit.UNUSABLE
        assert "chmod 600" in ended.err
    path.chmod(0o600)
    assert plain([KeyRing(path).current("admission").key_id]) == ["admission-1"]


def plain(key_ids: list[str]) -> list[str]:
    """Ids without their part by chance."""
    return [key_id.partition(".")[0] for key_id in key_ids]


def _secrets_in(path, *ended: Ended) -> list[str]:
    content = json.loads(path.read_text())
    secrets = [secret for entry in content.values() for secret in entry["keys"].values()]
    return [secret for secret in secrets for each in ended if secret in each.out + each.err]
