"""This system beside other engines, on the same servers in turns; what a case costs; a worker's restart."""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from benchmarks import bare, costs
from benchmarks.admission import case as own
from benchmarks.playing import Engine, at_once, in_waves, quietly, watching
from benchmarks.restart import restart
from benchmarks.script import Hands, hands, record, script, snapshot
from benchmarks.servers import Servers, processor_seconds, servers
from cli.session import leave
from workers.logs import configure

ENGINES: Final = ("iehe", "plain", "tuned", "dbos", "sql")
MODES: Final = ("burst", "waves", "light")
WIDTH: Final = 22
TURN: Final = 600.0
"""Seconds after which an engine's turn is given up."""
LIGHT: Final = 2
"""Cases at a time in the mode that asks how long one waits, not how many there are."""


@dataclass
class Sql:
    """No engine: the load writes the steps and sends the mails itself."""

    hands: Hands
    table: str = "bench.cases"
    _deliveries: dict[str, list[asyncio.Task[None]]] = field(default_factory=dict)

    async def start(self, case_id: str) -> None:
        """Write the first step."""
        self._deliveries[case_id] = []
        await self._follow(case_id, None)

    async def send(self, case_id: str, number: int) -> int:
        """Write what follows from the message."""
        return await self._follow(case_id, number)

    async def result(self, case_id: str) -> None:
        """Return when the mails are gone."""
        await asyncio.gather(*self._deliveries.pop(case_id))

    async def _follow(self, case_id: str, number: int | None) -> int:
        version = 0
        for version, step in script().after(number):
            await self.hands.write(case_id, version)
            if step.notices:
                delivery = asyncio.create_task(self.hands.deliver(case_id, version))
                self._deliveries[case_id].append(delivery)
        return version


@asynccontextmanager
async def _sql(at: Servers) -> AsyncIterator[tuple[Sql, Sequence[int]]]:
    made = await hands(at.postgres.url("worker"), at.mail_port)
    try:
        yield Sql(made), []
    finally:
        made.pool.terminate()


def running(name: str, at: Servers) -> AbstractAsyncContextManager[tuple[Engine, Sequence[int]]]:
    """An engine with its worker, and the ids of the worker's processes; none: the load is the worker."""
    match name:
        case "iehe" | "iehe-direct":
            return own.running(at, direct=name == "iehe-direct")
        case "plain" | "tuned":
            return bare.running(at, name)
        case "dbos":
            from benchmarks import with_dbos  # noqa: PLC0415 - not installed with the project

            return with_dbos.running(at)
        case "sql":
            return _sql(at)
    raise SystemExit(
        f"no engine {name}; there are {', '.join(ENGINES)} and iehe-direct, without inbox and relay"
    )


async def rehearse(at: Servers, engine: Engine, pool: asyncpg.Pool, case_id: str) -> None:
    """Record what a case writes, for the engines that have no rules."""
    async with watching(pool, engine.table) as watch:
        played = quietly(engine, watch, case_id, len(own.MESSAGES), await at.client(), pool)
        snapshots = [await snapshot(pool, case_id) async for _ in played]
    decisions = [message.command is not None for message in own.MESSAGES]
    await record(pool, case_id, snapshots, decisions, at.home.root / "script.json")


async def measure(
    at: Servers, pool: asyncpg.Pool, engine_name: str, mode: str, cases: Sequence[str], limit: int
) -> dict[str, float]:
    """The figures of one engine's turn."""

    def used() -> dict[str, float]:
        worker = processor_seconds(pids) if pids else time.process_time()
        each = {name: processor_seconds(running) for name, running in at.pids.items()}
        return {"worker": worker, **each, "load": time.process_time()}

    async with running(engine_name, at) as (engine, pids), watching(pool, engine.table) as watch:
        await at_once(engine, watch, cases[:1], 1)  # what is made at first use
        cases = cases[1:]
        before, began = used(), time.perf_counter()
        if mode == "waves":
            took = await in_waves(engine, watch, cases)
        else:
            took = await at_once(engine, watch, cases, LIGHT if mode == "light" else limit)
        seconds, after = time.perf_counter() - began, used()
    took.sort()
    spent = {group: 1000 * (after[group] - before[group]) / len(cases) for group in after}
    return {
        "cases_per_second": len(cases) / seconds,
        **{f"{group}_ms": value for group, value in spent.items()},
        "worker_and_servers_ms": sum(spent.values()) - spent["load"],
        "p50_ms": 1000 * statistics.median(took),
        "p95_ms": 1000 * took[int(0.95 * (len(took) - 1))],
    }


async def compare(given: argparse.Namespace) -> None:
    """All engines in all modes, in turns."""
    names: list[str] = given.engines
    turns = [(mode, number) for mode in given.modes for number in range(given.rounds)]
    ours = sum(name.startswith("iehe") for name in names)
    async with servers() as at:
        stored = iter(await own.prepare(at, 1 + (given.cases + 1) * len(turns) * ours))
        pool = await at.pool("owner", 4)
        async with own.running(at) as (engine, _):
            await rehearse(at, engine, pool, next(stored))
        figures: dict[str, dict[str, list[dict[str, float]]]] = {}
        for mode, number in turns:
            first = number % len(names)
            for name in names[first:] + names[:first]:
                cases = [f"{name}/{mode}-{number}-{each}" for each in range(given.cases + 1)]
                if name.startswith("iehe"):
                    cases = [next(stored) for _ in cases]
                try:
                    async with asyncio.timeout(TURN):
                        found = await measure(at, pool, name, mode, cases, given.at_once)
                except TimeoutError:
                    print(f"{mode} {number + 1} {name}: stood still, left out", file=sys.stderr, flush=True)
                    continue
                figures.setdefault(mode, {}).setdefault(name, []).append(found)
                print(
                    f"{mode} {number + 1} {name}",
                    {key: round(value, 1) for key, value in found.items()},
                    file=sys.stderr,
                    flush=True,
                )
    medians = {
        mode: {
            name: {key: statistics.median(each[key] for each in found) for key in found[0]}
            for name, found in engines.items()
        }
        for mode, engines in figures.items()
    }
    for engines in medians.values():
        mine = engines.get(names[0], {})
        for name in (each for each in engines if mine and each != names[0]):
            for key in ("cases_per_second", "worker_and_servers_ms"):
                mine[f"{key} / {name}'s"] = mine[key] / engines[name][key]
    print(json.dumps({"medians": medians, "rounds": figures}, indent=2) if given.json else _table(medians))


def _table(medians: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    lines = []
    for mode, engines in medians.items():
        first, *others = engines.values()
        lines += [f"{mode:<8}" + "".join(f"{key:>{WIDTH}}" for key in others[0])] if others else [mode]
        for name, found in engines.items():
            lines.append(
                f"{name:<8}"
                + "".join(f"{value:>{WIDTH}.1f}" for key, value in found.items() if "/" not in key)
            )
        lines += [f"  {key} {value:.2f}" for key, value in first.items() if "/" in key] + [""]
    return "\n".join(lines)


async def counted(others: Sequence[str]) -> dict[str, dict[str, int]]:
    """What a case costs here and on other engines, by the servers' books."""
    async with servers(costs.LOGGING) as at:
        stored = await own.prepare(at, 2)
        pool = await at.pool("owner", 4)
        async with own.running(at) as (engine, _):
            await rehearse(at, engine, pool, stored[0])
            counts = {"iehe": await costs.count(at, engine, stored[1], len(own.MESSAGES), pool)}
        for name in others:
            async with running(name, at) as (other, _):
                async with watching(pool, other.table) as watch:
                    await at_once(other, watch, [f"{name}/first"], 1)
                counts[name] = await costs.count(at, other, f"{name}/case", len(own.MESSAGES), pool)
    return counts


def main() -> None:
    """Read the arguments and do it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    does = parser.add_subparsers(dest="what", required=True)
    each = does.add_parser("compare", help="this system and others, in turns")
    each.add_argument("--cases", type=int, default=100, help="for each engine in each round")
    each.add_argument("--rounds", type=int, default=3)
    each.add_argument("--at-once", type=int, default=32, help="cases at a time in a burst")
    each.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    counts = does.add_parser("costs", help="what one case costs, exactly")
    counts.add_argument("--write", action="store_true", help=f"into {costs.PAGE.name}")
    for one in (each, counts):
        one.add_argument("--engines", nargs="+", default=ENGINES)
        one.add_argument("--json", action="store_true", help="for programs, with the figures of each round")
    again = does.add_parser("restart", help="the only worker is killed while cases are open and facts wait")
    again.add_argument("--cases", type=int, default=1000)
    again.add_argument("--waiting", type=int, help="cases with waiting facts; all, if not given")
    again.add_argument("--facts", type=int, default=1, help="facts that wait for each of these")
    given = parser.parse_args()
    configure("json", "error")
    match given.what:
        case "compare":
            given.engines = list(given.engines)
            asyncio.run(compare(given))
        case "costs":
            found = asyncio.run(counted([name for name in given.engines if name != "iehe"]))
            print(json.dumps(found) if given.json else costs.table(found), flush=True)
            if given.write:
                costs.write(found)
        case "restart":
            asyncio.run(restart(given.cases, given.waiting or given.cases, given.facts))
    leave(0)


if __name__ == "__main__":
    main()
