"""What has passed is written down, and left out by a run that goes on where a crash has ended the one before.

A plugin for `.ci/run`: `pytest -p tests.passed --passed-in=FILE`; the file has a test id a line. With `=`: a
path that stands by itself is taken for one of tests, and the project's folder for another.
"""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--passed-in", type=Path, required=True, help="file of the tests that have passed")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # who hands tests out hears of all of them
        config.pluginmanager.register(_Passed(config.getoption("--passed-in")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every process reads the file before any test runs: all have the same tests left."""
    file: Path = config.getoption("--passed-in")
    passed = set(file.read_text(encoding="utf-8").splitlines())
    left_out = [item for item in items if item.nodeid in passed]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item.nodeid not in passed]


class _Passed:
    """Writes a test down once nothing of it is left that could fail."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self._failed:
            with self._file.open("a", encoding="utf-8") as out:
                out.write(f"{report.nodeid}\n")
