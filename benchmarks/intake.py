"""Seconds to check a file of applications and to store it."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from activities.applications import store_applications
from workers.cli.session import leave
from workers.demo.servers import demo_servers
from workers.intake.checking import check_file
from workers.intake.sample_files import write_csv, write_xlsx
from workers.intake.samples import sample_applications
from workers.settings import load_settings

ROUND = "2027-comprehensive"


async def main(rows: int) -> None:
    """Check each kind of file five times, store it once, print JSON."""
    figures: dict[str, object] = {"rows": rows}
    today = date(2026, 12, 31)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = list(sample_applications(rows, 1, ROUND))
        write_csv(folder / "cp932.csv", sample, encoding="cp932")
        write_csv(folder / "utf8.csv", sample, encoding="utf-8-sig")
        write_xlsx(folder / "book.xlsx", sample)
        for file in sorted(folder.iterdir()):
            times = []
            for _ in range(5):
                started = time.perf_counter()
                checked = check_file(file, round_id=ROUND, known_programmes=None, today=today)
                times.append(time.perf_counter() - started)
            spread = (statistics.median(times), min(times), max(times))
            figures[f"check {file.name}, median min max s"] = [round(value, 2) for value in spread]
        async with (
            demo_servers(load_settings(), lambda line: print(line, file=sys.stderr)) as servers,
            servers.pool.acquire() as connection,
        ):
            started = time.perf_counter()
            await store_applications(
                connection,
                checked.rows,
                file_sha256="-" * 64,
                round_id=ROUND,
                skipped=0,
                imported_by="benchmark",
            )
            figures["store s"] = round(time.perf_counter() - started, 2)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    asyncio.run(main(parser.parse_args().rows))
    leave(0)
