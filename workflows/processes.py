"""Every process by its name: what a door to the cases needs to know of each."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.kernel.identifiers import ProcessName
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel.draft import Process

PROCESSES: Final[Mapping[ProcessName, Process[Any]]] = {ProcessName.ADMISSION_REVIEW: ADMISSION_REVIEW}
