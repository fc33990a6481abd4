"""The messages of admission review: whom each is for, and the facts that it tells."""

from collections.abc import Mapping
from typing import Final

from activities.kernel.message_templates import Message, message

MESSAGES: Final[Mapping[str, Message]] = {
    "application-received": message("applicant", "missing", "due_at"),
    "items-missing": message("applicant", "missing", "due_at"),
    "items-chaser": message("applicant", "missing", "due_at"),
    "item-revoked": message("applicant", "missing", "due_at"),
    "application-complete": message("applicant"),
    "application-late": message("applicant"),
    "closed-incomplete": message("applicant", "missing"),
    "post-not-received": message("applicant"),
    "ineligible": message("applicant"),
    "offer-made": message("applicant", "due_at"),
    "offer-reminder": message("applicant", "due_at"),
    "offer-lapsed": message("applicant"),
    "offer-accepted": message("applicant", "due_at"),
    "offer-declined": message("applicant"),
    "enrolment-lapsed": message("applicant"),
    "closed-with-round": message("applicant"),
    "dates-moved": message(
        *("applicant", "exam_on", "make_up_on", "first_stage_at", "release_at", "enrol_by", "promote_from")
    ),
    "waitlisted": message("applicant", "due_at"),
    "waitlist-released": message("applicant"),
    "rejected": message("applicant"),
    "result-ready": message("applicant"),
    "rejudged-offer": message("applicant", "due_at"),
    "enrolled": message("applicant"),
    "conditions-not-met": message("applicant"),
    "deferred": message("applicant"),
    "withdrawal-confirmed": message("applicant"),
    "duplicate-closed": message("applicant"),
    "data-corrected": message("applicant", "corrected"),
    "decision-taken-back": message("applicant"),
    "address-corrected": message("applicant-before"),
    "accommodation-received": message("applicant"),
    "accommodation-late": message("applicant", "due_on"),
    "accommodation-decided": message("applicant", "result"),
    "enrolment-reminder": message("applicant", "due_at"),
    "recommendation-request": message("referee", "due_at"),
    "recommendation-chaser": message("referee", "due_at"),
    "review-invitation": message("staff", "case", "answer_by", "due_at"),
    "review-answer-reminder": message("staff", "case", "due_at"),
    "review-reminder": message("staff", "case", "due_at"),
    "review-overdue": message("staff", "case", "due_at", "overdue_days"),
    "review-overdue-chair": message("staff", "case", "due_at", "overdue_days"),
    "review-overdue-head": message("staff", "case", "due_at", "overdue_days"),
    "review-released": message("staff", "case"),
    "vote-request": message("staff", "case", "ballot", "due_at"),
    "vote-reminder": message("staff", "case", "due_at"),
    "task-reminder": message("staff", "case", "task", "due_at"),
    "task-overdue": message("staff", "case", "task", "due_at", "overdue_days"),
}


ASKING: Final = frozenset(
    {
        "items-missing",
        "items-chaser",
        "item-revoked",
        "offer-reminder",
        "enrolment-reminder",
        "recommendation-request",
        "recommendation-chaser",
        "review-invitation",
        "review-answer-reminder",
        "review-reminder",
        "review-overdue",
        "review-overdue-chair",
        "review-overdue-head",
        "vote-request",
        "vote-reminder",
        "task-reminder",
        "task-overdue",
    }
)
"""Messages that ask for something, and are pointless when it is done or no longer wanted."""
