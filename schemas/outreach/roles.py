"""Who works on requests of schools."""

from enum import StrEnum


class Role(StrEnum):
    """Who works on requests."""

    OFFICE = "connection_office"
    HEAD = "head_of_connection"
    LECTURER = "lecturer"
