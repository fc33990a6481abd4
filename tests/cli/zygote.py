"""Processes of `iehe` that begin with everything imported: forked from one that has imported it once.

What a command does, prints and ends with is its own, in a process of its own; only the second that its
imports take is not paid again and again. How a real one starts is tested where that is the question.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import select
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, NoReturn

PACKAGES = ("cases", "cli", "embedded", "encryption", "gateway", "office", "spreadsheets", "workers")
PROGRAM = "cli.main"
READY = b"ready\n"


def run(
    arguments: Sequence[str], environment: Mapping[str, str], program: str = PROGRAM
) -> tuple[int, bytes, bytes]:
    """Run a command to its end: its exit code, what it printed, and its errors.

    Args:
        arguments: after the name of the program.
        environment: whole.
        program: a module whose `main` it is; it is imported before everything else.
    """
    with (
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        code = _ask(
            _address(program), arguments, environment, [each.fileno() for each in (nothing, out, err)]
        )
        return code, _whole(out), _whole(err)


def words() -> tuple[str, ...]:
    """What to begin a command with where a shell runs it; it has the shell's folder and variables."""
    return sys.executable, "-I", "-S", __file__, _address(PROGRAM)


def _ask(address: str, arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[int]) -> int:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(address)
        socket.send_fds(asking, [b"\n"], files)
        with asking.makefile("rw", encoding="utf-8") as lines:
            lines.write(json.dumps([list(arguments), dict(environment), os.getcwd()]) + "\n")  # noqa: PTH109
            lines.flush()
            return int(lines.readline())


def _whole(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@cache
def _address(program: str) -> str:
    """Where the one of this process and that program listens."""
    folder = tempfile.mkdtemp(prefix="iehe-zygote-")
    address = f"{folder}/socket"
    process = Popen([sys.executable, "-m", __name__, address, "-", program], stdin=PIPE, stdout=PIPE)  # noqa: S603 - ourselves
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == READY

    @atexit.register
    def end() -> None:
        with process:  # closes its input, which ends it
            shutil.rmtree(folder)

    return address


def serve(address: str, program: str) -> None:
    """Import everything, then fork a process for each that asks, until standard input ends."""
    importlib.import_module(program)
    for name in PACKAGES:
        package = importlib.import_module(name)
        for each in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(each.name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        os.write(1, READY)
        while sys.stdin not in (ready := select.select([listening, sys.stdin], [], [])[0]):
            asked, _ = ready[0].accept()
            if os.fork() == 0:
                listening.close()
                _watch(asked, program)
            asked.close()


def _watch(asked: socket.socket, program: str) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, files, _, _ = socket.recv_fds(asked, 1, 3)
    with asked.makefile("rw", encoding="utf-8") as lines:
        arguments, environment, folder = json.loads(lines.readline())
        pid = os.fork()
        if pid == 0:
            _become(program, arguments, environment, folder, files)
        lines.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
    os._exit(0)


def _become(
    program: str, arguments: list[str], environment: dict[str, str], folder: str, files: list[int]
) -> NoReturn:
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, 256)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["iehe", *arguments]
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", errors=errors, buffering=buffering)
        for number, mode, errors, buffering in (
            (0, "r", "strict", -1),
            (1, "w", "strict", -1),
            (2, "w", "backslashreplace", 1),
        )
    )
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]
    importlib.import_module(program).main()


if __name__ == "__main__":
    address, *rest = sys.argv[1:]
    if rest[0] == "-":
        serve(address, rest[1])
    else:
        sys.exit(_ask(address, rest, os.environ, (0, 1, 2)))
