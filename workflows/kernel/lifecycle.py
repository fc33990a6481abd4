"""A process's life as one table: which step is possible in which stage, by whom, and where it leads."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from schemas.kernel.case import Actor, ActorKind
from schemas.kernel.refusals import Refusal


class By(StrEnum):
    """Who takes a step, when it is not a person with a role."""

    EVENT = "event"
    CLOCK = "clock"
    SYSTEM = "system"


_KINDS = {By.EVENT: ActorKind.SYSTEM, By.SYSTEM: ActorKind.SYSTEM, By.CLOCK: ActorKind.CLOCK}


@dataclass(frozen=True)
class StageInfo:
    """A stage's names and whom the case waits for in it; `final` ends the case."""

    ja: str
    en: str
    waits_for: str | None = None
    final: bool = False


@dataclass(frozen=True)
class Step:
    """One line of the table. Empty `to`: the case stays where it is."""

    name: str
    at: frozenset[str]
    to: frozenset[str]
    by: frozenset[str] | By


def step(name: str, *, at: Iterable[str], by: Iterable[str] | By, to: Iterable[str] = ()) -> Step:
    """A line of the table."""
    who = by if isinstance(by, By) else frozenset(by)
    return Step(name, frozenset(at), frozenset(to), who)


class Lifecycle:
    """The table, and what follows from it."""

    def __init__(self, stages: dict[str, StageInfo], steps: Iterable[Step]) -> None:
        self.stages = stages
        self.steps = tuple(steps)
        self.open_stages = tuple(name for name, info in stages.items() if not info.final)
        self._final = frozenset(stages) - frozenset(self.open_stages)
        for line in self.steps:
            unknown = (line.at | line.to) - stages.keys() - {""}
            if unknown:
                raise ValueError(f"step {line.name} names unknown stages {sorted(unknown)}")

    def has(self, name: str) -> bool:
        """Whether it has a step of that name."""
        return any(line.name == name for line in self.steps)

    def check(self, name: str, stage: str, actor: Actor) -> None:
        """Refuse a step that the stage does not allow, or that needs a role the actor has not."""
        here = [line for line in self.steps if line.name == name and stage in line.at]
        if not here:
            if stage and self.stages[stage].final:
                raise Refusal("case-closed", step=name, stage=stage)
            possible = ", ".join(self.possible(stage)) or "-"
            raise Refusal("wrong-stage", step=name, stage=stage or "-", possible=possible)
        if any(isinstance(line.by, By) and _KINDS[line.by] is actor.kind for line in here):
            return
        allowed = {role for line in here if not isinstance(line.by, By) for role in line.by}
        # a message that calls itself the system's gets no role by saying so
        held = set(actor.roles) if actor.kind is ActorKind.PERSON else set()
        if not allowed & held:
            raise Refusal(
                "role-missing",
                step=name,
                roles=", ".join(sorted(allowed)) or "-",
                held=", ".join(sorted(held)) or "-",
            )

    def after_the_end(self, name: str) -> bool:
        """Whether a step is possible in a closed case: one that final stages have too."""
        return any(line.name == name and not line.at.isdisjoint(self._final) for line in self.steps)

    def check_move(self, name: str, stage: str, target: str) -> None:
        """A move that the table does not have is an error of the rules, not of the person.

        Raises:
            RuntimeError: the step's function went where its line does not lead.
        """
        if not any(line.name == name and stage in line.at and target in line.to for line in self.steps):
            raise RuntimeError(f"step {name} may not lead from {stage!r} to {target!r}")

    def possible(self, stage: str) -> list[str]:
        """The steps that people can take in a stage, in the table's order."""
        names = [line.name for line in self.steps if stage in line.at and not isinstance(line.by, By)]
        return list(dict.fromkeys(names))

    def moves(self) -> list[tuple[str, str, str]]:
        """(from, step, to) of every move, in the table's order; from is "" for the opening."""
        order = list(self.stages)

        def ordered(names: frozenset[str]) -> list[str]:
            return sorted(names, key=lambda name: order.index(name) if name else -1)

        return [
            (source, line.name, target)
            for line in self.steps
            for target in ordered(line.to)
            for source in ordered(line.at)
            if source != target
        ]

    def mermaid(self, current: str | None = None) -> str:
        """The diagram, in Mermaid's stateDiagram-v2 notation; `current` is marked."""
        labels: dict[tuple[str, str], list[str]] = {}
        for source, name, target in self.moves():
            labels.setdefault((source or "[*]", target), []).append(name)
        lines = ["stateDiagram-v2"]
        lines += [f"    {name}: {name} {info.ja}" for name, info in self.stages.items()]
        lines += [f"    {a} --> {b}: {' / '.join(names)}" for (a, b), names in labels.items()]
        lines += [f"    {name} --> [*]" for name, info in self.stages.items() if info.final]
        if current:
            lines += [
                "    classDef here fill:#ffd54f,stroke:#333,stroke-width:3px",
                f"    class {current} here",
            ]
        return "\n".join(lines)
