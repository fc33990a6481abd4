"""Where a support case stands, how pressing it is, and which unit works on it."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a case stands."""

    REFERRED = "referred"
    TRIAGED = "triaged"
    ASSIGNED = "assigned"
    IN_CONTACT = "in-contact"
    WAITING = "waiting"
    REFERRED_ON = "referred-on"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    CLOSED = "closed"
    LINKED = "linked"
    ADVICE_ONLY = "advice-only"
    MISDIRECTED = "misdirected"
    LEFT = "left"
    DECEASED = "deceased"


CRISIS: Final = "crisis"
"""The track beside the stages: around the clock, ended by a person only."""


class Crisis(StrEnum):
    """Where the crisis of a case stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ATTENDING = "attending"
    STOOD_DOWN = "stood-down"


class Unit(StrEnum):
    """Who works on cases."""

    COUNSELLING = "counselling"
    DISABILITY = "disability"
    RESIDENCE = "residence"
    HEALTH = "health"
    ADVISING = "advising"
    HARASSMENT = "harassment"


class Content(StrEnum):
    """How much of a case a unit sees by the student's consent."""

    CASE = "case"
    """Where it stands."""
    WORK = "work"
    """What is done there, too."""
    PERSONAL = "personal"
    """And whom it is about, and what was said."""


class Way(StrEnum):
    """By which way somebody was referred."""

    HELPDESK = "helpdesk"
    EARLY_ALERT = "early-alert"
    RESIDENCE = "residence"
    DESK = "desk"
    FORM = "form"
    REGISTER = "register"
    """From the register that the office kept before."""


class Channel(StrEnum):
    """How the student was, or was to be, spoken to."""

    PHONE = "phone"
    MEETING = "meeting"
    VIDEO = "video"
    MAIL = "mail"
    CHAT = "chat"


class Outcome(StrEnum):
    """What came of an attempt to speak to the student."""

    REACHED = "reached"
    MISSED = "missed"
    MESSAGE_LEFT = "message-left"


CRISIS_LEVEL: Final = 1
URGENT_LEVEL: Final = 2
USUAL_LEVEL: Final = 3
ADVICE_LEVEL: Final = 4
"""Levels of risk: the lower the number, the more pressing."""


def level_of(distress: int | None, hostility: int | None) -> int:
    """The level that the rubric gives: by the higher score, 4 → 1, 3 → 2, 2 → 3, else 4 (S9).

    A score that is not known is not 0: it is taken for 2.
    """
    highest = max(2 if score is None else score for score in (distress, hostility))
    return max(CRISIS_LEVEL, min(ADVICE_LEVEL, 5 - highest))


LIVING_WITH_OWNER: Final = frozenset(
    {Stage.ASSIGNED, Stage.IN_CONTACT, Stage.WAITING, Stage.REFERRED_ON, Stage.REOPENED, Stage.TRIAGED}
)
"""Stages in which a case can change hands."""
