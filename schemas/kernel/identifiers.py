"""Names that more than one part must agree on: ids, task queues, types, search attributes."""

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import StringConstraints

CASES_QUEUE: Final = "iehe-cases"
"""Task queue of the case workflows and their database activities."""

NOTICES_QUEUE: Final = "iehe-notices"
"""Task queue of the notification activity: SMTP may be slow without holding up a case."""

MAIL: Final = "mail"
WEBHOOK: Final = "webhook"
"""Kinds of channels by which notices go; what follows a colon says which one of them."""

EVENT_SIGNAL: Final = "event"

OWN_SOURCE: Final = "jp.ac.iehe"
"""The source of what cases tell each other; no other system may use it."""

CODE_PATTERN = r"^[a-z0-9][a-z0-9_.:-]{0,63}$"
StaffId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,31}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]
CODE: Final = re.compile(CODE_PATTERN)
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
CaseId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,31}/[A-Z0-9][A-Z0-9-]{3,23}$")]
MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]


class SearchAttribute(StrEnum):
    """Search attributes in the Temporal UI. The SQL store allows 10 keywords and 3 of each other type."""

    PROCESS = "IeheProcess"
    STAGE = "IeheStage"
    WAITING_FOR = "IeheWaitingFor"
    OUTCOME = "IeheOutcome"
    DUE_AT = "IeheDueAt"


def event_type(process: str, fact: str) -> str:
    """The CloudEvents type of a fact."""
    return f"jp.ac.iehe.{process}.{fact}"
