"""The messages of a mobility: whom each is for and the facts that it tells."""

from collections.abc import Mapping
from typing import Final

from activities.kernel.message_templates import Message, message

MESSAGES: Final[Mapping[str, Message]] = {
    "nomination-received": message("coordinator"),
    "nomination-verified": message("coordinator"),
    "nomination-returned": message("coordinator", "due_at", "reason"),
    "please-correct": message("coordinator", "due_at"),
    "nomination-waitlisted": message("coordinator", "due_at"),
    "nomination-rejected": message("coordinator", "reason"),
    "nomination-accepted": message("coordinator", "due_at"),
    "student-arrived": message("coordinator", "date"),
    "student-left": message("coordinator", "date"),
    "mobility-ended": message("coordinator", "ending"),
    "student-missing": message("coordinator"),
    "agreement-to-sign": message("coordinator", "version"),
    "agreement-signed": message("coordinator", "version"),
    "transcript-released": message("coordinator", "partial"),
    "please-apply": message("student", "due_at"),
    "application-received": message("student"),
    "please-complete": message("student", "due_at"),
    "application-rejected": message("student", "reason"),
    "application-accepted": message("student", "due_at"),
    "please-answer": message("student", "due_at"),
    "place-confirmed": message("student"),
    "appeal-upheld": message("student"),
    "appeal-dismissed": message("student"),
    "coe-data-please": message("student", "due_at"),
    "coe-more-documents": message("student"),
    "coe-issued": message("student", "due_on"),
    "bed-offered": message("student", "due_at", "house"),
    "bed-please-answer": message("student", "due_at", "house"),
    "bed-confirmed": message("student", "house"),
    "bed-waitlisted": message("student", "reason"),
    "bed-lapsed": message("student"),
    "bed-moved": message("student", "house"),
    "bed-none": message("student", "reason"),
    "arrival-settled": message("student", "date", "port"),
    "ward-office": message("student", "due_at"),
    "please-register": message("student", "due_at"),
    "please-sign": message("student", "due_at"),
    "leaving": message("student", "due_on"),
    "agreement-approved": message("student", "version"),
    "agreement-returned": message("student", "version"),
    "survey": message("student"),
    "decision-taken-back": message("coordinator"),
    "data-corrected": message("student", "corrected"),
    "address-corrected": message("student-before"),
    "mobility-over": message("student", "ending"),
    "advisor-request": message("staff", "case", "due_at"),
    "tutor-assigned": message("staff", "case"),
    "tutor-released": message("staff", "case"),
    "task-reminder": message("staff", "case", "task", "due_at"),
    "task-overdue": message("staff", "case", "task", "due_at", "overdue_days"),
    "not-arrived": message("staff", "case", "due_at"),
}
"""`date`: ISO date, or date and time with offset; `due_at`: ISO date and time; `due_on`: ISO date. `task`,
`reason`, `ending`, `house`, `port`: codes. Nothing of the student, no number of a document."""

ASKING: Final = frozenset(
    {
        "please-correct",
        "please-apply",
        "please-complete",
        "please-answer",
        "advisor-request",
        "task-reminder",
        "task-overdue",
        "not-arrived",
    }
)
"""Messages that ask for something of a stage, and are pointless when it is over; those of tracks are not."""
