"""A worker process that dies, as by kill -9, when it reaches a named point."""

import asyncio
import os
import sys
from pathlib import Path

from temporalio.client import Client

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from encryption.ring import KeyRing
from workers.temporal import encrypted
from workers.worker import running_worker


async def main(address: str, database_url: str, smtp_port: str, point: str, ring: str) -> None:
    """Work until the point is reached."""

    async def die(reached: str) -> None:
        if reached == point:
            os._exit(9)

    client = await Client.connect(address, data_converter=encrypted(KeyRing(Path(ring)), "default"))
    pool = await open_pool(database_url)
    settings = SmtpSettings(host="127.0.0.1", port=int(smtp_port), tls="none", sender="a@example.ac.jp")
    async with running_worker(
        client, pool, NoticeActivities(pool, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings))}), fault=die
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
