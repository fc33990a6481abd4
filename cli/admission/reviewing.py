"""`iehe admission material`: what a reviewer gets of an application, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.case_arguments import CaseArgument, acting, find_case
from cli.session import Session, local, print_json
from cli.tables import table

if TYPE_CHECKING:
    from activities.admission.material import Material


@acting
async def material(session: Session, case: CaseArgument) -> None:
    """Show the masked application and the scoring form to a reviewer of the case."""
    from activities.admission.material import review_material

    actor = await session.actor()
    row = await find_case(session, case)
    pool = await session.pool()
    async with pool.acquire() as connection:
        shown = await review_material(connection, row["case_id"], actor.id)
    if session.as_json:
        print_json(shown)
    else:
        _print(session, shown)


def _print(session: Session, shown: Material) -> None:
    ja = session.settings.language == "ja"
    print(f"{shown.case_id}  {shown.programme}  {shown.round_id}")
    print(f"{'採点期限' if ja else 'scores due'}: {local(shown.due_at)}  ({shown.review})")
    headers = (
        ("項目", "名称", "範囲", "重み", "点数")
        if ja
        else ("criterion", "name", "from-to", "weight", "points")
    )
    rows = (
        (
            *(each.key, each.name_ja if ja else each.name_en, f"{each.minimum:g}-{each.maximum:g}"),
            *(f"{each.weight:g}", "" if each.points is None else f"{each.points:g}"),
        )
        for each in shown.criteria
    )
    print(table(headers, rows))
    print("\n" + ("志望理由（■ は伏せた箇所）" if ja else "Statement (■ marks what is masked)"))
    print(shown.statement or "-")
