"""Facts that a round tells other processes: codes, ids and times alone, and no result."""

from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload


class RoundOpened(Payload):
    """Applications of a round are judged by it, and by nobody else."""

    round: CaseId
    round_id: Code
    """As applications name it."""


class OutcomeReleased(Payload):
    """What a round has decided on an application is out: the case reads it where everybody does."""

    case: CaseId
    round: CaseId
