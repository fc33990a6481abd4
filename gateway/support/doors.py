"""Every door that support has of its own."""

from typing import Final

from gateway.door import Door
from gateway.support import boards, duty, files, incidents, papers

DOORS: Final[tuple[Door, ...]] = (
    *boards.DOORS,
    *duty.DOORS,
    *incidents.DOORS,
    *papers.DOORS,
    *files.DOORS,
)
