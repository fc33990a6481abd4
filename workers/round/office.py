"""Who acts on the 見本 (sample) round: the office by commands and decisions; and the time that is moved."""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from activities.kernel.private_files import write_private
from schemas.kernel.case import Actor, Command, EventEnvelope, Receipt
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from schemas.kernel.japan import TOKYO
from schemas.kernel.people import StaffRow
from workers.demo.scenario import WentWrongError
from workers.demo.servers import Servers
from workers.settings import Settings
from workers.staff_tokens import issue_token
from workflows.round.process import ROUND

OFFICE: Final = Actor(id="mihon-office", roles=("admissions_office",))
CHECKER: Final = Actor(id="mihon-checker", roles=("checker",))
HEAD: Final = Actor(id="mihon-head", roles=("head_of_admissions",))
PEOPLE: Final = (OFFICE, CHECKER, HEAD)
TOKEN_HOURS: Final = 12.0
PATIENCE: Final = 900.0
"""Seconds within which whatever is waited for has happened, or something is wrong."""
ATTEMPTS: Final = 20


def people() -> list[StaffRow]:
    """The staff of the round."""
    return [
        StaffRow(
            staff_id=who.id,
            name=f"見本 {who.id}",
            email=f"{who.id}@example.ac.jp",
            roles=frozenset(who.roles),
        )
        for who in PEOPLE
    ]


@dataclass
class RoundOffice:
    """The people of one round; what they do they do by commands of `iehe` and by decisions.

    Args:
        servers: of the demonstration.
        number: of the round.
        folder: for files.
        iehe: what a command begins with.
    """

    servers: Servers
    number: str
    folder: Path
    iehe: Sequence[str] = (sys.executable, "-m", "cli.main")
    ahead: timedelta = timedelta()
    """How far the round's time is ahead of the machine's."""
    decisions: int = 0
    _tokens: dict[str, Path] = field(default_factory=dict)

    @property
    def case_id(self) -> str:
        """Of the round."""
        return ROUND.case_id(self.number)

    # time

    @property
    def now(self) -> datetime:
        """By the round's clock."""
        return datetime.now(UTC).astimezone(TOKYO) + self.ahead

    async def goes_on(self, moment: datetime) -> None:
        """Time goes on until then, that of releases and that of the workflow."""
        span = moment - self.now
        await self.servers.pool.execute(
            "INSERT INTO iehe.clock_shift (shift) VALUES ($1 - clock_timestamp())"
            " ON CONFLICT (one) DO UPDATE SET shift = excluded.shift",
            moment,
        )
        skipper = self.servers.skipper
        await skipper.fast_forward(skipper.client.get_workflow_handle(self.case_id), span)
        self.ahead += span

    async def until(self, held: str, *values: Any) -> float:
        """Wait for a condition on the database, `$1` in it is the case; the seconds that it took.

        Raises:
            WentWrongError: it does not come to hold.
        """
        started = time.monotonic()
        while not await self.servers.pool.fetchval(f"SELECT {held}", self.case_id, *values):
            if time.monotonic() - started > PATIENCE:
                raise WentWrongError(f"it never came to hold: {held}")
            await asyncio.sleep(0.1)
        return time.monotonic() - started

    async def until_stage(self, *stages: str, beat: timedelta = timedelta(minutes=1)) -> None:
        """Let time go on, by so much each time, until the round is in one of the stages."""
        started = time.monotonic()
        while await self.stage() not in stages:
            if time.monotonic() - started > PATIENCE:
                raise WentWrongError(f"the round is in {await self.stage()} and never in {stages}")
            await self.goes_on(self.now + beat)

    async def stage(self) -> str:
        """Of the round."""
        asked = "SELECT stage FROM iehe.cases WHERE case_id = $1"
        return str(await self.servers.pool.fetchval(asked, self.case_id))

    async def heard(self) -> None:
        """Whatever was told to the round is with it."""
        await self.until("NOT EXISTS (SELECT FROM iehe.events WHERE case_id = $1 AND state = 'stored')")

    # people

    async def command(self, by: Actor, *words: object, refused: bool = False) -> Any:
        """A command of `iehe round` or another group, by somebody, as its answer in JSON.

        Args:
            by: who acts, shown by a token.
            words: the command.
            refused: whether it is to be refused; else it must not be.

        Raises:
            WentWrongError: it was refused, or it was to be and was not.
        """
        environment = {**self.servers.environment, "IEHE_TOKEN_FILE": str(self._token(by))}
        process = await asyncio.create_subprocess_exec(
            *(*self.iehe, *map(str, words), "--json"),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, error = await process.communicate()
        if (process.returncode != 0) is not refused:
            said = (error or out).decode()[-600:]
            raise WentWrongError(f"iehe {' '.join(map(str, words))}: ended with {process.returncode}: {said}")
        return json.loads(out)

    def _token(self, by: Actor) -> Path:
        if by.id not in self._tokens:
            settings = Settings(home=Path(self.servers.environment["IEHE_HOME"]))
            path = self.folder / f"token-{by.id}"
            write_private(path, issue_token(settings, by.id, TOKEN_HOURS)[0].encode("ascii"))
            self._tokens[by.id] = path
        return self._tokens[by.id]

    async def decide(self, command: type[Command], by: Actor, **values: Any) -> Receipt:
        """A decision; one that is refused ends the demonstration."""
        message = command(command_id=uuid4().hex, actor=by, **values)
        handle = self.servers.client.get_workflow_handle(self.case_id)
        for tried in itertools.count(1):
            try:
                receipt: Receipt = await handle.execute_update(
                    command.step, message, id=message.command_id, result_type=Receipt
                )
            except WorkflowUpdateFailedError as refused:
                raise WentWrongError(f"{command.step} was refused: {refused.cause}") from None
            except RPCError:
                # on a busy machine a worker may be too late with its answer; under its id it is made once
                if tried == ATTEMPTS:
                    raise
                await asyncio.sleep(1)
            else:
                break
        self.decisions += 1
        return receipt

    async def tasks(self, kind: str) -> list[str]:
        """Open tasks of a kind, by their keys."""
        asked = (
            "SELECT key FROM iehe.tasks WHERE case_id = $1 AND closed_at IS NULL"
            " AND (key = $2 OR starts_with(key, $2 || ':')) ORDER BY key"
        )
        return [row["key"] for row in await self.servers.pool.fetch(asked, self.case_id, kind)]

    # systems

    async def portal_tells(self, fact: str, data: Mapping[str, Any]) -> None:
        """The applicants' portal tells something that happens now, by the round's clock."""
        envelope = EventEnvelope(
            id=uuid4().hex,
            source="demo",
            type=event_type(ROUND.name, fact),
            occurred_at=self.now,
            received_at=self.now,
            data=dict(data),
        )
        await self.servers.client.get_workflow_handle(self.case_id).signal(EVENT_SIGNAL, envelope)
