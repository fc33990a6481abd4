"""`iehe worker`, `iehe relay`, `iehe gateway`: the processes of the system, each until it is told to end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.session import Exit, leave
from embedded.faults import StackFault

if TYPE_CHECKING:
    from workers.settings import Settings


def worker(
    *,
    homes: Annotated[
        list[str] | None,
        typer.Option("--home", metavar="HOME", help="Only for this home; may be given several times."),
    ] = None,
) -> None:
    """Run a worker until SIGTERM or SIGINT; waits for PostgreSQL and Temporal as long as it takes."""
    from workers.worker import run_worker

    run_until_told(lambda settings: run_worker(settings, homes or ()))


def relay() -> None:
    """Run a relay until SIGTERM or SIGINT; any number may run, and each waits for its servers."""
    from workers.relay.relay_process import run_relay

    run_until_told(run_relay)


def gateway() -> None:
    """Serve events, cases and decisions over HTTP until SIGTERM or SIGINT; waits for PostgreSQL."""
    from workers.gateway_process import run_gateway

    run_until_told(run_gateway)


def run_until_told(
    process: Callable[[Settings], Coroutine[Any, Any, int]], log_level: str | None = None
) -> None:
    """Run a process with the settings of the environment and leave with its exit code."""
    from workers.logs import configure
    from workers.settings import SettingsError, load_settings

    try:
        settings = load_settings()
        configure(settings.log_format, log_level or settings.log_level)
        leave(asyncio.run(process(settings)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        leave(Exit.USAGE)
    except StackFault as fault:
        print(fault, file=sys.stderr)
        leave(fault.exit_code)
