"""Members of staff as they stand in the database."""

from collections.abc import Iterable
from typing import Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from schemas.kernel.people import StaffRow

SQL: Final = queries("kernel/staff")


async def store_staff(connection: Connection, rows: Iterable[StaffRow]) -> int:
    """Add or update staff; who is not in the file stays as they are. Returns how many were given."""
    records = [
        (
            row.staff_id,
            row.name,
            row.email,
            row.language,
            sorted(map(str, row.roles)),
            row.load_cap,
            row.available_from,
            row.available_to,
            row.phone,
            row.address,
            "[" + ",".join(employer.model_dump_json() for employer in row.employers) + "]",
            list(row.relations),
        )
        for row in rows
    ]
    async with connection.transaction():
        await connection.executemany(SQL["store"], records)
    return len(records)
