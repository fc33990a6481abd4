"""Where a school's request stands, what it asks for, and how a lecturer has answered."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    CHECKED = "checked"
    OFFERING = "offering"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    PREPARED = "prepared"
    HELD = "held"
    REPORTED = "reported"
    CLOSED = "closed"
    WAITING_DATE = "waiting-date"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What a school asks for: a lecture at the school, a visit to the university, a talk online."""

    LECTURE = "lecture"
    VISIT = "visit"
    ONLINE = "online"


class Answer(StrEnum):
    """Where a lecturer's answer stands: `silent` was written by the clock, `over` is no longer wanted."""

    ASKED = "asked"
    YES = "yes"
    NO = "no"
    SILENT = "silent"
    RELEASED = "released"
    OVER = "over"
