"""The statements of the lists, put together from the parts of `activities/kernel/sql/lists.sql`.

A page is read along an index from the place where the one before ended, and costs the same wherever it
stands and however much there is. Each process, and what concerns somebody in the others, is a part of its
own: each part reads a page, and the page is the first of all of them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from activities.kernel.queries import queries
from cases.registry import PROCESSES
from cases.sight import View

SQL: Final = queries("kernel/lists")
DEAD_LETTER: Final = "dead-letter"
"""Kind of the task that an event is which cannot be delivered."""
COUNTED: Final = 10_000
"""What is more than this is not counted."""
EVENT_STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "stored": ("e.state = 'stored'",),
    # a stored one waits for its case, or for its turn there
    "waiting": (
        "e.state = 'stored' AND e.fate = 'waiting'",
        "e.state = 'delivered' AND NOT e.taken AND e.fate = 'waiting'",
    ),
    "delivered": ("e.state = 'delivered'",),
    "applied": ("e.fate = 'applied'",),
    # the relay marks what it has seen refused; of the others only those under way can have been since
    "refused": (
        "e.refused",
        "e.state = 'delivered' AND NOT e.taken AND NOT e.refused AND e.fate = 'refused'",
    ),
    "dead": ("e.state = 'dead'",),
    "dropped": ("e.state = 'dropped'",),
}
"""How an event is stored, and its fates: `stored` has those that wait, `delivered` those that a case took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilters:
    """Which cases; what is not named does not matter. `labels` are those that processes declare."""

    process: str | None = None
    stage: str | None = None
    reached: str | None = None
    """A stage at which they are or have been."""
    waiting_for: str | None = None
    outcome: str | None = None
    overdue: bool | None = None
    is_open: bool | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilters:
    """Which open tasks; what is not named does not matter."""

    role: str | None = None
    assignee: str | None = None
    overdue: bool | None = None
    process: str | None = None
    of_roles: tuple[str, ...] | None = None
    """Of these roles, and nobody's yet."""
    due_from: datetime | None = None
    due_before: datetime | None = None
    opened_from: datetime | None = None
    opened_before: datetime | None = None


class Question:
    """A statement while it is put together: its text, and its values by the numbers of their parameters."""

    def __init__(self) -> None:
        self.text = ""
        self.values: list[Any] = []

    def __call__(self, value: Any) -> str:
        """The parameter that stands for a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def any_of(self, conditions: Mapping[str, Any]) -> list[str]:
        """The conditions, `{}` standing for the value, whose value is given."""
        return [text.format(self(value)) for text, value in conditions.items() if value is not None]


def cases_question(view: View, wanted: CaseFilters, after: str | None, limit: int) -> Question:
    """The statement behind `list_cases`; `after` is a case id."""
    ask = Question()
    most = ask(limit)
    conditions = ask.any_of(
        {
            "c.stage = {}": wanted.stage,
            "coalesce(c.state -> 'path', '[]') || to_jsonb(c.stage) ? {}": wanted.reached,
            "c.closed_at IS NULL AND c.waiting_for = {}": wanted.waiting_for,
            "c.outcome = {}": wanted.outcome,
        }
    )
    if wanted.overdue is not None:
        late = "c.due_at < now() AND c.closed_at IS NULL"
        conditions.append(late if wanted.overdue else f"({late}) IS NOT TRUE")
    if wanted.is_open is not None:
        conditions.append("c.closed_at IS NULL" if wanted.is_open else "c.closed_at IS NOT NULL")
    filters, labels = _and(conditions), [(ask(name), ask(value)) for name, value in wanted.labels.items()]

    def part(query: str, process: str, column: str = "c.case_id", **own: str) -> str:
        room = _room(process)
        return SQL[query].format(
            first=ask(max(after or "", f"{room}/")),
            last=ask(f"{room}0"),  # what follows the slash
            joins="".join(_join(place, *label) for place, label in enumerate(labels)),
            range=_and(_near_label(column, *label) for label in labels),
            filters=filters,
            limit=most,
            **own,
        )

    parts = [part("cases_of_process", name) for name in _named(view.whole, wanted.process)]
    is_open = wanted.is_open or wanted.overdue or wanted.waiting_for is not None
    for name in sorted(_named(set(view.processes), wanted.process)):
        roles = [role for process, role in zip(view.processes, view.roles, strict=True) if process == name]
        whose = {"staff_id": ask(view.staff_id), "roles": ask(roles)}
        only = "AND NOT o.closed" if is_open else ""
        parts += [
            part("cases_of_somebody", name, "o.case_id", open=only, **whose),
            part("cases_of_own_tasks", name, "o.case_id", **whose),
        ]
    ask.text = SQL["cases"].format(parts=" UNION ".join(f"({part})" for part in parts), limit=most)
    return ask if parts else Question()


def _join(place: int, name: str, value: str) -> str:
    label = f"l{place}"
    has_it = f"{label}.case_id = c.case_id AND {label}.name = {name} AND {label}.value = {value}"
    return f" JOIN iehe.case_labels {label} ON {has_it}"


def _near_label(column: str, name: str, value: str) -> str:
    """The cases with a label are near each other, and their range is soon read in any order."""
    of_label = f"case_id) FROM iehe.case_labels WHERE name = {name} AND value = {value})"
    return f"{column} >= (SELECT min({of_label} AND {column} <= (SELECT max({of_label}"


def tasks_question(
    view: View, wanted: TaskFilters, after: tuple[datetime, str, str] | None, limit: int
) -> Question:
    """The statement behind `list_tasks`; `after` is a due time, a case id and a task."""
    ask = Question()
    parts = _task_parts(ask, ("tasks_of_cases", "office_tasks", "dead_letters"), view, wanted, after, limit)
    ask.text = SQL["tasks"].format(parts=_all_of(parts), limit=ask(limit))
    return ask if parts else Question()


def total_question(view: View, wanted: TaskFilters) -> Question:
    """The statement behind `count_tasks`."""
    ask = Question()
    parts = _task_parts(
        ask, ("how_many_of_cases", "how_many_of_office", "how_many_dead"), view, wanted, None, COUNTED + 1
    )
    ask.text = SQL["how_many"].format(parts=_all_of(parts))
    return ask if parts else Question()


def neighbours_question(view: View, case_id: str) -> Question:
    """The statement behind `neighbours`."""
    ask = Question()
    given, mine = ask(case_id), sorted(set(view.processes) - set(view.whole))
    own = "AND {}.assignee = {}"
    parts = [(f"AND t.room = {ask(_room(name))}", "") for name in view.whole]
    if mine:
        staff_id = ask(view.staff_id)
        rooms = ask([_room(name) for name in mine])
        part = f"{own.format('t', staff_id)} AND t.room = ANY ({rooms}::text[])"
        parts.append((part, own.format("f", staff_id)))
    whole = case_id.partition("/")[0] in map(_room, view.whole)
    ask.text = SQL["neighbours"].format(
        case_id=given,
        seen="" if whole or not mine else own.format("t", staff_id),
        **{
            side: _all_of(
                [
                    SQL["neighbour"].format(
                        case_id=given, filters=filters, own=of_first, beyond=beyond, way=way
                    )
                    for filters, of_first in parts
                ]
            )
            for side, beyond, way in (("before", "<", "DESC"), ("after", ">", "ASC"))
        },
    )
    return ask if parts else Question()


def _task_parts(
    ask: Question,
    queries: tuple[str, str, str],
    view: View,
    wanted: TaskFilters,
    after: tuple[datetime, str, str] | None,
    limit: int,
) -> list[str]:
    of_cases, of_office, dead = queries
    most, place = ask(limit), tuple(map(ask, after or ()))
    beyond = [f"({{0}}.due_at, {{0}}.case_id, {{0}}.{{1}}) > ({', '.join(place)})"] if place else []
    late = None if wanted.overdue is None else f"{'<' if wanted.overdue else '>='} now()"
    due = {"{0}.due_at >= {{}}": wanted.due_from, "{0}.due_at < {{}}": wanted.due_before}
    whole = [_room(name) for name in _named(view.whole, wanted.process)]
    mine = [_room(name) for name in _named(set(view.processes) - set(view.whole), wanted.process)]
    opened = {"t.opened_at >= {}": wanted.opened_from, "t.opened_at < {}": wanted.opened_before}
    shared: list[str] = []
    if whole or mine:  # a parameter that nothing names has no type
        shared = [each.format("t", "key") for each in beyond] + ask.any_of({"t.role = {}": wanted.role})
        shared += [] if late is None else [f"t.due_at {late}"]
        nobodys = {"t.role = ANY ({}::text[]) AND t.assignee IS NULL": _listed(wanted.of_roles)}
        shared += ask.any_of({text.format("t"): value for text, value in due.items()} | nobodys | opened)

    def part(conditions: Mapping[str, Any]) -> str:
        return SQL[of_cases].format(filters=_and(ask.any_of(conditions) + shared), limit=most)

    if wanted.assignee is not None:
        seen = whole + (mine if wanted.assignee == view.staff_id else [])
        return [part({"t.assignee = {}": wanted.assignee, "t.room = ANY ({}::text[])": seen})] if seen else []
    parts = [part({"t.room = {}": room}) for room in whole]
    if mine:
        parts.append(part({"t.assignee = {}": view.staff_id, "t.room = ANY ({}::text[])": mine}))
        # and what nobody has yet of the cases that concern them in the role that it asks for
        concern = "(t.case_id, t.role) IN (SELECT p.case_id, p.role FROM iehe.case_people p "
        concern += "WHERE p.staff_id = {} AND NOT p.closed) AND t.assignee IS NULL"
        parts.append(part({concern: view.staff_id, "t.room = ANY ({}::text[])": mine}))
    if view.whole or view.held:
        own = ask.any_of({"{} = ANY (t.roles)": wanted.role, "t.process = {}": wanted.process})
        own += ask.any_of({"t.roles && {}::text[]": _listed(wanted.of_roles)})
        own += ask.any_of({text.format("t"): value for text, value in due.items()} | opened)
        own += [] if late is None else [f"t.due_at {late}"]
        of_whole = f"t.process = ANY ({ask(list(view.whole))}::text[])"
        own.append(f"({of_whole} OR t.roles && {ask(list(view.held))}::text[])")
        own += [f"(t.due_at, '', t.key) > ({', '.join(place)})"] if place else []
        parts.append(SQL[of_office].format(filters=_and(own), limit=most))
    for name in _named(view.whole, wanted.process):
        office = str(PROCESSES[name].office)
        if wanted.role not in (None, office) or office not in (wanted.of_roles or (office,)):
            continue
        process = ask(name)
        # by when it died, which an index knows: its due time is so much later, the same for all of a process
        died = f"e.rests_since {{}} - (SELECT iehe.look_within({process}))"
        since = [died.format(f">= {place[0]}::timestamptz")] if place else []
        since += [] if late is None else [died.format(late)]
        bounds = {">= {}::timestamptz": wanted.due_from, "< {}::timestamptz": wanted.due_before}
        since += [died.format(each) for each in ask.any_of(bounds)]
        rests = {"e.rests_since >= {}": wanted.opened_from, "e.rests_since < {}": wanted.opened_before}
        since += ask.any_of(rests)
        known = {"process": process, "since": _and(since)}
        if "{office}" in SQL[dead]:
            known["office"] = ask(office)
        filters = _and(each.format("d", "task") for each in beyond)
        parts.append(SQL[dead].format(filters=filters, limit=most, **known))
    return parts


def notices_question(
    processes: Collection[str],
    case_id: str | None,
    state: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
    *,
    held: bool = False,
) -> Question:
    """The statement behind `list_notices`; `after` is when the last one was queued, and its id."""
    ask = Question()
    conditions = ask.any_of({"n.case_id = {}": case_id, "n.state = {}": state})
    if held:
        conditions.append("n.held_since IS NOT NULL AND n.state IN ('queued', 'failed')")
    if after is not None:
        conditions.append(f"(n.queued_at, n.notice_id) < ({', '.join(map(ask, after))})")
    return _newest(ask, "notices", processes, [conditions], "queued_at DESC, notice_id DESC", limit)


def events_question(
    processes: Collection[str],
    state: str | None,
    source: str | None,
    case_id: str | None,
    after: int | None,
    limit: int,
) -> Question:
    """The statement behind `list_events`; `after` is the place of the last one in the inbox."""
    ask = Question()
    conditions = ask.any_of({"e.source = {}": source, "e.case_id = {}": case_id, "e.seq < {}": after})
    ways = [[way, *conditions] for way in EVENT_STATES[state]] if state else [conditions]
    return _newest(ask, "events", processes, ways, "seq DESC", limit)


def _newest(
    ask: Question, query: str, processes: Collection[str], ways: list[list[str]], order: str, limit: int
) -> Question:
    most = ask(limit)
    parts = [
        SQL[query].format(process=ask(process), filters=_and(conditions), limit=most)
        for process in sorted(processes)
        for conditions in ways
    ]
    ask.text = f"SELECT * FROM ({_all_of(parts)}) AS found ORDER BY {order} LIMIT {most}"  # noqa: S608 - of ours
    return ask if parts else Question()


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _and(conditions: Iterable[str]) -> str:
    return "".join(f" AND {each}" for each in conditions)


def _all_of(parts: Sequence[str]) -> str:
    return " UNION ALL ".join(f"({part})" for part in parts)


def _named(processes: Iterable[str], wanted: str | None) -> list[str]:
    return [name for name in processes if wanted in (None, name)]


def _room(process: str) -> str:
    """The first part of the ids of a process's cases: they are one range of all, and in order."""
    return PROCESSES[process].room
