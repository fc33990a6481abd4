"""`iehe relay`: brings stored events to their cases."""

from __future__ import annotations

import asyncio
import sys

from cli.session import Exit, leave


def relay() -> None:
    """Run a relay until SIGTERM or SIGINT; any number may run, and each waits for its servers."""
    from embedded.faults import StackFault
    from workers.logs import configure
    from workers.relay.relay_process import run_relay
    from workers.settings import SettingsError, load_settings

    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        leave(Exit.USAGE)
    configure(settings.log_format, settings.log_level)
    try:
        leave(asyncio.run(run_relay(settings)))
    except SettingsError as error:
        print(error, file=sys.stderr)
        leave(Exit.USAGE)
    except StackFault as fault:
        print(fault, file=sys.stderr)
        leave(fault.exit_code)
