"""Who works on support cases."""

from enum import StrEnum


class Role(StrEnum):
    """Who works on support cases; of which unit a counsellor or lead is stands on the list of members."""

    TRIAGE = "triage_officer"
    COUNSELLOR = "counsellor"
    LEAD = "support_lead"
    HEAD = "head_of_support"
    VICE_PRESIDENT = "vice_president"
    DUTY = "duty_officer"
    DISCLOSURE = "disclosure_officer"
    HARASSMENT = "harassment_officer"
