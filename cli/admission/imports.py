"""`iehe admission imports`: what past imports have stored and started."""

from cli.case_arguments import LimitOption, acting, require_role
from cli.session import Session, local
from cli.tables import print_rows


@acting
async def imports(session: Session, *, limit: LimitOption = 50) -> None:
    """List the imports, newest first: rows of the file, left out, stored, cases started."""
    from workflows.admission.process import OFFICE

    require_role(await session.actor(), OFFICE)
    columns = (
        ("when", lambda row: local(row["imported_at"])),
        ("round", "round_id"),
        ("rows", "rows"),
        ("left out", "skipped"),
        ("stored", "stored"),
        ("started", "started"),
        ("by", "imported_by"),
        ("file", lambda row: row["file_sha256"][:12]),
        ("batch", "batch_id"),
    )
    print_rows(session, await session.fetch("admission/imports:imports", limit), columns)
