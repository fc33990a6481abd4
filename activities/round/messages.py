"""The messages of a round: staff alone; applicants hear from their own cases."""

from collections.abc import Mapping
from typing import Final

from activities.kernel.message_templates import Message, message

MESSAGES: Final[Mapping[str, Message]] = {
    "task-reminder": message("staff", "case", "task", "due_at"),
    "task-overdue": message("staff", "case", "task", "due_at", "overdue_days"),
}
"""`task`: a code; `due_at`: ISO date and time with offset. Nothing of an applicant, and no result."""

ASKING: Final = frozenset({"task-reminder", "task-overdue"})
"""Messages that ask for something, and are pointless when it is done or no longer wanted."""
