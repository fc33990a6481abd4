"""Names that more than one part must agree on: ids, task queues, types, search attributes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import StringConstraints

CASES_QUEUE: Final = "iehe-cases"
"""Task queue of the case workflows and their database activities."""

NOTICES_QUEUE: Final = "iehe-notices"
"""Task queue of the notification activity: SMTP may be slow without holding up a case."""

EVENT_SIGNAL: Final = "event"

OWN_SOURCE: Final = "jp.ac.iehe"
"""The source of what cases tell each other; no other system may use it."""

ApplicationNo = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{3,23}$")]
StaffId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,31}$")]
RoleName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{1,31}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}$")]
CaseId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,31}/[A-Z0-9][A-Z0-9-]{3,23}$")]
MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,128}$")]


class ProcessName(StrEnum):
    """The processes; the value is the Temporal workflow type."""

    ADMISSION_REVIEW = "admission-review"


class DataClass(StrEnum):
    """Whose secrets a payload holds: each class has keys, and readers, of its own."""

    ADMISSION = "admission"


class SearchAttribute(StrEnum):
    """Search attributes in the Temporal UI. The SQL store allows 10 keywords and 3 of each other type."""

    PROCESS = "IeheProcess"
    STAGE = "IeheStage"
    WAITING_FOR = "IeheWaitingFor"
    ROUND = "IeheRound"
    OUTCOME = "IeheOutcome"
    DUE_AT = "IeheDueAt"


def event_type(process: str, fact: str) -> str:
    """The CloudEvents type of a fact."""
    return f"jp.ac.iehe.{process}.{fact}"


CASES_OF: Final[Mapping[ProcessName, str]] = {ProcessName.ADMISSION_REVIEW: "admission"}
"""First part of the case ids of a process; the second is the business key of its subject."""

DATA_CLASS_OF: Final[Mapping[str, DataClass]] = {"admission": DataClass.ADMISSION}
"""Class of the data in the payloads of a case, by the first part of its id."""


def case_id_of(process: ProcessName, subject: str) -> str:
    """The case id of a process's subject: of an application its number."""
    return f"{CASES_OF[process]}/{subject}"


def admission_case_id(application_no: str) -> str:
    """The case id, which is also the workflow id, of an application."""
    return f"admission/{application_no}"
