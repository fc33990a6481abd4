"""The hash chain: whoever changes, removes, adds or reorders an entry is found at the first one."""

import copy
from datetime import UTC, datetime, timedelta, timezone

import pytest

from activities.kernel.case_log import FIRST, SEALED, broken_at, seal


def chain(length: int = 5) -> list[dict]:
    entries, prev_hash = [], FIRST
    for version in range(1, length + 1):
        entry = {
            "case_id": "admission/T-0001",
            "version": version,
            "at": datetime(2026, 10, version, 9, tzinfo=UTC),
            "step": "item-arrived",
            "from_stage": "completeness",
            "stage": "completeness",
            "actor_kind": "system",
            "actor_id": "portal",
            "cause": f"portal#{version}",
            "details": {"item": "transcript", "late": False},
        }
        entry |= {"prev_hash": prev_hash, "hash": seal(prev_hash, entry)}
        entries.append(entry)
        prev_hash = entry["hash"]
    return entries


def test_an_untouched_chain_holds() -> None:
    """Each entry follows from the one before, the first from the known beginning."""
    assert broken_at(chain()) is None


def test_an_empty_chain_holds() -> None:
    """Where nothing was written nothing is broken."""
    assert broken_at([]) is None


@pytest.mark.parametrize("field", SEALED)
def test_every_field_is_sealed(field) -> None:
    """Another value in any field of an entry breaks the chain there."""
    entries = chain()
    entries[2][field] = {"other": 1} if field == "details" else "other"
    if field == "at":
        entries[2][field] = datetime(2026, 10, 4, tzinfo=UTC)
    assert broken_at(entries) == 3


def test_a_resealed_entry_is_found_at_the_next() -> None:
    """Who changes an entry and its hash has to change all that follow."""
    entries = chain()
    entries[2]["actor_id"] = "somebody-else"
    entries[2]["hash"] = seal(entries[2]["prev_hash"], entries[2])
    assert broken_at(entries) == 4


def test_a_removed_entry_is_found() -> None:
    """A gap in the versions."""
    entries = chain()
    del entries[2]
    assert broken_at(entries) == 3


def test_a_removed_first_entry_is_found() -> None:
    """The chain begins with version 1 after the known beginning."""
    assert broken_at(chain()[1:]) == 1


def test_swapped_entries_are_found() -> None:
    """The order is part of the chain."""
    entries = chain()
    entries[1], entries[2] = entries[2], entries[1]
    assert broken_at(entries) == 2


def test_an_entry_of_another_case_does_not_fit() -> None:
    """The case's id is sealed, so a chain cannot be moved to another case."""
    entries = copy.deepcopy(chain())
    for entry in entries:
        entry["case_id"] = "admission/T-0002"
    assert broken_at(entries) == 1


def test_the_order_of_details_does_not_matter() -> None:
    """The database may give the keys of an object in another order."""
    entry = chain(1)[0]
    other = entry | {"details": dict(reversed(entry["details"].items()))}
    assert seal(FIRST, other) == seal(FIRST, entry)


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    """The database may give a moment in another offset, to the microsecond."""
    moment = datetime(2026, 10, 1, 23, 59, 59, 999999, tzinfo=UTC)
    entry = chain(1)[0] | {"at": moment}
    other = entry | {"at": moment.astimezone(timezone(timedelta(hours=9)))}
    assert seal(FIRST, other) == seal(FIRST, entry)
    assert seal(FIRST, entry | {"at": moment - timedelta(microseconds=1)}) != seal(FIRST, entry)


def test_what_cannot_be_written_is_an_error() -> None:
    """A value that is no JSON is not sealed in some form of its own."""
    with pytest.raises(TypeError):
        seal(FIRST, chain(1)[0] | {"details": {"x": object()}})
