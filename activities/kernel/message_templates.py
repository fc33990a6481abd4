"""The words of every message: which facts each one tells, and how it is rendered for its reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

import jinja2

from activities.kernel.wording import blocks, day, linked, when

LANGUAGES: Final = ("ja", "en")
FOLDERS: Final = {"admission-review": "admission"}
"""Room under `activities/` by process."""


@dataclass(frozen=True)
class Message:
    """Whom a message is for (`applicant`, `referee`, `staff`) and the facts that it tells.

    `due_at`, `answer_by`: ISO date and time with offset; `due_on`: ISO date. For `item-revoked` and
    `accommodation-late` None means that there is no such day. `missing`: names, each `{"ja": …, "en": …}`;
    empty in `application-received` when the post is awaited. `task`: kind of task or deadline. `result`:
    granted, partly_granted, refused. `overdue_days`, `ballot`: whole numbers. `case`: the case id, which
    the delivery itself puts in.
    """

    to: str
    facts: frozenset[str]


def _message(to: str, *facts: str) -> Message:
    return Message(to, frozenset(facts))


MESSAGES: Final[Mapping[str, Message]] = {
    "application-received": _message("applicant", "missing", "due_at"),
    "items-missing": _message("applicant", "missing", "due_at"),
    "items-chaser": _message("applicant", "missing", "due_at"),
    "item-revoked": _message("applicant", "missing", "due_at"),
    "application-complete": _message("applicant"),
    "application-late": _message("applicant"),
    "closed-incomplete": _message("applicant", "missing"),
    "post-not-received": _message("applicant"),
    "ineligible": _message("applicant"),
    "offer-made": _message("applicant", "due_at"),
    "offer-reminder": _message("applicant", "due_at"),
    "offer-lapsed": _message("applicant"),
    "offer-accepted": _message("applicant", "due_at"),
    "offer-declined": _message("applicant"),
    "waitlisted": _message("applicant", "due_at"),
    "waitlist-released": _message("applicant"),
    "rejected": _message("applicant"),
    "rejudged-offer": _message("applicant", "due_at"),
    "enrolled": _message("applicant"),
    "conditions-not-met": _message("applicant"),
    "deferred": _message("applicant"),
    "withdrawal-confirmed": _message("applicant"),
    "duplicate-closed": _message("applicant"),
    "accommodation-received": _message("applicant"),
    "accommodation-late": _message("applicant", "due_on"),
    "accommodation-decided": _message("applicant", "result"),
    "enrolment-reminder": _message("applicant", "due_at"),
    "recommendation-request": _message("referee", "due_at"),
    "recommendation-chaser": _message("referee", "due_at"),
    "review-invitation": _message("staff", "case", "answer_by", "due_at"),
    "review-answer-reminder": _message("staff", "case", "due_at"),
    "review-reminder": _message("staff", "case", "due_at"),
    "review-overdue": _message("staff", "case", "due_at", "overdue_days"),
    "review-overdue-chair": _message("staff", "case", "due_at", "overdue_days"),
    "review-overdue-head": _message("staff", "case", "due_at", "overdue_days"),
    "review-released": _message("staff", "case"),
    "vote-request": _message("staff", "case", "ballot", "due_at"),
    "vote-reminder": _message("staff", "case", "due_at"),
    "task-reminder": _message("staff", "case", "task", "due_at"),
    "task-overdue": _message("staff", "case", "task", "due_at", "overdue_days"),
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


class NotRenderedError(Exception):
    """A message that cannot be written; `reason` is `unknown-message` or `missing-fact`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Office:
    """Who signs, where to ask (`contact`) and where applicants and staff sign in; empty is left out."""

    name_ja: str = "アドミッションセンター"
    name_en: str = "Admissions Office"
    contact: str = ""
    portal: str = ""


@dataclass(frozen=True)
class Reader:
    """Who reads it: `kind` as in the notice; `application_no` is told to applicants and their schools."""

    kind: str
    name: str
    language: str
    application_no: str | None = None


@dataclass(frozen=True)
class Rendered:
    """A message in one language; `html` says what `text` says."""

    subject: str
    text: str
    html: str


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("activities", ""),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when_ja": partial(when, language="ja"),
        "when_en": partial(when, language="en"),
        "day_ja": partial(day, language="ja"),
        "day_en": partial(day, language="en"),
        "linked": linked,
    }
    return environment


def render(process: str, message: str, facts: Mapping[str, Any], reader: Reader, office: Office) -> Rendered:
    """One message for one reader; facts that the message does not tell are not shown to its template.

    Raises NotRenderedError.
    """
    if process not in FOLDERS or message not in MESSAGES:
        raise NotRenderedError("unknown-message")
    told = {key: value for key, value in facts.items() if key in MESSAGES[message].facts}
    context = {"facts": told, "recipient": reader, "office": office, "language": reader.language}
    environment = _environment()
    try:
        template = environment.get_template(f"{FOLDERS[process]}/templates/{message}/{reader.language}.txt")
        # Subjects lie open in mail logs and on locked screens: they are given nothing they could tell.
        subject = "".join(template.blocks["subject"](template.new_context({}))).strip()
        body = "".join(template.blocks["body"](template.new_context(context))).strip()
        text = (
            environment.get_template(f"kernel/templates/letter.{reader.language}.txt")
            .render(context, body=body)
            .strip()
            + "\n"
        )
        html = environment.get_template("kernel/templates/layout.html").render(
            language=reader.language, subject=subject, blocks=blocks(text)
        )
    except (jinja2.UndefinedError, TypeError, ValueError):
        raise NotRenderedError("missing-fact") from None
    except (jinja2.TemplateNotFound, KeyError):
        raise NotRenderedError("unknown-message") from None
    return Rendered(subject, text, html)
