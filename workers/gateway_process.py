"""The gateway as a process."""

from gateway.app import create_app
from workers.http_process import run_http
from workers.settings import Settings


async def run_gateway(settings: Settings) -> int:
    """Serve until told to stop and return the exit code, 8 where the port is taken.

    Raises:
        StackFault: the embedded stack is meant and does not run.
        SettingsError: the key ring is missing, cannot be used, or is not the database's.
    """
    return await run_http("gateway", settings, create_app)
