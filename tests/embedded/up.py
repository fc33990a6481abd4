"""A stack with a small `prepare` and a worker that only says ready, run as a program by `test_stack`."""

import asyncio
import os
import sys
from uuid import uuid4

import asyncpg
from temporalio.client import Client

from embedded.connection import Embedded
from embedded.stack import run_stack
from workers.settings import Settings, load_settings

WORKER = "from embedded.worker import tell_ready; import signal; tell_ready(); signal.pause()"


async def prepare(settings: Settings) -> None:
    """Leave one row and one workflow a start, and say how many there are."""
    if os.environ.get("TEST_PREPARE_FAILS"):
        raise RuntimeError("the step failed")
    connection = await asyncpg.connect(Embedded(settings).url("owner"))
    await connection.execute("CREATE TABLE IF NOT EXISTS public.starts (at timestamptz DEFAULT now())")
    await connection.execute("INSERT INTO public.starts DEFAULT VALUES")
    rows = await connection.fetchval("SELECT count(*) FROM public.starts")
    await connection.close()
    client = await Client.connect(**settings.temporal_connection())
    await client.start_workflow("nobody-runs-it", id=f"start-{uuid4()}", task_queue="none")
    count = 0
    async with asyncio.timeout(10):  # visibility follows the start by some milliseconds
        while count < rows:
            count = (await client.count_workflows()).count
    say(f"rows {rows} workflows {count}")


def say(line: str) -> None:
    """Print at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    command = [sys.executable, "-c", os.environ.get("TEST_WORKER", f"{WORKER} # worker")]
    gateway = [sys.executable, "-c", f"{WORKER} # gateway"]
    code = asyncio.run(
        run_stack(
            load_settings(), prepare, {"worker": command, "gateway": gateway}, report=say, hints=["try this"]
        )
    )
    os._exit(code)
