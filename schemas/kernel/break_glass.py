"""Opening a case that one does not see, in an emergency: the fact, and what a colleague says of it."""

from typing import ClassVar

from pydantic import AwareDatetime

from schemas.kernel.case import KernelCommand
from schemas.kernel.identifiers import RoleName, StaffId
from schemas.kernel.payload import Payload


class GlassBroken(Payload):
    """A member of staff has opened a case that they do not see; why is among its words."""

    staff_id: StaffId
    roles: tuple[RoleName, ...]
    until: AwareDatetime


class ReviewBreakGlass(KernelCommand):
    """Say whether a colleague was right to open a case that they do not see."""

    step: ClassVar[str] = "review-break-glass"
    staff: StaffId
    """Who opened it."""
    justified: bool
    """Whether they were right to."""
