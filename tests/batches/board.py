"""A case whose batches are loaded by an office and accepted by steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from activities.kernel.database import transact
from cases.batches import load_batch
from schemas.kernel.batches import ReadBatch
from tests.batches.mappings import PERSONS, WIDE, Desk, mapping, named

CASE = "admission/2027-FIRST"
PROCESS = "admission-review"
KIND = "exam-scores"
Line = tuple[str, str, str]
"""Number, mathematics, English, as a file has them."""


@dataclass(frozen=True)
class Board:
    """What a test does, and what stands then."""

    owner: asyncpg.Connection
    worker: asyncpg.Pool
    office: asyncpg.Pool
    desk: Desk

    def read(self, lines: Sequence[Line], part: str | None = None) -> ReadBatch:
        """Lines through a file and its check."""
        total = sum(
            (Decimal(cell) for _, *cells in lines for cell in cells if cell[:1].isdigit()), Decimal(0)
        )
        of = mapping(WIDE)
        table = [("受験番号", "数学", "英語"), *lines]
        checked = self.desk.check(of, table, named(of, len(lines), str(total), part=part))
        assert checked.batch is not None, checked.faults
        return checked.batch

    async def load(self, *lines: Line, part: str | None = None, **other: Any) -> dict[str, Any]:
        """Check and store."""
        return await load_batch(self.office, "office-1", CASE, PROCESS, self.read(lines, part), **other)

    async def accept(
        self, batch: dict[str, Any], *, hash_: str = "", case_id: str | None = CASE
    ) -> list[str]:
        """As a step's record function does it."""

        async def work(connection: Any) -> list[str]:
            return list(
                await connection.fetchval(
                    "SELECT iehe.accept_batch($1, $2, 'office-2', now(), $3)",
                    *(UUID(batch["batch"]), hash_ or batch["hash"], case_id),
                )
            )

        return await transact(self.worker, work)

    async def taken(self, *lines: Line) -> dict[str, Any]:
        """Loaded and accepted."""
        batch = await self.load(*lines)
        await self.accept(batch)
        return batch

    async def standing(self) -> dict[tuple[str, str], str]:
        """What counts: the number or the state."""
        rows = await self.owner.fetch("SELECT * FROM iehe.batch_values")
        return {
            (row["number"], row["part"]): row["state"] if row["value"] is None else str(row["value"])
            for row in rows
        }

    async def count(self, table: str) -> int:
        """Rows of a table."""
        return int(await self.owner.fetchval(f"SELECT count(*) FROM iehe.{table}"))  # noqa: S608 - our own

    async def text(self) -> UUID:
        """Words that say why, as a door has stored them."""
        await self.owner.execute(
            "INSERT INTO iehe.case_keys (case_id, class_key, wrapped) VALUES ($1, 'none', '') "
            "ON CONFLICT DO NOTHING",
            CASE,
        )
        return UUID(
            str(
                await self.owner.fetchval(
                    "INSERT INTO iehe.texts (text_id, case_id, author, sealed) "
                    "VALUES (gen_random_uuid(), $1, 'office-1', 'x') RETURNING text_id",
                    CASE,
                )
            )
        )


NUMBERS = tuple(PERSONS)
