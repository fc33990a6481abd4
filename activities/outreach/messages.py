"""The messages of a school's request: whom each is for and the facts that it tells."""

from collections.abc import Mapping
from typing import Final

from activities.kernel.message_templates import Message, message

MESSAGES: Final[Mapping[str, Message]] = {
    "request-received": message("school"),
    "being-arranged": message("school"),
    "please-confirm": message("school", "date", "due_at", "kind"),
    "date-settled": message("school", "date", "kind"),
    "arrangement-changed": message("school", "date", "kind"),
    "date-open-again": message("school", "cause"),
    "request-declined": message("school", "cause"),
    "request-cancelled": message("school", "cause"),
    "survey": message("school"),
    "decline-taken-back": message("school"),
    "data-corrected": message("school", "corrected"),
    "address-corrected": message("school-before"),
    "lecture-request": message(
        "staff", "case", "kind", "title", "grade", "persons", "minutes", "dates", "due_at"
    ),
    "lecture-settled": message("staff", "case", "date", "kind"),
    "lecture-changed": message("staff", "case", "date", "kind"),
    "lecture-released": message("staff", "case", "cause"),
    "decide-on-warning": message("staff", "case", "date", "due_at"),
    "task-reminder": message("staff", "case", "task", "due_at"),
    "task-overdue": message("staff", "case", "task", "due_at", "overdue_days"),
}
"""`date`, `dates`, `due_at`: ISO date and time with offset. `title`: `{"ja": …, "en": …}`. `kind`, `cause`,
`task`: codes. `grade`: 1, 2, 3 or mixed. Nothing of a pupil, nothing of the contact."""

ASKING: Final = frozenset(
    {
        "please-confirm",
        "lecture-request",
        "task-reminder",
        "task-overdue",
    }
)
"""Messages that ask for something, and are pointless when it is done or no longer wanted."""
