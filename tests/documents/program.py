"""The command line of an installation whose requests of schools have documents."""

from cases.registry import PROCESSES, ROOMS
from tests.documents.desk import DOCUMENTED, DOCUMENTED_ROOM

ROOMS[DOCUMENTED.name] = DOCUMENTED_ROOM  # type: ignore[index]
PROCESSES[DOCUMENTED.name] = DOCUMENTED  # type: ignore[index]

# its commands are made from what is registered when it is imported
from cli.main import main  # noqa: E402

__all__ = ["main"]
