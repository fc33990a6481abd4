"""`iehe demo`: cases of a process from their beginning to their end in a few minutes, by moving time."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from cli.case_arguments import carry_out
from cli.japanese import word
from cli.known import offered
from cli.session import CommandError, JsonOption, Session

if TYPE_CHECKING:
    from rich.table import Table

    from workers.demo.play import Outcome, Progress
    from workers.demo.scenario import Scenario
    from workflows.kernel.process import Process

WIDTH = 40


def _rooms() -> list[str]:
    from workers.demo.scenario import rooms_with_scenario

    return rooms_with_scenario()


def demo(
    room: Annotated[
        str | None,
        typer.Argument(
            metavar="[PROCESS]",
            help="The first part of its case ids; without: the first that there is.",
            autocompletion=offered(_rooms),
        ),
    ] = None,
    *,
    cases: Annotated[int, typer.Option(min=1, max=2000, help="How many cases.")] = 48,
    applicants: Annotated[
        int | None,
        typer.Option(min=60, max=20_000, help="How many applicants a round has; by default 200."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same cases.")] = 1,
    stay: Annotated[bool, typer.Option("--stay", help="Keep the servers for a look until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Play the sample cases of a process to their end on servers of its own.

    The office's data and clock are not touched.
    """

    async def work(session: Session) -> None:
        import tempfile
        from pathlib import Path

        from workers.demo.play import play
        from workers.demo.scenario import Course, WentWrongError, scenario_of
        from workers.demo.servers import demo_servers
        from workers.logs import configure

        there = _rooms()
        chosen = room or there[0]
        if chosen not in there:
            raise CommandError("no-demonstration", room=chosen, known=", ".join(there))
        configure("json", "error")
        with tempfile.TemporaryDirectory(prefix="iehe-demo-files-") as folder:
            session.remark("demo-servers-start")
            played = scenario_of(chosen)
            of_course = issubclass(played, Course)
            if applicants is not None and not of_course:
                raise CommandError("no-applicants", room=chosen)
            asked = {"applicants": applicants} if applicants is not None else {}
            if of_course:
                session.remark("demo-applications-played")
            async with demo_servers(session.settings, chosen, *played.beside) as servers:
                session.remark("demo-ui", ui=servers.ui)
                scenario = played(servers, cases=cases, seed=seed, folder=Path(folder), **asked)
                with _Screen(scenario.process, silent=as_json) as screen:
                    try:
                        outcome = await play(scenario, screen.show)
                    except WentWrongError as error:
                        raise CommandError("demo-went-wrong", why=error) from error
                _report(session, outcome, scenario)
                if stay:
                    session.remark("demo-servers-stay", ui=servers.ui)
                    await _until_interrupted()
        if not outcome.sound:
            raise CommandError("unsound")

    carry_out(work, as_json=as_json)


class _Screen:
    """How many cases are in each stage: a live picture on a terminal, otherwise a line per step."""

    def __init__(self, process: Process[Any], *, silent: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        self._process, self._silent = process, silent
        self._live = Live(console=console, transient=True) if console.is_terminal and not silent else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, course: Progress) -> None:
        """Show how far the play is."""
        if self._live is not None:
            self._live.update(_picture(self._process, course))
        elif not self._silent:
            known = ((stage, course.stages.get(stage)) for stage in self._process.lifecycle.stages)
            stages = ", ".join(f"{stage} {count}" for stage, count in known if count)
            phase = f" ({course.phase})" if course.phase else ""
            print(f"day {course.day}{phase}: {stages}", file=sys.stderr, flush=True)


def _picture(process: Process[Any], course: Progress) -> Table:
    from rich.table import Table

    counts = f"{course.events} events, {course.decisions} decisions, {course.notices} mails"
    phase = f" ({course.phase})" if course.phase else ""
    table = Table(title=f"day {course.day}{phase}: {counts}")
    table.add_column("stage")
    table.add_column("", width=WIDTH)
    table.add_column("cases", justify="right")
    most = max(course.stages.values(), default=1)
    for stage, info in process.lifecycle.stages.items():
        count = course.stages.get(stage, 0)
        colour = "green" if info.final else "yellow"
        table.add_row(f"{stage} {info.ja}", f"[{colour}]{'█' * (count * WIDTH // most)}[/]", str(count or ""))
    return table


def _report(session: Session, outcome: Outcome, scenario: Scenario[Any]) -> None:
    notices = ", ".join(f"{state} {count}" for state, count in sorted(outcome.notices.items()))
    told = {**outcome.as_dict(), "process": scenario.process.name, "temporal_ui": scenario.servers.ui}
    endings = "\n".join(f"  {count:>5}  {ending}" for ending, count in outcome.endings.items())
    if outcome.invariants:
        held = (f"  {count:>5}  {name}" for name, count in outcome.invariants.items())
        endings += "\n" + "\n".join((word("what does not hold, and how often") + ":", *held))
    if outcome.phases:
        took = (f"  {seconds:>7.1f}  {name}" for name, seconds in outcome.phases.items())
        endings += "\n" + "\n".join((word("seconds for each part") + ":", *took))
    session.answer(told, "demo-played", notices=notices, endings=endings)


async def _until_interrupted() -> None:
    import signal

    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
