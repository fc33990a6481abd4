"""`iehe gateway`: the door for other systems."""

from __future__ import annotations

import asyncio
import sys

from cli.session import Exit, leave


def gateway() -> None:
    """Serve events, cases and decisions over HTTP until SIGTERM or SIGINT; waits for PostgreSQL."""
    from embedded.faults import StackFault
    from workers.gateway_process import run_gateway
    from workers.logs import configure
    from workers.settings import SettingsError, load_settings

    try:
        settings = load_settings()
        configure(settings.log_format, settings.log_level)
        leave(asyncio.run(run_gateway(settings)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        leave(Exit.USAGE)
    except StackFault as fault:
        print(fault, file=sys.stderr)
        leave(fault.exit_code)
