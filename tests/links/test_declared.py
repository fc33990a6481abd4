"""The links that the processes of this release declare fit each other, though neither knows the other."""

import pytest

from cases.registry import PROCESSES
from schemas.kernel.identifiers import event_type
from schemas.support.links import MISSING
from workflows.kernel.links import Takes, Tells

TOLD = {
    event_type(process.name, fact): tells
    for process in PROCESSES.values()
    for fact, tells in process.tells.items()
}
TAKEN = [
    (kind, takes, TOLD[kind])
    for process in PROCESSES.values()
    for kind, takes in process.takes.items()
    if kind in TOLD
]
"""Read before a test makes other processes the only ones."""


@pytest.mark.parametrize(("kind", "takes", "tells"), TAKEN, ids=[row[0] for row in TAKEN])
def test_l1_each_field_that_a_receiver_needs_is_told(kind: str, takes: Takes, tells: Tells) -> None:
    """The type and the names of the fields are all that producer and receiver have in common."""
    needed = {name for name, field in takes.data.model_fields.items() if field.is_required()}
    assert needed <= tells.model.model_fields.keys(), kind


def test_l1_a_missing_student_is_told_as_support_reads_it() -> None:
    """What the producer may say in a field is what the receiver takes there."""
    takes, tells = next((takes, tells) for kind, takes, tells in TAKEN if kind == MISSING)
    said = tells.model.model_validate({"person": "X0042ABC", "term": "27S", "language": "en"})
    assert takes.data.model_validate(said.model_dump(mode="json"))
