"""From a partner's notice to the case and back, by the running worker and relay."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from temporalio.service import RPCError

from activities.kernel.database import open_pool
from activities.kernel.mail_channel import MailChannel
from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.notices import NoticeActivities
from cases.registry import ROOMS
from embedded.mail import MailCatcher
from embedded.ports import free_port
from tests.exchange.partnership import Partnership
from workers.relay.relay import CONNECTIONS, running_relay
from workers.worker import running_worker


@pytest.fixture
async def working(client, database, partnership: Partnership, tmp_path) -> AsyncIterator[Partnership]:
    catcher = MailCatcher(tmp_path / "mail", free_port())
    await catcher.start()
    settings = SmtpSettings(host="127.0.0.1", port=catcher.port, tls="none", sender="a@example.ac.jp")
    notices = NoticeActivities(partnership.pool, ROOMS, {"mail": MailChannel(ROOMS, Mailer(settings))})
    relay, tools = await open_pool(database.url("worker"), size=CONNECTIONS), partnership.tools
    async with (
        running_worker(client, partnership.pool, notices, webhooks=tools.webhooks, mark=tools.mark),
        running_relay(relay, client),
    ):
        yield partnership
    await relay.close()
    await catcher.stop()
    # what is left running would otherwise go to the next test's worker
    async for each in client.list_workflows("ExecutionStatus = 'Running'"):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(each.id).terminate("end of the test")


async def test_from_the_notice_to_the_case_and_back(working: Partnership, eventually) -> None:
    """Notified, fetched, started; what the case makes of it is told, and the next revision reaches it."""
    server, owner = working.server, working.owner
    await owner.execute("INSERT INTO iehe.exchange_agreements VALUES ('20S', 'a1', 'uni-a', 'all', 1, 6)")
    # a term of long ago: nominated outside the window, on whatever day this runs (X10)
    server.put("m-1", term="20S", first="2020-04-01", last="2020-08-20")
    assert (await server.notify(working.door, "m-1")).status_code == 202
    stage = "SELECT stage FROM iehe.cases"
    await eventually(lambda: owner.fetchval(f"{stage} WHERE stage = 'rejected'"), 20)
    await eventually(lambda: len(server.heard) == 1, 20)
    answer = await server.ask(working.door, "mobilities", mobilities=["m-1"])
    assert answer.json()["mobilities"][0]["status"] == "rejected"
    server.put("m-1", last="2020-07-31")
    await server.notify(working.door, "m-1")
    await eventually(lambda: owner.fetchval("SELECT state ->> 'last' = '2020-07-31' FROM iehe.cases"), 20)
    assert len(await working.facts("mobility-changed")) == 1
