"""`iehe worker`, `iehe relay`, `iehe gateway`: the processes of the system, each until it is told to end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from cli.session import Exit, leave

if TYPE_CHECKING:
    from workers.settings import Settings


def worker() -> None:
    """Run a worker until SIGTERM or SIGINT; waits for PostgreSQL and Temporal as long as it takes."""
    from workers.worker_process import run_worker

    _run(run_worker)


def relay() -> None:
    """Run a relay until SIGTERM or SIGINT; any number may run, and each waits for its servers."""
    from workers.relay.relay_process import run_relay

    _run(run_relay)


def gateway() -> None:
    """Serve events, cases and decisions over HTTP until SIGTERM or SIGINT; waits for PostgreSQL."""
    from workers.gateway_process import run_gateway

    _run(run_gateway)


def _run(process: Callable[[Settings], Coroutine[Any, Any, int]]) -> None:
    from embedded.faults import StackFault
    from workers.logs import configure
    from workers.settings import SettingsError, load_settings

    try:
        settings = load_settings()
        configure(settings.log_format, settings.log_level)
        leave(asyncio.run(process(settings)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        leave(Exit.USAGE)
    except StackFault as fault:
        print(fault, file=sys.stderr)
        leave(fault.exit_code)
