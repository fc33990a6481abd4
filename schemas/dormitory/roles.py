"""Who works on the allocation of beds."""

from enum import StrEnum


class Role(StrEnum):
    """Who works on it."""

    HOUSE = "house_office"
    HEAD = "head_of_houses"
