"""The page of a case: where it stands, what can be done now, and, a tab each, everything else of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import asyncpg
from starlette.requests import Request
from starlette.responses import Response

from activities.kernel.queries import queries
from cases import documents, lists, places
from cases.administration import ENTER, roles_for
from cases.break_glass import openings_of
from cases.finding import case_seen
from cases.page import read_page
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from cases.sight import note_reads
from cases.states import read_state
from cases.words import process_words
from office.context import office_of
from office.options import nothing_to_choose
from office.pages import Reader, page, reader_of
from office.posted import new_key
from office.tables import sections_of
from office.tasks import neighbours, task_words
from office.words import act_of, rest_of, step_of
from schemas.kernel.case import KernelCommand
from schemas.kernel.refusals import Refusal
from schemas.kernel.roles import AUDITOR
from workflows.kernel.lifecycle import Step
from workflows.kernel.process import Process
from workflows.kernel.sight import Field

SQL: Final = queries("kernel/office")
TABS: Final = {
    "now": "Now",
    "facts": "Facts",
    "documents": "Documents",
    "messages": "Messages",
    "words": "Words and notes",
    "timeline": "Timeline",
    "reads": "Who has read it",
}


@dataclass(frozen=True)
class Seen:
    """A case as a reader sees it."""

    row: asyncpg.Record
    fields: frozenset[Field]
    process: Process[Any]

    @property
    def case_id(self) -> str:
        """Its id."""
        return str(self.row["case_id"])


def case_id_of(request: Request) -> str:
    """The id in the address."""
    return f"{request.path_params['room']}/{request.path_params['subject']}"


async def seen_case(request: Request, reader: Reader) -> Seen:
    """The case of the address.

    Raises:
        Refusal: there is none that the reader sees.
    """
    row, fields = await case_seen(office_of(request).gateway.pool, case_id_of(request), reader.actor)
    if Field.CASE not in fields:
        raise Refusal("no-such-case")
    return Seen(row, fields, PROCESSES[row["process"]])


def tabs_of(reader: Reader, seen: Seen) -> list[str]:
    """What of a case a reader may look at."""
    work, personal = Field.WORK in seen.fields, Field.PERSONAL in seen.fields
    may = {
        "now": True,
        "facts": True,
        "documents": bool(seen.process.documents),
        "messages": work,
        "words": personal,
        "timeline": work,
        "reads": work or AUDITOR in reader.actor.roles,
    }
    return [name for name in TABS if may[name]]


async def show(request: Request) -> Response:
    """One tab of a case."""
    reader = await reader_of(request)
    seen = await seen_case(request, reader)
    return await case_page(request, reader, seen, request.query_params.get("tab", "now"))


async def case_page(
    request: Request,
    reader: Reader,
    seen: Seen,
    tab: str,
    status: HTTPStatus = HTTPStatus.OK,
    faults: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    """The page of a case at one of its tabs; `faults`: by document why its file was not kept."""
    gateway, tabs = office_of(request).gateway, tabs_of(reader, seen)
    if tab not in tabs:
        tab = "now"
    opened = Field.PERSONAL in seen.fields and tab in ("facts", "words")
    await note_reads(gateway.pool, [seen.case_id], "words" if opened else "page")
    vault = gateway.vault if opened else None
    told, own = await read_page(
        gateway.pool,
        seen.row,
        reader.actor,
        personal=vault,
        roles=reader.actor.roles,
        with_own=tab == "facts",
    )
    before, after = await neighbours(request, reader, seen.case_id)
    values: dict[str, Any] = {
        "seen": seen,
        "case": told,
        "tab": tab,
        "tabs": [(name, TABS[name]) for name in tabs],
        "title": reader.tongue.pair(seen.process.title),
        "stages": _stages(reader, seen, told),
        "tracks": _tracks(reader, seen, told),
        "labels": _labels(reader, seen, told),
        "before": before,
        "after": after,
        "ops": Field.PAYLOADS in seen.fields,
        "home": gateway.client_of(seen.case_id).namespace,
        "faults": faults,
    }
    return page(
        request, reader, "case.html", status, **values, **await _tab(request, reader, seen, tab, told, own)
    )


async def _tab(  # noqa: PLR0911 - one for each tab
    request: Request, reader: Reader, seen: Seen, tab: str, told: dict[str, Any], own: dict[str, Any]
) -> dict[str, Any]:
    pool, t, room = office_of(request).gateway.pool, reader.tongue, seen.process.room
    match tab:
        case "now":
            return {
                "acts": await _acts(request, reader, seen, told),
                "enter": _events(reader, seen),
                "tasks": [
                    each | {"words": task_words(reader, each | {"case_id": seen.case_id})}
                    for each in told["tasks"]
                ],
                "missing": {t.stage(seen.process.name, to): codes for to, codes in told["missing"].items()},
            }
        case "facts":
            return {
                "sections": sections_of(t, room, own),
                "given": await places.explain(pool, seen.case_id),
            }
        case "documents":
            return {"documents": await documents.listed(pool, seen.row), "may_send": _enters(reader, seen)}
        case "messages":
            found = await lists.list_notices(pool, [seen.process.name], case_id=seen.case_id, limit=200)
            return {"notices": found.rows}
        case "words":
            return {"texts": told["texts"], "notes": told["notes"], "key": new_key()}
        case "timeline":
            rows = await pool.fetch(SQL["log_of_case"], seen.case_id)
            return {"steps": [_step(reader, seen, dict(row)) for row in reversed(rows)]}
    openings, passings = await openings_of(pool, seen.case_id, 200)
    return {"reads": openings, "passings": passings}


def _enters(reader: Reader, seen: Seen) -> bool:
    return not roles_for(ENTER, seen.process.name).isdisjoint(reader.actor.roles)


async def _acts(request: Request, reader: Reader, seen: Seen, told: dict[str, Any]) -> list[dict[str, Any]]:
    """What the reader's roles may do, what is asked for first, what is exceptional last; of each
    that cannot be done now why not.
    """
    pool, t, process, found = office_of(request).gateway.pool, reader.tongue, seen.process, []
    state = await read_state(pool, seen.row)
    asked = {task["kind"] for task in told["tasks"]}
    own = [name for name in process.commands if not process.roles_of(name).isdisjoint(reader.actor.roles)]
    stages = {name: min(len(line.at) for line in _lines(process, name)) for name in own}
    beside = {each.step for each in process.exceptional} - asked

    def order(name: str) -> tuple[bool, bool, bool, int]:
        # what is for few stages is what is waited for there; what can be done at many is not
        return name not in told["possible"], name in beside, name not in asked, stages[name]

    for name in sorted(own, key=order):
        command, why = process.commands[name], ""
        if name not in told["possible"]:
            why = _refusal_of(reader, process, state, name)
        elif await nothing_to_choose(pool, t, process, seen.case_id, state, command):
            why = t("There is nothing that it could be about.")
        found.append(
            {
                "name": name,
                "title": act_of(t, process, name),
                "rest": rest_of(t, process, name),
                "why": why,
                "asked": name in asked or (stages[name] == 1 and name not in beside),
                "of_host": issubclass(command, KernelCommand),
            }
        )
    return found


def _lines(process: Process[Any], name: str) -> list[Step]:
    return [
        line
        for table in (process.lifecycle, *process.tracks.values())
        for line in table.steps
        if line.name == name
    ]


def _refusal_of(reader: Reader, process: Process[Any], state: Any, name: str) -> str:
    try:
        process.check(name, state, reader.actor)
    except Refusal as refusal:
        return why_not(reader, process, refusal)
    return reader.tongue("Not now.")


def why_not(reader: Reader, process: Process[Any], refusal: Refusal) -> str:
    """Why a thing cannot be done, without the codes that the command line needs."""
    t = reader.tongue
    if refusal.code == "wrong-stage":
        where = [
            t.pair((info.ja, info.en))
            for table in (process.lifecycle, *process.tracks.values())
            for line in table.steps
            if line.name == refusal.params["step"]
            for name, info in table.stages.items()
            if name in line.at
        ]
        return t(
            "Only at: {stages}", stages=("、" if t.language == "ja" else ", ").join(dict.fromkeys(where))
        )
    if refusal.code == "gate-shut":
        stage = t.cell(process.room, "stage", refusal.params["stage"])
        missing = t.gates(process.room, refusal.params["missing"].split(", "))
        return PAGE.text(refusal, t.language, stage=stage, missing=missing)
    if refusal.code == "case-closed":
        return t("The case is closed.")
    return PAGE.text(refusal, t.language)


def _events(reader: Reader, seen: Seen) -> list[dict[str, str]]:
    """The facts that the reader may enter for another system."""
    if not _enters(reader, seen) or seen.row["closed_at"] is not None:
        return []
    t, room = reader.tongue, seen.process.room
    return [
        {"name": name, "title": t.word(room, name)}
        for name, kind in seen.process.events.items()
        if not kind.between_cases and not kind.starts and kind.reaches is None
    ]


def _stages(reader: Reader, seen: Seen, told: dict[str, Any]) -> list[dict[str, Any]]:
    """The way of a case: gone through, where it is, what can come next."""
    table, at = seen.process.lifecycle, told["stage"]
    path = [each for each in told["path"] if each != at]
    ahead = [target for source, _, target in table.moves() if source == at and target not in path]
    name = seen.process.name
    return [
        *({"name": reader.tongue.stage(name, each), "is": "gone"} for each in dict.fromkeys(path)),
        {"name": reader.tongue.stage(name, at), "is": "here"},
        *({"name": reader.tongue.stage(name, each), "is": "ahead"} for each in dict.fromkeys(ahead)),
    ]


def _tracks(reader: Reader, seen: Seen, told: dict[str, Any]) -> list[tuple[str, str]]:
    t = reader.tongue
    return [(t.word(seen.process.room, name), t.of(at)) for name, at in told["tracks"].items()]


def _labels(reader: Reader, seen: Seen, told: dict[str, Any]) -> list[tuple[str, str]]:
    titles = process_words()[seen.process.room]["labels"]
    place = 1 if reader.tongue.language == "ja" else 0
    return [(titles[name][place], value) for name, value in told["labels"].items()]


def _step(reader: Reader, seen: Seen, row: dict[str, Any]) -> dict[str, Any]:
    t, process = reader.tongue, seen.process
    details = json.loads(row["details"])
    moved = row["from_stage"] != row["stage"]
    return {
        "version": row["version"],
        "at": t.moment(row["at"]),
        "title": step_of(t, process, row["step"]),
        "by": reader.who(row["actor_id"])
        if row["actor_kind"] == "person"
        else t.word(process.room, row["actor_kind"]),
        "from": t.stage(process.name, row["from_stage"]) if moved and row["from_stage"] else "",
        "to": t.stage(process.name, row["stage"]) if moved else "",
        "details": [
            (t.word(process.room, name), t.value(process.room, value)) for name, value in details.items()
        ],
    }
