"""Homes: where the cases of some processes live apart from those of all others.

A home has its own Temporal namespace, task queues, role in the database and key ring. Who works for one of
them gets neither the work, nor the rows, nor the keys of another.
"""

import re
from dataclasses import dataclass
from typing import Final

from schemas.kernel.identifiers import CASES_QUEUE, NOTICES_QUEUE

COMMON: Final = "common"
"""The home of every process that names none."""
_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class CaseHome:
    """A home by its name, and what follows from that.

    Raises:
        ValueError: the name cannot be part of a namespace, a queue, a role and a file.
    """

    name: str

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise ValueError(f"a home cannot be called {self.name!r}")

    @property
    def common(self) -> bool:
        """Whether it is the one that every process has which names none."""
        return self.name == COMMON

    @property
    def cases_queue(self) -> str:
        """Task queue of its case workflows and their database activities."""
        return CASES_QUEUE if self.common else f"iehe-{self.name}-cases"

    @property
    def notices_queue(self) -> str:
        """Task queue of its notification activity."""
        return notices_queue_of(self.cases_queue)

    @property
    def login(self) -> str:
        """Its workers' role in the database, which `iehe.home_of_login` reads the home from again."""
        return "iehe_worker" if self.common else f"iehe_{self.name}_worker"

    @property
    def ring_file(self) -> str:
        """Name of its key ring's file in the embedded stack."""
        return "keys.json" if self.common else f"keys-{self.name}.json"

    def namespace(self, base: str) -> str:
        """Its namespace, where no setting names one."""
        return base if self.common else f"{base}-{self.name}"


def notices_queue_of(cases_queue: str) -> str:
    """The notices' queue that belongs to a case's own: a workflow knows only that one."""
    return cases_queue.removesuffix("cases") + NOTICES_QUEUE.rpartition("-")[2]
