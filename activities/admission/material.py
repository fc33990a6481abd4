"""What a reviewer may see of an application (rule A9): programme, form, deadline, and a masked statement."""

from datetime import datetime
from typing import Final

from pydantic import Field

from activities.admission.redaction import Redactor
from activities.kernel.database import Connection
from activities.kernel.policies import read_state
from activities.kernel.queries import queries
from schemas.admission.stages import Stage
from schemas.admission.state import AdmissionState
from schemas.kernel.payload import Payload
from schemas.kernel.refusals import Refusal
from workflows.admission.process import ADMISSION_REVIEW

SQL: Final = queries("admission/material")
ASSIGNED: Final = frozenset({"invited", "accepted", "scored"})
WITHHELD: Final = "■ 伏せ字にできないため非表示 / withheld: it could not be masked reliably"


class FormLine(Payload):
    """One criterion of the scoring form; `points` are the reviewer's own, once submitted."""

    key: str
    name_ja: str
    name_en: str
    minimum: float
    maximum: float
    weight: float
    points: float | None = None


class Material(Payload):
    """All that a reviewer is given. Whatever is not named here does not leave the database."""

    case_id: str
    programme: str
    round_id: str
    review: str
    """Where this reviewer's own review stands: invited, accepted, scored."""
    due_at: datetime | None = None
    criteria: tuple[FormLine, ...] = Field(default=())
    statement: str | None = None


async def review_material(connection: Connection, case_id: str, reviewer: str) -> Material:
    """The masked application, for a reviewer of the case.

    Raises:
        Refusal: not a reviewer of this case, or not any more.
    """
    review = await connection.fetchrow(SQL["review_of"], case_id, reviewer)
    if review is None or review["state"] not in ASSIGNED:
        raise Refusal("not-assigned")
    state: AdmissionState = await read_state(connection, ADMISSION_REVIEW, review["remembered"])
    if state.stage != Stage.REVIEW:
        raise Refusal("not-assigned")
    points = {
        row["criterion"]: row["points"] for row in await connection.fetch(SQL["scores_of"], case_id, reviewer)
    }
    material = await connection.fetchrow(SQL["review_material"], case_id)
    criteria = state.policy.review.criteria if state.policy else ()
    return Material(
        case_id=case_id,
        programme=material["programme"],
        round_id=material["round_id"],
        review=review["state"],
        due_at=review["due_at"],
        criteria=tuple(FormLine(**each.model_dump(), points=points.get(each.key)) for each in criteria),
        statement=await _masked(connection, case_id, material["statement"]),
    )


async def _masked(connection: Connection, case_id: str, statement: str | None) -> str | None:
    if not statement:
        return None
    person = await connection.fetchrow(SQL["personal_values"], case_id)
    masked = Redactor(dict(person))(statement)
    return WITHHELD if masked is None else masked
