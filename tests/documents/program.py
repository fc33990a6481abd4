"""The command line of an installation whose requests of schools have documents."""

import importlib

from cases.registry import PROCESSES, ROOMS
from tests.documents.desk import DOCUMENTED, DOCUMENTED_ROOM


def main() -> None:
    """Register the process, and run the program as it is."""
    ROOMS[DOCUMENTED.name] = DOCUMENTED_ROOM  # type: ignore[index]
    PROCESSES[DOCUMENTED.name] = DOCUMENTED  # type: ignore[index]
    # its commands are made from what is registered when it is imported
    importlib.import_module("cli.main").main()


if __name__ == "__main__":
    main()
