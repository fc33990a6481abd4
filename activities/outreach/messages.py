"""The messages of a school's request: whom each is for and the facts that it tells."""

from collections.abc import Mapping
from typing import Final

from activities.kernel.message_templates import Message


def _message(to: str, *facts: str) -> Message:
    return Message(to, frozenset(facts))


MESSAGES: Final[Mapping[str, Message]] = {
    "request-received": _message("school"),
    "being-arranged": _message("school"),
    "please-confirm": _message("school", "date", "due_at", "kind"),
    "lecture-confirmed": _message("school", "date", "kind"),
    "school-reminder": _message("school", "date", "kind"),
    "arrangement-changed": _message("school", "date", "kind"),
    "date-open-again": _message("school", "cause"),
    "request-declined": _message("school", "reason"),
    "request-cancelled": _message("school", "cause"),
    "survey": _message("school"),
    "lecture-request": _message(
        "staff", "case", "kind", "title", "grade", "persons", "minutes", "dates", "due_at"
    ),
    "lecture-settled": _message("staff", "case", "date", "kind"),
    "lecturer-reminder": _message("staff", "case", "date", "kind"),
    "lecture-changed": _message("staff", "case", "date", "kind"),
    "lecture-released": _message("staff", "case", "cause"),
    "decide-on-warning": _message("staff", "case", "date", "due_at"),
    "task-reminder": _message("staff", "case", "task", "due_at"),
    "task-overdue": _message("staff", "case", "task", "due_at", "overdue_days"),
}
"""`date`, `dates`, `due_at`: ISO date and time with offset. `title`: `{"ja": …, "en": …}`. `kind`, `cause`,
`reason`, `task`: codes. `grade`: 1, 2, 3 or mixed. Nothing of a pupil, nothing of the contact."""

ASKING: Final = frozenset(
    {
        "please-confirm",
        "lecture-request",
        "task-reminder",
        "task-overdue",
    }
)
"""Messages that ask for something, and are pointless when it is done or no longer wanted."""
