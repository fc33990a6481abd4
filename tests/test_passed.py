"""A crash of a test process ends a run: the next goes on with what has not passed, and a fault stays one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CRASHES = "import os, signal, pathlib, time\n\ndef crash(): os.kill(os.getpid(), signal.SIGSEGV)\n\n"
ONCE = "def test_once():\n    if not (f := pathlib.Path('crashed')).exists(): f.touch(); crash()\n"
ALWAYS = "def test_always():\n    crash()\n"
COUNTED = "def test_counted():\n    with open('counted', 'a') as out: out.write('x')\n\n"
FAILS = "def test_fails():\n    assert False\n"
LATER = "def test_later():\n    with open('later', 'a') as out: out.write('x')\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose checks are none, with our way of running its tests."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    one = f"{sys.executable} -m pytest --quiet -p xdist -n 1 --max-worker-restart=0 $(TESTS)"
    (tmp_path / "Makefile").write_text(f"install check:\n\t@true\ntest:\n\t@{one}\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npython_files = its_*.py\n", encoding="utf-8")
    for name in ("chromium-headless-shell", "fc-list"):  # nothing is to be installed
        (tmp_path / name).write_text("#!/bin/sh\necho Noto Sans CJK\n", encoding="utf-8")
        (tmp_path / name).chmod(0o700)
    return tmp_path


def run(project: Path, *tests: str) -> tuple[int, list[str]]:
    """The exit code, and what was printed."""
    (project / "its_tests.py").write_text(CRASHES + "\n".join(tests), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(  # noqa: S603 - our own script
        ["/bin/bash", project / ".ci" / "run"],
        env=environment
        | {
            "PATH": f"{project}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=50,
    )
    return ended.returncode, ended.stdout.splitlines()


def test_what_has_not_passed_runs_after_a_crash_and_nothing_else(project) -> None:
    code, printed = run(project, COUNTED, ONCE, LATER)
    assert (code, printed[-1].split(" in ")[0]) == (0, "2 passed"), printed
    assert ((project / "counted").read_text(), (project / "later").read_text()) == ("x", "x")
    assert "a test process crashed, and the run with it: 1 tests have passed, the others run now" in printed


def test_without_a_crash_it_runs_once(project) -> None:
    code, printed = run(project, COUNTED, LATER)
    assert (code, printed[-1].split(" in ")[0]) == (0, "2 passed"), printed


def test_a_second_crash_in_the_same_test_is_its_fault(project) -> None:
    code, printed = run(project, COUNTED, ALWAYS, LATER)
    assert (code, printed[-1].split(" in ")[0]) == (1, "1 failed"), printed
    assert (project / "counted").read_text() == "x"


def test_a_failure_beside_a_crash_is_no_reason_to_run_again(project) -> None:
    code, printed = run(project, FAILS, ONCE)
    assert (code, printed[-1].split(" in ")[0]) == (1, "2 failed"), printed


def test_a_failure_after_a_crash_stays_one(project) -> None:
    code, printed = run(project, COUNTED, ONCE, FAILS)
    assert (code, printed[-1].split(" in ")[0]) == (1, "1 failed, 1 passed"), printed


def test_a_failure_is_not_run_again(project) -> None:
    code, printed = run(project, COUNTED, FAILS)
    assert (code, printed[-1].split(" in ")[0]) == (1, "1 failed, 1 passed"), printed
