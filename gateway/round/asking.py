"""Which round a door is asked about."""

from dataclasses import replace

import asyncpg

from gateway.door import Asked
from workflows.kernel.sight import Field


async def round_asked(asked: Asked, case_id: str | None = None) -> asyncpg.Record:
    """The row of a round whose work the person sees; None: that of the path.

    Raises:
        Refusal: there is none that they see.
        Problem: 403, they see it and not its work.
    """
    path = asked.path if case_id is None else {**asked.path, "case_id": case_id}
    return await replace(asked, path=path).case(Field.WORK)
