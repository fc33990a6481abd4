"""Roles of the host, beside those that work in the processes."""

from collections.abc import Mapping
from typing import Final

ADMINISTRATOR: Final = "administrator"
AUDITOR: Final = "auditor"
HOST_ROLES: Final[Mapping[str, tuple[str, str]]] = {
    ADMINISTRATOR: ("システム管理", "administrator"),
    AUDITOR: ("監査", "auditor"),
}
"""By name: in Japanese and in English."""
