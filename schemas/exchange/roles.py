"""Who works on the mobilities of exchange students."""

from enum import StrEnum


class Role(StrEnum):
    """Who works on them."""

    OFFICE = "exchange_office"
    HEAD = "head_of_exchange"
    ADVISOR = "advisor"
    COORDINATOR = "faculty_coordinator"
    COMMITTEE = "exchange_committee"
    REGISTRAR = "registrar"
    TUTOR = "tutor"
