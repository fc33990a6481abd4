"""`iehe policy`: the versions of the rules, and which are in force."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.case_arguments import carry_out, say
from cli.session import (
    TOKYO,
    ActorOption,
    CommandError,
    Exit,
    JsonOption,
    Session,
    local,
    print_json,
)
from cli.tables import table

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
def list_policies(*, as_json: JsonOption = False) -> None:
    """List the versions, newest first, and the routes for which each is in force today."""

    async def work(session: Session) -> None:
        pool = await session.pool()
        rows = [dict(row) for row in await pool.fetch(LISTED, datetime.now(TOKYO).date())]
        if session.as_json:
            print_json(rows)
            return
        headers = ("process", "version", "valid from", "in force for", "holidays until", "loaded", "by")
        shown = (
            (
                *(row["process"], row["version"], row["valid_from"], ", ".join(row["in_force"])),
                *(row["holidays_until"], local(row["loaded_at"]), row["loaded_by"]),
            )
            for row in rows
        )
        print(table(headers, shown))

    carry_out(work, as_json=as_json)


@app.command("show")
def show_policy(
    version: str,
    *,
    route: Annotated[str | None, typer.Option(help="Only this route.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a version with everything it says; the list of holidays only with --json."""

    async def work(session: Session) -> None:
        pool = await session.pool()
        body = await pool.fetchval("SELECT body FROM iehe.policies WHERE version = $1", version)
        policy = json.loads(body) if body else None
        if policy is None or (route is not None and route not in policy["routes"]):
            raise CommandError(
                "no-such-policy",
                "There is no such policy version or route (iehe policy list).",
                "該当する方針の版または区分はありません（iehe policy list）。",
                Exit.NOT_FOUND,
            )
        if route is not None:
            policy["routes"] = {route: policy["routes"][route]}
        if not session.as_json:
            for each in policy["routes"].values():
                days = each["calendar"]["holidays"]
                each["calendar"]["holidays"] = f"{len(days)} days until {max(days, default='-')}"
        print_json({name: policy[name] for name in ("process", "version", "valid_from", "routes")})

    carry_out(work, as_json=as_json)


@app.command("load")
def load_policy(file: Path, *, as_: ActorOption = None, as_json: JsonOption = False) -> None:
    """Check a policy file, fill in the holidays of Japan and add it, with its rounds, as a new version."""

    async def work(session: Session) -> None:
        from cases.administration import note
        from workers.policies import PolicyError, read_policy, store_policy, store_round

        try:
            document, rounds, places = read_policy(file)
        except (PolicyError, OSError, UnicodeDecodeError) as error:
            raise _faulty(file, error) from None
        await session.actor(as_)
        actor = await session.administer("load-policy", document.process)
        pool = await session.pool()
        connection: Any
        async with pool.acquire() as connection, connection.transaction():
            try:
                added = await store_policy(connection, document, actor.id)
            except PolicyError as error:
                japanese = (
                    f"版 {document.version} は別の内容で登録済みです。ファイルに新しい版名を付けてください。"
                )
                raise CommandError("policy-exists", str(error), japanese, Exit.REFUSED) from None
            new = [each.round_id for each in rounds if await store_round(connection, each, places)]
            if added or new:
                subject = f"{document.process}/{document.version}"
                await note(connection, actor.id, "load-policy", subject, added=added, rounds=new)
        listed = await pool.fetch(LISTED, datetime.now(TOKYO).date())
        (in_force,) = (row["in_force"] for row in listed if row["version"] == document.version)
        if session.as_json:
            answer = {"version": document.version, "added": added, "rounds_added": new, "in_force": in_force}
            print_json(answer)
            return
        routes = ", ".join(in_force)
        say(
            session,
            f"{document.process} {document.version}: "
            + ("added" if added else "is loaded already, nothing changed")
            + (f"; in force today for {routes}" if in_force else "; not in force today")
            + f" (valid from {document.valid_from})",
            f"{document.process} {document.version}: "
            + ("登録しました" if added else "登録済みです（変更なし）")
            + (f"。本日適用中の区分: {routes}" if in_force else "。本日はまだ適用されません")
            + f"（適用開始日 {document.valid_from}）",
        )
        for name in new:
            say(session, f"round {name}: added", f"選抜回 {name}: 登録しました")

    carry_out(work, as_json=as_json)


def _faulty(file: Path, error: Exception) -> CommandError:
    text = (error.strerror or "") if isinstance(error, OSError) else str(error)
    if isinstance(error, UnicodeDecodeError):
        text = "not UTF-8"
    faults = text.splitlines()
    return CommandError(
        "policy-faulty",
        f"{file.name} is not a usable policy; nothing was loaded:\n" + "\n".join(f"  {f}" for f in faults),
        f"{file.name} に誤りがあるため、読み込みませんでした。\n" + "\n".join(f"  {f}" for f in faults),
        Exit.FAULTY_FILE,
        {"faults": faults},
    )
