"""The command line of an installation whose requests of schools have documents."""

from cases.registry import PROCESSES, ROOMS
from tests.documents.desk import DOCUMENTED, DOCUMENTED_ROOM


def main() -> None:
    """Register the process, and run the program as it is."""
    ROOMS[DOCUMENTED.name] = DOCUMENTED_ROOM  # type: ignore[index]
    PROCESSES[DOCUMENTED.name] = DOCUMENTED  # type: ignore[index]
    from cli.main import main as run

    run()


if __name__ == "__main__":
    main()
