"""Rows that a step of a request writes; `kind` names the function of the database that does."""

from typing import Literal

from pydantic import AwareDatetime

from schemas.kernel.payload import Payload
from schemas.outreach.stages import Answer


class LecturerAsked(Payload):
    """A lecturer was asked, or the answer changed."""

    kind: Literal["asked"] = "asked"
    lecturer: str
    answer: Answer
    remark_id: str | None = None


class Booked(Payload):
    """A lecturer accepted, or a booking moved: refused when busy, or over the load of the term (O4).

    Letters that name another date and have not been sent are not sent any more (K8).
    """

    kind: Literal["booked"] = "booked"
    lecturer: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    term_from: AwareDatetime
    term_until: AwareDatetime
    load_cap: int


class DateReleased(Payload):
    """No date stands any more: the lecturer is free, and letters that name one are not sent (K8)."""

    kind: Literal["released"] = "released"
    cause: str


class Held(Payload):
    """How many persons were there, which stays; later the lecturer's report."""

    kind: Literal["held"] = "held"
    persons: int | None = None
    report_id: str | None = None


class ContactErased(Payload):
    """The contact's personal data goes, counts stay (O28)."""

    kind: Literal["contact-erased"] = "contact-erased"
