"""Lists as the database takes them, and what kept them from being made."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.round.rules import RankingRules
from workflows.round.ranking.canonical import canonical
from workflows.round.ranking.faults import Fault
from workflows.round.ranking.lines import ProgrammeList

Made = tuple[list[dict[str, Any]], list[dict[str, str]]]
"""Lists as `iehe.round_looked` takes them; or none, and what was missing."""


def stored(
    name: str,
    made: ProgrammeList,
    inputs: str,
    rules: RankingRules,
    lines: Iterable[tuple[str, Mapping[str, Any]]],
) -> dict[str, Any]:
    """A list as it is stored.

    Args:
        name: of the list.
        made: what it says.
        inputs: SHA-256 of all that it was made from.
        rules: by which it was made, with their formulas.
        lines: what it tells which application's case.
    """
    return {
        "name": name,
        "inputs": inputs,
        "rules": rules.version,
        "body": canonical(made).decode(),
        "counts": counts_of(made),
        "lines": [{"subject": subject, "result": result} for subject, result in lines],
        "formulas": {each.formula: each.version for each in rules.adjustments},
    }


def lacking_of(fault: Fault) -> dict[str, str]:
    """What kept lists from being made, as it is stored."""
    return {"number": fault.application, "about": fault.about, "code": fault.code}


def counts_of(made: ProgrammeList) -> dict[str, int]:
    """Persons of a list, as they are stored with it."""
    counts = made.counts
    return {
        "applicants": counts.applicants,
        "ranked": counts.ranked,
        "admitted": counts.admitted,
        "waitlisted": counts.waitlisted,
    }
