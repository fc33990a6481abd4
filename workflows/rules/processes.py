"""Every process by its name: what a door to the cases needs to know of each."""

from collections.abc import Mapping
from typing import Any, Final

from schemas.identifiers import ProcessName
from workflows.rules.admission import ADMISSION_REVIEW
from workflows.rules.draft import Process

PROCESSES: Final[Mapping[ProcessName, Process[Any]]] = {ProcessName.ADMISSION_REVIEW: ADMISSION_REVIEW}
