"""Seconds to check a file of applications and to store it, and the memory that it takes."""

import argparse
import asyncio
import json
import resource
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from activities.admission.applications import store_applications
from cli.session import leave
from spreadsheets.admission.checking import check_file
from spreadsheets.admission.sample_files import write_csv, write_xlsx
from spreadsheets.admission.samples import sample_applications
from workers.demo.servers import demo_servers
from workers.settings import load_settings

ROUND = "2027-comprehensive"


async def main(rows: int) -> None:
    """Check each kind of file five times, store it once, print JSON."""
    figures: dict[str, object] = {"rows": rows}
    today = date(2026, 12, 31)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_csv(folder / "cp932.csv", sample_applications(rows, 1, ROUND), encoding="cp932")
        write_csv(folder / "utf8.csv", sample_applications(rows, 1, ROUND), encoding="utf-8-sig")
        write_xlsx(folder / "book.xlsx", sample_applications(rows, 1, ROUND))
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
        for kind, who in (
            ("memory", resource.RUSAGE_SELF),
            ("reader of workbooks", resource.RUSAGE_CHILDREN),
        ):
            figures[f"{kind} MiB"] = resource.getrusage(who).ru_maxrss // 1024
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    asyncio.run(main(parser.parse_args().rows))
    leave(0)
