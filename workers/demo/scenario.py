"""What a process brings to its demonstration: `workers/<room>/scenario.py` with a class `Scenario`."""

import importlib
import random
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar
from uuid import uuid4

import asyncpg
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from cases.registry import CASE_ROOMS
from cases.texts import keep_text
from schemas.kernel.case import Actor, CaseState, Command, EventEnvelope
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from workers.demo.servers import Servers
from workflows.kernel.process import Process

S = TypeVar("S", bound=CaseState)
ROOMS_FOLDER = Path(__file__).parents[1]


class WentWrongError(Exception):
    """A demonstration has not gone as it ought to; the text says where."""


@dataclass(frozen=True)
class Turn(Generic[S]):
    """A case as it stands when somebody may act on it."""

    case_id: str
    state: S
    chance: random.Random

    def happens(self, share: float) -> bool:
        """Whether something happens this time that happens in such a share of all times."""
        return self.chance.random() < share

    def lot(self, what: str = "") -> float:
        """A number between 0 and 1 that belongs to the case for good."""
        return random.Random(self.case_id + what).random()  # noqa: S311 - lots of a play


class Scenario(ABC, Generic[S]):
    """The people and systems of a process: each acts on a case when it is their turn, or forgets to.

    Chance is seeded for each case, so that the same cases meet the same people.
    """

    process: Process[S]
    settled: ClassVar[frozenset[str]]
    """Stages in which it is nobody's turn any more: what follows is left to the clock."""
    slow: ClassVar[frozenset[str]] = frozenset()
    """Stages in which little happens: time moves faster when every case is settled or in one of these."""
    beside: ClassVar[tuple[str, ...]] = ()
    """Rooms of other processes that play a part: their policies are loaded too."""
    step: ClassVar[timedelta] = timedelta(days=3)
    """How far time is moved between two turns."""

    def __init__(self, servers: Servers, *, cases: int, seed: int, folder: Path) -> None:
        self.servers, self.cases, self.seed, self.folder = servers, cases, seed, folder
        self.moved = timedelta()
        """How far the time of the cases is ahead of the machine's."""
        self.events = self.decisions = self.refused = 0
        self._chances: dict[str, random.Random] = {}
        self.phases: dict[str, float] = {}
        """Of a course of its own, how many seconds each part of it has taken."""
        self.phase = ""
        """What is going on, where it takes long."""

    @property
    @abstractmethod
    def turns(self) -> Mapping[str, Callable[[Turn[S]], Awaitable[None]]]:
        """What happens to a case, by its stage; a stage that is not here is left to the clock."""

    @abstractmethod
    async def prepare(self) -> None:
        """Store people, what all cases go by, and what the cases are about; and have them started."""

    async def invariants(self) -> dict[str, int]:
        """What must hold at the end beside what holds for every process: how often it does not."""
        return {}

    async def act(self, case: asyncpg.Record) -> None:
        """Let whoever's turn it is do something, or not."""
        case_id, act = case["case_id"], self.turns.get(case["stage"])
        if act is not None:
            state = self.process.state.model_validate_json(case["state"])
            await act(Turn(case_id, state, self.chance_of(case_id)))

    def chance_of(self, case_id: str) -> random.Random:
        """The chance of a case, which goes on where it was."""
        made = random.Random(f"{self.seed}/{case_id}")  # noqa: S311 - a play
        return self._chances.setdefault(case_id, made)

    async def event(self, turn: Turn[S], fact: str, data: Mapping[str, Any]) -> None:
        """Another system tells the case something."""
        kind = event_type(self.process.name, fact)
        envelope = EventEnvelope(id=uuid4().hex, source="demo", type=kind, data=dict(data))
        try:
            await self.servers.client.get_workflow_handle(turn.case_id).signal(EVENT_SIGNAL, envelope)
            self.events += 1
        except RPCError:
            self.refused += 1

    async def decide(self, turn: Turn[S], command: type[Command], by: Actor, **values: Any) -> bool:
        """A person decides; False when it was refused."""
        message = command(command_id=uuid4().hex, actor=by, **values)
        try:
            handle = self.servers.client.get_workflow_handle(turn.case_id)
            await handle.execute_update(command.step, message, id=message.command_id)
        except (WorkflowUpdateFailedError, RPCError):
            self.refused += 1
            return False
        self.decisions += 1
        return True

    async def words(self, turn: Turn[S], text: str) -> str:
        """What a person says in words: stored, and its id."""
        text_id = uuid4()
        await keep_text(self.servers.pool, self.servers.vault, text_id, turn.case_id, "demo", text)
        return str(text_id)


class Course(Scenario[S]):
    """One case that many people act on, in an order of its own instead of by turns."""

    settled: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, servers: Servers, *, cases: int = 1, seed: int, folder: Path, applicants: int = 200
    ) -> None:
        super().__init__(servers, cases=min(cases, 1), seed=seed, folder=folder)
        self.applicants = applicants

    @property
    def turns(self) -> Mapping[str, Callable[[Turn[S]], Awaitable[None]]]:
        """Nobody has turns."""
        return {}

    @abstractmethod
    async def run(self, show: Callable[[], Awaitable[None]]) -> None:
        """From the first step to the last; `show` shows how far it is."""


def rooms_with_scenario() -> list[str]:
    """The processes that can be demonstrated, by room, in the registry's order."""
    return [room for room in CASE_ROOMS if (ROOMS_FOLDER / room / "scenario.py").exists()]


def scenario_of(room: str) -> type[Scenario[Any]]:
    """The scenario of one of these rooms."""
    found: type[Scenario[Any]] = importlib.import_module(f"workers.{room}.scenario").Scenario
    return found
