"""The roles that work in admission."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may be to a case. A task is waiting for a role or for one person in it."""

    ADMISSIONS_OFFICE = "admissions_office"
    REVIEWER = "reviewer"
    COMMITTEE_MEMBER = "committee_member"
    COMMITTEE_CHAIR = "committee_chair"
    HEAD_OF_ADMISSIONS = "head_of_admissions"
    CHECKER = "checker"
    AUDITOR = "auditor"
