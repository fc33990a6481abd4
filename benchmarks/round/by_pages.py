"""The demonstrated round with each decision at the offices' pages: what each part and each decision takes."""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.session import leave
from schemas.kernel.case import Actor, Command, Receipt
from tests.round.by_pages import ByPages, pages_of
from workers.demo.play import play
from workers.demo.servers import demo_servers
from workers.round.scenario import Scenario
from workers.settings import Settings


@dataclass
class Timed(ByPages):
    """Notes how long a decision takes, from its form until it is done."""

    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    async def decide(self, command: type[Command], by: Actor, **values: Any) -> Receipt:
        """As it is decided otherwise."""
        began = time.perf_counter()
        receipt = await super().decide(command, by, **values)
        self.took[command.step].append(time.perf_counter() - began)
        return receipt


async def run(applicants: int) -> bool:
    """Whether the round has closed, and all holds that must."""
    with tempfile.TemporaryDirectory() as folder:
        async with (
            demo_servers(Settings(home=Path(folder)), "round") as servers,
            pages_of(servers) as desk,
        ):
            sample = Scenario(servers, seed=1, folder=Path(folder), applicants=applicants)
            office = Timed(servers, sample.office.number, Path(folder), desk=desk)
            sample.office = sample.applications.office = office
            outcome = await play(sample, lambda _progress: None)
    for name, seconds in outcome.phases.items():
        print(f"{seconds:8.1f}  {name}")
    print("decisions at the pages: how many, median and longest in seconds")
    for step, took in sorted(office.took.items()):
        print(f"{len(took):6}  {statistics.median(took):6.2f}  {max(took):6.2f}  {step}")
    wrong = {name: count for name, count in outcome.invariants.items() if count}
    said = f"{applicants} applicants, {outcome.steps} steps, {outcome.seconds:.0f} s"
    print(f"{said}; does not hold: {wrong or 'nothing'}")
    return outcome.sound and not wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applicants", type=int, default=10_000)
    leave(0 if asyncio.run(run(parser.parse_args().applicants)) else 1)
