"""The command line of the tests: what it prints is its own, whoever prints at the same time."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tests.cli.command_line import CommandLine

SECONDS = 3
BUSY = f"""
import asyncio, sys, time
from tests.cli import command_line

async def commands(iehe):
    while time.monotonic() < end:
        assert (await iehe("tasks", by=None)).out == "a line"

async def main():
    asked = asyncio.create_task(commands(command_line.CommandLine()))
    while time.monotonic() < end:
        print("what a worker tells", flush=True)
        await asyncio.sleep(0)
    await asked

command_line._program = lambda *_: lambda _words, prog_name: sys.stdout.write("a line")
sys.setswitchinterval(1e-6)
end = time.monotonic() + {SECONDS}
asyncio.run(main())
"""


def test_who_prints_while_a_command_ends_prints_somewhere() -> None:
    """`print` has no reference to the output that it prints to: one that ended would end the process."""
    ended = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", BUSY],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr.decode()[-2000:]


async def test_commands_at_the_same_time_print_each_for_itself() -> None:
    """And after the last of them the test itself prints where it did."""
    iehe = CommandLine()
    one, two = await asyncio.gather(iehe("--version", by=None), iehe("tasks", "--help", by=None))
    assert (one.code, two.code) == (0, 0)
    assert one.out != two.out
    assert "--version" not in one.out
    assert "Usage" in two.out
