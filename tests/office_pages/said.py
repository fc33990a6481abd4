"""Everything that the pages say, found in the pages, the processes and the doors themselves."""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from activities.kernel.channels import NotDeliveredError
from activities.kernel.message_templates import NotRenderedError
from cases.decisions import own_fields, text_fields
from cases.fields import choices_of
from gateway import place_answers
from gateway.responses import BothLanguages, Lines
from gateway.rooms import DOORS
from gateway.starting import _MODELS
from office import audit, bulk, case, facts, forms, notices, pages, tasks
from office.starting import APART
from office.words import Tongue, english_of, lookup
from schemas.kernel.case import ActorKind
from schemas.kernel.documents import DocumentStage, RejectReason
from schemas.kernel.places import FrameWanted
from workflows.kernel.process import Process

ROOT = Path(__file__).parents[2]
OFFICE = ROOT / "office"
SPEAKERS = re.compile(r"(?:\w+\.)*(?:t|_?tongue)")
IN_TEMPLATES = re.compile(r"""\bt\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
TONGUE = Tongue("ja")
OF_TABLES = re.compile(r'"([^"]+)"')
BOTH = (BothLanguages, Lines)
STATES = {
    "read": ("page", "words", "list", "event", "links", "notice", "documents", "places", "extract", "letter"),
    "right": ("case", "work", "personal", "role"),
    "deadline": ("running", "paused", "met", "expired", "cancelled"),
    "document": tuple(DocumentStage),
    "act": tuple(notices.ACTS),
    "event": ("dead", "waiting", "stored", "refused", "applied", "dropped", "delivered"),
    "link": ("waiting", "standing", "delivered", "noted", "asked", "settled", "superseded"),
    "message": ("queued", "sending", "accepted", "failed", "dead", "unknown", "suppressed"),
}
"""What the host says of a read, a time limit, a document or a message."""


def sentences_of_pages() -> set[str]:
    """What the pages' own code and templates say."""
    return {*_in_code(), *_in_templates(), *_in_tables(), *_in_models()}


def _in_code() -> Iterator[str]:
    for path in OFFICE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and _speaks(path, ast.unparse(node.func)):
                yield from _constants(node.args[0])


def _speaks(path: Path, name: str) -> bool:
    return SPEAKERS.fullmatch(name) is not None or (path.stem == "words" and name == "self")


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
        for each in node.value.values:
            yield from _constants(each)


def _in_templates() -> Iterator[str]:
    for path in (OFFICE / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        yield from (double or single for double, single in IN_TEMPLATES.findall(text))
        for table in re.findall(r"\bt\(\{([^}]*)\}", text):
            yield from OF_TABLES.findall(table)[1::2]


def _in_models() -> Iterator[str]:
    """What the pages' own tables say by code, and the models of rooms' pages of their fields."""
    for path in OFFICE.rglob("*.py"):
        module = import_module(".".join(path.relative_to(OFFICE.parent).with_suffix("").parts))
        for table in ("REFUSED", "TROUBLES", "_HINTS"):
            yield from getattr(module, table, {}).values()
        for each in vars(module).values() if path.parent != OFFICE else ():
            own = getattr(each, "__module__", "") == module.__name__
            if own and isinstance(each, type) and issubclass(each, BaseModel):
                yield from (field.description for field in each.model_fields.values() if field.description)


def constants_of(room: str) -> set[str]:
    """Every text that the rules and models of a room have: names of its time limits and of what it notes."""
    paths = (path for part in ("schemas", "workflows") for path in (ROOT / part / room).rglob("*.py"))
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in paths)
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _in_tables() -> Iterator[str]:
    """Tables of words whose rows are said by name."""
    for table in (case.TABS, pages.SAID, tasks._GROUPS, forms.FAULTS, bulk.STATES, notices.ACTS):
        yield from table.values()
    yield from (
        "Boards",
        "Actions",
        "Files",
        "Reason",
        "Remark",
        "Note",
        "This cannot be used: look at its form.",
    )


def sentences(process: Process[Any]) -> set[str]:
    """What a process says in sentences: its decisions, the fields of its models, its doors."""
    said = {inspect.cleandoc(command.__doc__ or "") for command in process.decisions}
    said = {_first(each) for each in said}
    for command in process.decisions:
        said |= {command.model_fields[each].description or "" for each in text_fields(command).values()}
    for name, info in fields(process):
        if info.description:
            said.add(TONGUE.of_field(process.room, name, _first(info.description)))
    said |= {_first(door.operation.summary) for door in DOORS.get(process.name, ())}
    return said - {""}


def _first(text: str) -> str:
    return text.strip().split("\n\n")[0].replace("\n", " ")


def codes(process: Process[Any]) -> set[str]:
    """What a process says by a code, a column or a choice."""
    said = {name for name, info in fields(process) if not info.description}
    for name, info in fields(process):
        said |= {keyed(process.room, name, each) for each in _choices(info.annotation)}
    for command in process.decisions:
        said |= set(text_fields(command)) - {"reason", "remark", "note"}
    said |= {name for name, kind in process.events.items() if _is_entered(kind)}
    said |= {kind.step for kind in process.events.values()} | set(process.expiries) | set(process.tracks)
    for table in (process.lifecycle, *process.tracks.values()):
        said |= {line.name for line in table.steps}
        said |= {info.waits_for for info in table.stages.values() if info.waits_for}
        said |= {name for name, info in table.stages.items() if info.final}
    said |= {step for step, _ in process.expiries.values()} | {each.step for each in process.follow_ups}
    said |= set(opened(process.room, "open_task")) | set(opened(process.room, "start_deadline"))
    said |= set(process.undoes) | {each.who for each in process.documents.values()}
    said |= messages(process.room) | recipients(process.room)
    for door in DOORS.get(process.name, ()):
        said |= set(re.findall(r"{(\w+)}", door.operation.path))
        for model in door.operation.responses.values():
            said |= answered(process.room, model)
    said |= {keyed(process.room, "deadline", each) for each in opened(process.room, "start_deadline")}
    said |= logged(process.room) | {f"gate: {each}" for each in missing(process)}
    return said - set(process.commands) - {""}


def _is_entered(kind: Any) -> bool:
    return not kind.between_cases and not kind.starts and kind.reaches is None


def fields(process: Process[Any]) -> list[tuple[str, FieldInfo]]:
    """Every field that a page asks for: of decisions, facts, new cases, and doors."""
    asked: list[tuple[str, FieldInfo]] = []
    for command in process.decisions:
        asked += own_fields(command).items()
    for kind in process.events.values():
        if _is_entered(kind):
            asked += kind.data.model_fields.items()
    asked += facts._When.model_fields.items()
    if process.name in _MODELS:
        model = _MODELS[process.name]
        asked += [(name, info) for name, info in model.model_fields.items() if name not in APART]
    for door in DOORS.get(process.name, ()):
        for each in (door.operation.query, door.operation.request):
            asked += [(name, info) for name, info in _fields_of(each) if name != "cursor"]
    return [pair for name, info in asked for pair in _with_parts(name, info)]


def _fields_of(model: type[BaseModel] | None) -> list[tuple[str, FieldInfo]]:
    return [] if model is None else list(model.model_fields.items())


def _with_parts(name: str, info: FieldInfo) -> Iterator[tuple[str, FieldInfo]]:
    yield name, info
    for model in models_in(info.annotation):
        for each, part in model.model_fields.items():
            yield from _with_parts(each, part)


def models_in(told: Any) -> list[type[BaseModel]]:
    """The models within a type, of a union all."""
    if isinstance(told, type) and not get_origin(told):
        return [told] if issubclass(told, BaseModel) and told not in BOTH else []
    return [each for part in get_args(told) for each in models_in(part)]


def _choices(told: Any) -> Iterator[str]:
    if get_origin(told) is Annotated:
        yield from _choices(get_args(told)[0])
    elif get_origin(told) in (Union, UnionType, tuple, list, set, frozenset):
        for each in get_args(told):
            if each not in (NoneType, Ellipsis):
                yield from _choices(each)
    else:
        yield from choices_of(told)


def keyed(room: str, of: str, code: str) -> str:
    """By what a code is found: as one of something, where it has words as that."""
    own = f"{of}: {code}"
    return own if lookup(room, own) or english_of(room, own) else str(code)


def answered(room: str, model: Any, seen: frozenset[Any] = frozenset()) -> set[str]:
    """The names of the columns of an answer, and the choices in them."""
    if model is None or model in seen or model in BOTH:
        return set()
    said: set[str] = set()
    for name, info in model.model_fields.items():
        said |= {name, *(keyed(room, name, each) for each in _choices(info.annotation))}
        for each in models_in(info.annotation):
            said |= answered(room, each, seen | {model})
    return said


def host_codes() -> set[str]:
    """What every process says by a code: states, who acts, tasks of the host, messages, places."""
    said: set[str] = {*RejectReason, *ActorKind, "staff", "name"}
    for of, codes_of in STATES.items():
        said |= {f"{of}: {each}" for each in codes_of}
    said |= {*opened("kernel", "open_task"), *messages("kernel")}
    said |= logged("") | {f"undelivered: {each}" for each in undelivered()}
    for name in ("FramePage", "FrameShown", "PlacesExplained"):
        said |= answered("", getattr(place_answers, name))
    return {str(each) for each in said}


_DYNAMIC = {
    "act": ("run-schedule", "pause-schedule", "resume-schedule", "bind-account", "unbind-account"),
    "f'{asked.act}-notice'": tuple(f"{each}-notice" for each in notices.ACTS),
    "f'{query}-incident'": ("close-incident",),
    "query.replace('_', '-')": ("add-member", "remove-member"),
}
"""Acts that are put together where they are noted."""
_COUNTED = ("new", "changed", "same", "vanished", "perhaps_one_person", "told", "ended", "missing", "kept")
_COUNTED += ("referred", "case", "revision", *FrameWanted.model_fields)
"""Details that are counted, or have the names of a model."""


@cache
def noted() -> tuple[frozenset[str], frozenset[str]]:
    """The acts of the administration log, and the names of their details."""
    acts, details = set[str](), set(_COUNTED)
    for top in ("cases", "cli", "gateway", "office", "workers"):
        for path in (ROOT / top).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "note" and node.args[3:]:
                    module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                    known = _known(node.args[2], vars(module))
                    acts |= known or set(_DYNAMIC[ast.unparse(node.args[2])])
                    details |= {each.arg for each in node.keywords if each.arg is not None}
    return frozenset(acts), frozenset(details)


def logged(room: str) -> set[str]:
    """What the administration log notes by codes of a room's, or of the host's own."""
    acts, details = noted()
    codes_of = {*(f"log: {each}" for each in acts), *(f"detail: {each}" for each in details)}
    return {each for each in codes_of if audit.room_of(each) == room}


@cache
def undelivered() -> frozenset[str]:
    """Why messages and facts have not arrived: as channels, the host's SQL and the relay say it by codes."""
    return frozenset({"http", "temporal", "gave-up", *_of_channels(), *_of_sql(), *_of_relay()})


def _of_channels() -> Iterator[str]:
    for path in (ROOT / "activities" / "kernel").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                yield from _raised(node)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "self._down":
                yield from _known(node.value, {}) - {"None"}
            elif isinstance(node, ast.FunctionDef) and node.name == "_cause":
                returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
                yield from (code for each in returned if each is not None for code in _known(each, {}))


def _raised(node: ast.Call) -> Iterator[str]:
    called = ast.unparse(node.func).rpartition(".")[2]
    if called in {each.__name__ for each in (*_heirs(NotDeliveredError), NotRenderedError)}:
        yield from _known(node.args[0], {})
    elif called == "_settle":
        yield from _known(node.args[-1], {})
    elif called == "_say":
        yield from (f"{each}-{how}" for each in _known(node.args[-1], {}) for how in ("refused", "deferred"))


def _of_sql() -> Iterator[str]:
    for name in ("notices", "notice_acts", "links", "relay"):
        text = (ROOT / "activities/kernel/sql" / f"{name}.sql").read_text(encoding="utf-8")
        yield from re.findall(r"reason = '([a-z-]+)'", text)
        for chosen in re.findall(r"reason = CASE (.*?) END", text):
            yield from re.findall(r"(?:THEN|ELSE) '([a-z-]+)'", chosen)


def _of_relay() -> Iterator[str]:
    for name, acts in (("delivery_batch", ("_put_off", "execute", "append")), ("links", ("_mark", "wait"))):
        for node in ast.walk(ast.parse((ROOT / f"workers/relay/{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in acts and node.args:
                last = node.args[-1].elts[-1] if isinstance(node.args[-1], ast.Tuple) else node.args[-1]
                yield from _known(last, {}) - {"None"}


def _heirs(kind: type) -> set[type]:
    return {kind}.union(*(_heirs(each) for each in kind.__subclasses__()))


def missing(process: Process[Any]) -> set[str]:
    """What the gates of a process ask for, and what a case owes before its end."""
    found, seen, wanted = set(process.undoes), set[Any](), list(process.gates.values())
    while wanted:
        rule = wanted.pop()
        if rule in seen:
            continue
        seen.add(rule)
        function = ast.parse(inspect.getsource(rule)).body[0]
        assert isinstance(function, ast.FunctionDef)
        for node in (each for line in function.body[1:] for each in ast.walk(line)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value.rstrip(":"))
            elif isinstance(node, ast.Call):
                called = _called(node, rule)
                told = getattr(called, "__annotations__", {})
                wanted += [called] if told.get("return") == list[str] else []
    return found


def _called(node: ast.Call, rule: Any) -> Any:
    names = rule.__globals__
    if isinstance(node.func, ast.Attribute):
        return getattr(names.get(ast.unparse(node.func.value)), node.func.attr, None)
    return names.get(ast.unparse(node.func))


@cache
def opened(room: str, act: str) -> frozenset[str]:
    """The kinds of tasks, or of deadlines, that the rules of a room open."""
    found = set()
    for path in (ROOT / "workflows" / room).glob("*.py"):
        module = import_module(f"workflows.{room}.{path.stem}")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(f".{act}") and node.args:
                found |= _known(node.args[0], vars(module))
    return frozenset(found)


def _known(node: ast.expr, names: dict[str, Any]) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return _known(node.body, names) | _known(node.orelse, names)
    if isinstance(node, ast.Name):
        return {str(names[node.id])} if isinstance(names.get(node.id), str) else set()
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
        found = getattr(names[node.value.id], node.attr, None)
        return {str(found)} if isinstance(found, str) else set()
    return set()


def recipients(room: str) -> set[str]:
    """Whom the messages of a room are written to, beside the staff."""
    found = set()
    for path in (ROOT / "workflows" / room).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".notify") and node.args[1:]:
                found |= _known(node.args[1], {})
    return found - {"None"}


def messages(room: str) -> set[str]:
    """The messages of a room."""
    return {each.name for each in (ROOT / "activities" / room / "templates").iterdir() if each.is_dir()}
