"""Every door that exchange students have of their own."""

from typing import Final

from gateway.door import Door
from gateway.exchange import office_doors, partner_doors

DOORS: Final[tuple[Door, ...]] = (*partner_doors.DOORS, *office_doors.DOORS)
