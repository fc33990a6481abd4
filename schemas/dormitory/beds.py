"""A row of a house's list of beds, as a file has it."""

from datetime import date

from schemas.dormitory.run import BedName, House
from schemas.dormitory.stages import RoomKind
from schemas.kernel.payload import Payload


class BedRow(Payload):
    """A bed, and the days on which somebody lives there whom no case is about; never who."""

    house: House
    bed: BedName
    room: BedName
    kind: RoomKind
    group: str | None = None
    first: date | None = None
    until: date | None = None
    lived_in: bool = False
