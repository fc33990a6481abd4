"""`iehe policy`: the versions of the rules, and which are in force."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.case_arguments import acting, command
from cli.session import CommandError, Session, print_json
from cli.tables import print_rows
from schemas.kernel.japan import TOKYO

app = typer.Typer(no_args_is_help=True, help="Policies: day counts, forms, quotas, by version and date.")

LISTED = """
SELECT process, version, valid_from, loaded_at, loaded_by,
       ARRAY(SELECT jsonb_object_keys(body -> 'routes') ORDER BY 1) AS routes,
       (SELECT max(day) FROM jsonb_each(body -> 'routes') AS route,
               jsonb_array_elements_text(route.value #> '{calendar,holidays}') AS day) AS holidays_until,
       ARRAY(SELECT route FROM jsonb_object_keys(body -> 'routes') AS route
             WHERE (p.process, p.version) = (
                 SELECT o.process, o.version FROM iehe.policies o
                 WHERE o.process = p.process AND o.valid_from <= $1 AND o.body -> 'routes' ? route
                 ORDER BY o.valid_from DESC, o.loaded_at DESC, o.version DESC LIMIT 1)
             ORDER BY 1) AS in_force
FROM iehe.policies p ORDER BY process, valid_from DESC, loaded_at DESC, version DESC
"""


@app.command("list")
@command
async def list_policies(session: Session) -> None:
    """List the versions, newest first, and the routes for which each is in force today."""
    columns = (
        ("process", "process"),
        ("version", "version"),
        ("valid from", "valid_from"),
        ("in force for", "in_force"),
        ("holidays until", "holidays_until"),
        ("loaded", "loaded_at"),
        ("by", "loaded_by"),
    )
    print_rows(session, await session.fetch(LISTED, datetime.now(TOKYO).date()), columns)


@app.command("show")
@command
async def show_policy(
    session: Session,
    version: str,
    *,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
) -> None:
    """Show a version with everything it says; the list of holidays only with --json."""
    pool = await session.pool()
    body = await pool.fetchval("SELECT body FROM iehe.policies WHERE version = $1", version)
    policy = json.loads(body) if body else None
    if policy is None or (route is not None and route not in policy["routes"]):
        raise CommandError("no-such-policy")
    if route is not None:
        policy["routes"] = {route: policy["routes"][route]}
    if not session.as_json:
        for each in policy["routes"].values():
            days = each["calendar"]["holidays"]
            each["calendar"]["holidays"] = f"{len(days)} days until {max(days, default='-')}"
    print_json({name: policy[name] for name in ("process", "version", "valid_from", "routes")})


@app.command("load")
@acting
async def load_policy(session: Session, file: Path) -> None:
    """Check a policy file, fill in the holidays of Japan and add it with all it brings, as a new version."""
    from cases.administration import note
    from workers.policies import PolicyError, read_policy, store_policy

    try:
        read = read_policy(file)
    except (PolicyError, OSError, UnicodeDecodeError) as error:
        raise _faulty(file, error) from None
    document = read.document
    actor = await session.administer("load-policy", document.process)
    async with session.transaction() as connection:
        try:
            added = await store_policy(connection, document, actor.id)
        except PolicyError as error:
            raise CommandError("policy-exists", error=error, version=document.version) from None
        new = await read.tables.store(connection)
        if added or new:
            subject = f"{document.process}/{document.version}"
            await note(connection, actor.id, "load-policy", subject, added=added, beside=new)
    listed = await session.fetch(LISTED, datetime.now(TOKYO).date())
    (in_force,) = (row["in_force"] for row in listed if row["version"] == document.version)
    if session.as_json:
        told = {"version": document.version, "added": added, "added_beside": new, "in_force": in_force}
        print_json(told)
        return
    values = {"process": document.process, "version": document.version, "valid_from": document.valid_from}
    session.say("policy-added" if added else "policy-known", **values)
    session.say("policy-in-force" if in_force else "policy-not-in-force", routes=", ".join(in_force))
    for name in new:
        session.say("added-beside", name=name)


def _faulty(file: Path, error: Exception) -> CommandError:
    text = (error.strerror or "") if isinstance(error, OSError) else str(error)
    if isinstance(error, UnicodeDecodeError):
        text = "not UTF-8"
    faults = text.splitlines()
    listed = "\n".join(f"  {fault}" for fault in faults)
    return CommandError("policy-faulty", {"faults": faults}, file=file.name, listed=listed)
