"""`iehe demo`: a cohort from application to its end in a few minutes, by moving time."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.case_arguments import carry_out, say
from cli.session import CommandError, JsonOption, Session, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from workers.demo.play import Course, Outcome
    from workers.demo.servers import Servers

WIDTH = 40


def demo(
    *,
    rows: Annotated[int, typer.Option(min=1, max=2000, help="Applications in the cohort.")] = 48,
    seed: Annotated[int, typer.Option(help="The same seed plays the same cohort.")] = 1,
    stay: Annotated[bool, typer.Option("--stay", help="Keep the servers for a look until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Play a whole cohort to its end on servers of its own; the office's data and clock are not touched."""

    async def work(session: Session) -> None:
        import tempfile
        from pathlib import Path

        from workers.demo.play import play
        from workers.demo.servers import demo_servers
        from workers.logs import configure

        configure("json", "error")
        japanese = session.settings.language == "ja"

        def talk(line: str) -> None:
            if not as_json:
                print(line, file=sys.stderr, flush=True)

        with tempfile.TemporaryDirectory(prefix="iehe-demo-files-") as folder:
            async with demo_servers(session.settings, talk) as servers:
                talk(f"Temporal UI: {servers.ui}")
                show = _Screen(as_json=as_json)
                with show:
                    outcome = await play(servers, rows=rows, seed=seed, folder=Path(folder), show=show)
                _report(session, outcome, servers)
                if stay:
                    stays = "Ctrl-C まで起動したままです" if japanese else "The servers stay until Ctrl-C"
                    talk(f"{stays}. Temporal UI: {servers.ui}")
                    await _until_interrupted()
        if not outcome.sound:
            raise CommandError("unsound")

    carry_out(work, as_json=as_json)


class _Screen:
    """How many cases are in each stage: a live picture on a terminal, otherwise a line per step."""

    def __init__(self, *, as_json: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        self._silent = as_json
        self._live = Live(console=console, transient=True) if console.is_terminal and not as_json else None

    def __enter__(self) -> None:
        if self._live is not None:
            self._live.start()

    def __exit__(self, *_error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, course: Course) -> None:
        if self._live is not None:
            self._live.update(_picture(course))
        elif not self._silent:
            stages = ", ".join(f"{stage} {count}" for stage, count in sorted(course.stages.items()))
            print(f"day {course.day}: {stages}", file=sys.stderr, flush=True)


def _picture(course: Course) -> Table:
    from rich.table import Table

    from workflows.admission.process import STAGES

    counts = f"{course.events} events, {course.decisions} decisions, {course.notices} mails"
    table = Table(title=f"day {course.day}: {counts}")
    table.add_column("stage")
    table.add_column("", width=WIDTH)
    table.add_column("cases", justify="right")
    most = max(course.stages.values(), default=1)
    for stage, info in STAGES.items():
        count = course.stages.get(stage, 0)
        colour = "green" if info.final else "yellow"
        table.add_row(f"{stage} {info.ja}", f"[{colour}]{'█' * (count * WIDTH // most)}[/]", str(count or ""))
    return table


def _report(session: Session, outcome: Outcome, servers: Servers) -> None:
    if session.as_json:
        print_json({**outcome.as_dict(), "temporal_ui": servers.ui})
        return
    count, days, seconds = outcome.applications, outcome.moved_days, outcome.seconds
    say(
        session,
        f"{count} applications, {days} days, played in {seconds} s",
        f"出願 {count} 件、{days} 日間、所要 {seconds} 秒",
    )
    for ending, count in outcome.endings.items():
        print(f"  {count:>5}  {ending}")
    say(
        session,
        f"steps in the logs: {outcome.steps}, chains broken: {outcome.broken_chains}",
        f"履歴の記録 {outcome.steps} 件、連鎖の不整合 {outcome.broken_chains} 件",
    )
    states = ", ".join(f"{state} {count}" for state, count in sorted(outcome.notices.items()))
    doubled, still_open = outcome.doubled_notices, outcome.open_cases
    say(
        session,
        f"notices: {states}; sent twice: {doubled}; cases still open: {still_open}",
        f"通知: {states}。二重送信 {doubled} 件、継続中の案件 {still_open} 件",
    )


async def _until_interrupted() -> None:
    import signal

    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
