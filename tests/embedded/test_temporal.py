"""The embedded Temporal server."""

import sqlite3
from contextlib import closing

from embedded.ports import free_port
from embedded.temporal import TemporalPorts, TemporalServer, _keep_copy_before_upgrade


async def test_answers_and_lists(client, eventually):
    """The server of the tests takes a workflow and lists it."""
    handle = await client.start_workflow("nobody-runs-it", id="listed", task_queue="none")

    async def count():
        return (await client.count_workflows("WorkflowId = 'listed'")).count

    assert await eventually(count) == 1
    await handle.terminate()


async def test_the_file_is_in_wal_mode(tmp_path):
    """The state is in a file in write-ahead mode, which several readers and one writer share well."""
    ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port())
    server = TemporalServer(ports, folder=tmp_path, log=tmp_path / "log")
    await server.start()
    await server.stop()
    with closing(sqlite3.connect(tmp_path / "temporal.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_copy_is_kept_before_an_upgrade(tmp_path):
    """Before another version opens the file the old state is kept beside it, once."""
    with closing(sqlite3.connect(tmp_path / "temporal.db")) as connection:
        connection.execute("CREATE TABLE state (x)")
    (tmp_path / "version").write_text("1.0.0")
    _keep_copy_before_upgrade(tmp_path)
    with closing(sqlite3.connect(tmp_path / "temporal.db.1.0.0")) as copy:
        assert copy.execute("SELECT name FROM sqlite_master").fetchone() == ("state",)
    (tmp_path / "temporal.db.1.0.0").unlink()
    _keep_copy_before_upgrade(tmp_path)
    assert not (tmp_path / "temporal.db.1.0.0").exists()


async def test_a_file_that_never_answered_is_made_anew(server_home, tmp_path) -> None:
    """Killed while it made its tables: the half-made file is dropped at the next start."""
    (tmp_path / "temporal.db").write_bytes(b"")
    with closing(sqlite3.connect(tmp_path / "temporal.db")) as database:
        database.execute("CREATE TABLE half (made INTEGER)")
        database.commit()
    ports = TemporalPorts(frontend=free_port(), http=free_port(), metrics=free_port())
    server = TemporalServer(ports, folder=tmp_path, log=server_home.logs / "half.log")

    await server.start()
    await server.stop()
    await server.start()
    await server.stop()

    with closing(sqlite3.connect(tmp_path / "temporal.db")) as database:
        tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    assert "half" not in tables
    assert "namespaces" in tables
