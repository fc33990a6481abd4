"""Who works on a round; the names are those of admission, whose applications it judges."""

from enum import StrEnum


class Role(StrEnum):
    """Who works on it."""

    ADMISSIONS_OFFICE = "admissions_office"
    CHECKER = "checker"
    HEAD_OF_ADMISSIONS = "head_of_admissions"
