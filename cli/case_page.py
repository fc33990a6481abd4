"""Everything of one case, for `iehe case show`: collected once, printed for people or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cli.session import Session, local
from cli.tables import table

if TYPE_CHECKING:
    import asyncpg

    from schemas.admission.state import AdmissionState


async def collect(session: Session, row: asyncpg.Record, *, personal: bool) -> dict[str, Any]:
    """The page; nothing about the applicant as a person, and no text that people wrote, unless `personal`."""
    from activities.kernel.queries import queries
    from schemas.admission.state import AdmissionState
    from workflows.admission.process import LIFECYCLE

    sql, case_id = queries("kernel/office"), row["case_id"]
    pool = await session.pool()

    async def rows(name: str, *more: Any) -> list[dict[str, Any]]:
        return [dict(each) for each in await pool.fetch(sql[name], case_id, *more)]

    state = AdmissionState.model_validate_json(row["state"])
    stage = LIFECYCLE.stages[row["stage"]]
    place = await pool.fetchrow(sql["place_of_case"], case_id)
    decisions = await rows("decisions_of_case")
    page = {
        "case_id": case_id,
        "process": row["process"],
        "round_id": place["round_id"] if place else None,
        "round_text": {"en": place["title_en"], "ja": place["title_ja"]} if place else None,
        "programme": place["programme"] if place else None,
        "superseded_by": place["superseded_by"] if place else None,
        "version": row["version"],
        "stage": row["stage"],
        "stage_text": {"en": stage.en, "ja": stage.ja},
        "stage_since": row["stage_since"],
        "opened_at": row["opened_at"],
        "waiting_for": None if row["closed_at"] else row["waiting_for"],
        "due_at": None if row["closed_at"] else row["due_at"],
        "closed_at": row["closed_at"],
        "outcome": row["outcome"],
        "outcome_by": row["outcome_by"],
        "policy_version": row["policy_version"],
        "path": state.path,
        "possible": LIFECYCLE.possible(row["stage"]),
        "submitted_on": state.submitted_on,
        "outside_period": state.outside_period,
        "items": _items(state),
        "facts": await rows("facts_of_case"),
        "duplicates": state.duplicates if "resolve-duplicate" in state.tasks else [],
        "duplicate_of": state.duplicate_of,
        "reviews": await rows("reviews_of_case"),
        "committee": [member.model_dump() for member in state.committee],
        "votes": await rows("votes_of_case"),
        "result": state.result,
        "accommodation": state.accommodation.model_dump(),
        "permits": state.permits,
        "decisions": [
            {key: value for key, value in each.items() if key != "reason_id"} for each in decisions
        ],
        "tasks": await rows("tasks_of_case"),
        "deadlines": await rows("deadlines_of_case", None),
    }
    if personal:
        page["applicant"] = next(iter(await rows("applicant_of_case")), None)
        page["texts"] = await rows("texts_of_case")
        page["decisions"] = decisions
    return page


def _items(state: AdmissionState) -> list[dict[str, Any]]:
    from schemas.admission.state import ItemState

    found = []
    for item in state.policy.items if state.policy else ():
        known = state.items.get(item.key, ItemState())
        names = {"en": item.name_en, "ja": item.name_ja}
        missing = item.required and not known.present
        kept = {"present": known.present, "late": known.late, "changed_at": known.changed_at}
        found.append({"item": item.key, "name": names, "required": item.required, "missing": missing, **kept})
    return found


def print_page(page: dict[str, Any], language: str) -> None:
    """Print the page for a person."""
    ja = language == "ja"

    def word(english: str, japanese: str) -> str:
        return japanese if ja else english

    print(f"{page['case_id']}  {page['programme']}  {(page['round_text'] or {}).get(language, '-')}")
    lines = [
        (word("stage", "段階"), f"{page['stage_text'][language]} ({page['stage']})"),
        (word("since", "開始"), local(page["stage_since"])),
        (word("waits for", "待ち"), page["waiting_for"]),
        (word("due", "期限"), local(page["due_at"])),
        (word("version", "版"), f"{page['version']}  ({word('policy', '方針')} {page['policy_version']})"),
        (word("path", "経過"), " → ".join(page["path"])),
    ]
    if page["outcome"]:
        lines.append((word("outcome", "結果"), f"{page['outcome']} ({_by(page['outcome_by'], ja=ja)})"))
    if page["superseded_by"]:
        lines.append((word("superseded by", "他の合格受諾"), page["superseded_by"]))
    if page["outside_period"]:
        words = {"late": ("late", "期間後"), "early": ("early", "期間前")}[page["outside_period"]]
        lines.append((word("submitted", "出願日"), f"{page['submitted_on']} ({word(*words)})"))
    if page["duplicates"]:
        lines.append((word("possible duplicate of", "重複候補"), ", ".join(page["duplicates"])))
    if page["duplicate_of"]:
        lines.append((word("same applicant as", "同一志願者"), ", ".join(page["duplicate_of"])))
    if page["accommodation"]["state"] != "none":
        lines.append((word("exam adjustments", "受験上の配慮"), page["accommodation"]["state"]))
    if page["possible"] and not page["closed_at"]:
        lines.append((word("possible now", "可能な操作"), ", ".join(page["possible"])))
    width = max(len(name) for name, _ in lines)
    print("\n".join(f"  {name:<{width}}  {value if value is not None else '-'}" for name, value in lines))
    _print_parts(page, ja=ja)
    if "applicant" in page:
        applicant = (page["applicant"] or {}).items()
        _section(word("applicant (personal)", "志願者（個人情報）"), ("", ""), applicant)
        texts = ((each["author"], local(each["created_at"]), each["body"]) for each in page["texts"])
        _section(word("reasons and remarks", "理由・所見"), ("by", "at", "text"), texts)


def _print_parts(page: dict[str, Any], *, ja: bool) -> None:
    language = "ja" if ja else "en"

    def word(english: str, japanese: str) -> str:
        return japanese if ja else english

    marks = {True: word("there", "あり"), False: word("MISSING", "未着")}
    items = (
        (
            *(each["item"], each["name"][language], marks[each["present"]] if each["required"] else "-"),
            *(word("late", "遅延") if each["late"] else "", local(each["changed_at"])),
        )
        for each in page["items"]
    )
    _section(word("parts", "書類等"), ("item", "name", "", "", "at"), items)
    facts = (
        (each["step"], local(each["happened_at"]), local(each["entered_at"]), each["actor_id"])
        for each in page["facts"]
    )
    _section(word("what happened when", "発生日時"), ("fact", "happened", "entered", "by"), facts)
    permits = ((item, local(until)) for item, until in sorted(page["permits"].items()))
    _section(word("permitted late", "遅延の許可"), ("item", "until"), permits)
    reviews = (
        (each["reviewer"], each["state"], each["verdict"], local(each["changed_at"]))
        for each in page["reviews"]
    )
    _section(word("reviewers", "審査員"), ("reviewer", "state", "verdict", "at"), reviews)
    votes = ((each["ballot"], each["choice"], each["votes"]) for each in page["votes"])
    _section(word("votes", "投票"), ("ballot", "choice", "votes"), votes)
    decisions = (
        (
            *(each["decision"], local(each["at"]), each["made_by"], _by(each["made_by_kind"], ja=ja)),
            each["reason_code"],
        )
        for each in page["decisions"]
    )
    _section(word("decisions", "決定"), ("decision", "at", "by", "", "reason code"), decisions)
    tasks = ((each["key"], each["assignee"] or each["role"], local(each["due_at"])) for each in page["tasks"])
    _section(word("open tasks", "未完了の作業"), ("task", "of", "due"), tasks)
    deadlines = ((each["name"], each["state"], local(each["due_at"])) for each in page["deadlines"])
    _section(word("deadlines", "期限"), ("deadline", "state", "due"), deadlines)


def _by(kind: str | None, *, ja: bool) -> str:
    words = {
        "person": ("by a person", "担当者による"),
        "clock": ("by the clock", "期限経過による"),
        "system": ("by an event", "通知による"),
    }
    return words.get(kind or "", ("-", "-"))[ja]


def _section(title: str, headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    listed = list(rows)
    if listed:
        print(f"\n{title}")
        print("\n".join(f"  {line}" for line in table(headers, listed).splitlines()))
