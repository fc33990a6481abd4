"""Where a round stands, and what a list says of an application."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a round stands."""

    PLANNED = "planned"
    OPEN = "open"
    FIRST_STAGE = "first-stage"
    SCORING = "scoring"
    GATE = "gate"
    JUDGING = "judging"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    ENROLLING = "enrolling"
    SUPPLEMENTING = "supplementing"
    SETTLED = "settled"
    DISCLOSING = "disclosing"
    CLOSED = "closed"
    CANCELLED = "cancelled"
