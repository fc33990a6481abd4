"""PostgreSQL that goes away in the middle of any command is an answer that says what to do."""

import asyncio

import asyncpg
import pytest

from cli.session import Exit

COMMANDS = [
    (("source", "list"), "sources"),
    (("staff", "list"), "staff"),
    (("admission", "round", "list"), "rounds"),
    (("admission", "round", "places", "2027-general"), "round_places"),
    (("policy", "list"), "policies"),
    (("policy", "show", "default-1"), "policies"),
]
WAITING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'iehe-cli' AND datname = current_database() AND wait_event_type = 'Lock'
"""


@pytest.mark.parametrize(("words", "table"), COMMANDS)
async def test_a_connection_cut_in_the_middle_is_answered(office, database, words, table):
    """A command whose connection is cut while it waits for rows says that PostgreSQL does not answer."""
    holder, cutter = [await asyncpg.connect(database.url(role)) for role in ("owner", "office")]
    async with holder.transaction():
        await holder.execute(f"LOCK TABLE iehe.{table} IN ACCESS EXCLUSIVE MODE")
        asking = asyncio.create_task(office(*words, "--json"))
        async with asyncio.timeout(20):
            while not await cutter.fetch(WAITING):
                await asyncio.sleep(0.02)
        ended = await asking
    for connection in (holder, cutter):
        await connection.close()
    assert (ended.code, ended.json["error"]["code"]) == (Exit.UNAVAILABLE, "database-unreachable"), ended


async def test_a_file_that_cannot_be_used_is_not_a_server(office, tmp_path):
    """A fault of a file names the file, and does not say that PostgreSQL is away."""
    mail = tmp_path / "home" / "mail"
    (mail / "new").mkdir(parents=True)
    ended = await office("mail", "list", "--json", IEHE_SMTP_EMBEDDED="true")
    assert (ended.code, ended.json["error"]["code"]) == (Exit.UNUSABLE, "file-unusable"), ended
    assert str(mail) in ended.json["error"]["message"]["en"]
