"""The versions of the policy to which an application can be moved."""

from collections.abc import Mapping
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from office.options import Asking, Found
from office.words import Tongue
from schemas.admission.commands import ChangePolicy
from schemas.admission.state import AdmissionState
from schemas.kernel.case import Command
from workflows.admission.process import ADMISSION_REVIEW
from workflows.kernel.choices import Choice

SQL: Final = queries("admission/rounds")
_JA: Final = Tongue("ja")
_EN: Final = Tongue("en")


async def _versions(pool: asyncpg.Pool, state: AdmissionState, _found: Found) -> Found:
    """Those that have the route of the case, the latest first; the one that it follows is none of them."""
    if state.policy_ref is None:
        return {"version": ()}
    rows = await pool.fetch(SQL["versions"], ADMISSION_REVIEW.name, state.policy_ref.route)
    return {
        "version": tuple(
            Choice(
                row["version"],
                row["version"],
                row["version"],
                note=(f"{_JA.day(row['valid_from'])}から", f"from {_EN.day(row['valid_from'])}"),
            )
            for row in rows
            if row["version"] != state.policy_ref.version
        )
    }


OPTIONS: Final[Mapping[type[Command], Asking]] = {ChangePolicy: _versions}
