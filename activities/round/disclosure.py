"""What the steps of a disclosure ask the database for."""

from collections.abc import Mapping
from typing import Any, Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from activities.kernel.room import Lookup

SQL: Final = queries("round/disclosure")


async def _applicant(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """An application of the round, and whether a list that is out has a line of it; None: it is none."""
    row = await connection.fetchrow(SQL["applicant"], terms["case_id"], terms["application"])
    return None if row is None else dict(row)


async def _examinee(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Whether a number is of the round."""
    return await connection.fetchval(SQL["examinee"], terms["case_id"], terms["number"])


async def _column_checks(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Columns that are being checked, with who has doubted each."""
    rows = await connection.fetch(SQL["column_checks"], terms["case_id"])
    return {row["part"]: row["doubted_by"] for row in rows}


DISCLOSURE_LOOKUPS: Final[Mapping[str, Lookup]] = {
    "applicant": _applicant,
    "examinee": _examinee,
    "column-checks": _column_checks,
}
