"""Facts that an application tells other processes: codes and ids alone."""

from typing import Annotated

from pydantic import StringConstraints

from schemas.admission.identifiers import ApplicationNo
from schemas.kernel.identifiers import CaseId, Code
from schemas.kernel.payload import Payload

PersonKey = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""The same in every application of one person in a round, and nothing that tells who it is."""


class CaseRanked(Payload):
    """An application waits for the lists of its round."""

    case: CaseId
    round: CaseId
    number: ApplicationNo
    person: PersonKey
    choices: tuple[Code, ...]


class CaseStanding(Payload):
    """Where an application of a round stands, and its fee: what the round's end waits for."""

    case: CaseId
    round: CaseId
    number: ApplicationNo
    standing: Code
    fee: Code


class CaseWithdrawn(Payload):
    """An application waits for its round's lists no more, or gives back what they gave it."""

    case: CaseId
    round: CaseId
    reason: Code
