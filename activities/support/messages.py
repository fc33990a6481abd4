"""The messages of a support case: whom each is for and what it tells. None says what it is about."""

from collections.abc import Mapping
from typing import Final

from activities.kernel.message_templates import Message, message

MESSAGES: Final[Mapping[str, Message]] = {
    "referral-received": message("referrer"),
    "referred-elsewhere": message("referrer", "code"),
    "referral-taken-up": message("referrer"),
    "contact-made": message("referrer"),
    "contact-missed": message("referrer"),
    "please-answer": message("student"),
    "appointment-soon": message("student"),
    "closed-unanswered": message("student"),
    "case-yours": message("staff"),
    "case-offered": message("staff"),
    "case-returned": message("staff"),
    "case-news": message("staff"),
    "case-lost": message("staff"),
    "cover-named": message("staff", "since", "until"),
    "decide-call": message("staff"),
    "due-soon": message("staff", "task", "due_at"),
    "overdue": message("staff", "task", "due_at"),
    "please-acknowledge": message("staff", "task", "due_at"),
    "page": message("staff", "page", outside=("page", "case")),
    "can-it-wait": message("staff"),
    "glass-broken": message("staff"),
    "consent-ended": message("staff"),
    "access-requested": message("staff"),
    "access-due": message("staff", "task", "due_at"),
    "access-news": message("student"),
}
"""`task`: a kind of clock. `page`: number of a page. Neither case nor level stands in a mail (P11)."""

ASKING: Final = frozenset({"please-answer", "due-soon"})
"""Messages that ask for something, and are pointless when it is done or no longer wanted."""
