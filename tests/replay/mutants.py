"""The workflows' code with a pause or another command put into one of its paths, in memory only.

A path is a block of statements (a body, a branch, a handler, a loop) of a function that can ask Temporal for
something: of every `async` function in `workflows/`, and of every other one that starts a task or shows
something. They are read from the source, so that a path that somebody adds is one more by itself.
"""

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import ModuleType
from typing import Any, Final

import workflows
from workers.worker import WORKFLOWS

ROOT: Final = FilePath(workflows.__file__).parent
PAUSE: Final = "await workflow.sleep(1)"
COMMAND: Final = "workflow.upsert_memo({'mutant': 'yes'})"
_COMMANDING: Final = frozenset({"create_task", "upsert_search_attributes", "set_current_details"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_REACHED: Final = "_reached"


@dataclass(frozen=True, order=True)
class Path:
    """One block: where it stands, and the function that it belongs to."""

    module: str
    line: int
    function: str
    kind: str
    first: str
    """The first word of its first statement when that is `raise`, else empty."""
    pauses: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function} ({self.kind})"


def modules() -> list[str]:
    """Names of the modules below `workflows` that have such functions, those imported by others first."""
    return [
        ".".join(("workflows", *file.relative_to(ROOT).with_suffix("").parts))
        for file in sorted(ROOT.rglob("*.py"))
        if any(_functions(ast.parse(file.read_text("utf-8"))))
    ]


def paths() -> list[Path]:
    """Every path there is."""
    return [path for module in modules() for path, _ in _blocks(module, _tree(module))]


@contextmanager
def counting() -> Iterator[tuple[list[type], set[Path]]]:
    """The workflow classes of all processes as they are, and the paths that they have gone so far."""
    seen: set[Path] = set()
    known = {str(path): path for path in paths()}

    def mark(module: str, tree: ast.Module) -> None:
        for path, block in list(_blocks(module, tree)):
            _put(block, f"{_REACHED}({str(path)!r})")

    with _loaded(mark, lambda name: seen.add(known[name])) as workflows:
        yield workflows, seen


@contextmanager
def mutated(mutant: Path) -> Iterator[list[type]]:
    """The workflow classes with a pause (or, where none can be, a command) at the start of a path."""

    def change(module: str, tree: ast.Module) -> None:
        for path, block in list(_blocks(module, tree)):
            if path == mutant:
                _put(block, PAUSE if path.pauses else COMMAND)

    with _loaded(change, lambda _name: None) as workflows:
        yield workflows


def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text("utf-8"))


def _file(module: str) -> FilePath:
    return ROOT.parent.joinpath(*module.split(".")).with_suffix(".py")


def _functions(tree: ast.AST, above: str = "") -> Iterator[tuple[str, _Function]]:
    for node in ast.iter_child_nodes(tree):
        name = above
        if isinstance(node, ast.ClassDef | _Function):
            name = f"{above}.{node.name}".lstrip(".")
        if isinstance(node, ast.AsyncFunctionDef) or (isinstance(node, ast.FunctionDef) and _commands(node)):
            yield name, node
        yield from _functions(node, name)


def _commands(function: ast.FunctionDef) -> bool:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Attribute) and called.attr in _COMMANDING for called in calls)


def _blocks(module: str, tree: ast.Module) -> Iterator[tuple[Path, list[ast.stmt]]]:
    for name, function in _functions(tree):
        pauses = isinstance(function, ast.AsyncFunctionDef)
        for kind, block in _within(function):
            yield Path(module, block[0].lineno, name, kind, _first(block), pauses), block


def _first(block: list[ast.stmt]) -> str:
    return "raise" if isinstance(block[0], ast.Raise) else ""


def _within(node: ast.AST) -> Iterator[tuple[str, list[ast.stmt]]]:
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list) and block:
            yield f"{type(node).__name__}.{field}", block
            for statement in block:
                if not isinstance(statement, _Function | ast.ClassDef):
                    yield from _within(statement)
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from _within(part)


def _put(block: list[ast.stmt], source: str) -> None:
    (statement,) = ast.parse(source, mode="exec").body if "await" not in source else _awaited(source)
    for node in ast.walk(statement):
        ast.copy_location(node, block[0])
    documented = isinstance(block[0], ast.Expr) and isinstance(block[0].value, ast.Constant)
    block.insert(1 if documented else 0, statement)


def _awaited(source: str) -> list[ast.stmt]:
    (function,) = ast.parse(f"async def f():\n    {source}").body
    assert isinstance(function, ast.AsyncFunctionDef)
    return function.body


@contextmanager
def _loaded(
    change: Callable[[str, ast.Module], None], reached: Callable[[str], None]
) -> Iterator[list[type]]:
    """The modules anew with a change, in place of the real ones as long as it lasts."""
    names = modules()
    kept: dict[str, ModuleType] = {name: importlib.import_module(name) for name in names}
    try:
        for name in names:
            del sys.modules[name]
        finder = _Finder(change, reached, frozenset(names))
        sys.meta_path.insert(0, finder)
        try:
            changed = [getattr(importlib.import_module(each.__module__), each.__name__) for each in WORKFLOWS]
        finally:
            sys.meta_path.remove(finder)
        yield changed
    finally:
        for name, module in kept.items():
            sys.modules[name] = module
            setattr(sys.modules[name.rpartition(".")[0]], name.rpartition(".")[2], module)


class _Finder:
    """Finds the modules to change, and loads them changed."""

    def __init__(
        self,
        change: Callable[[str, ast.Module], None],
        reached: Callable[[str], None],
        names: frozenset[str],
    ) -> None:
        self._change, self._reached, self._names = change, reached, names

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> Any:
        if name not in self._names:
            return None
        return importlib.util.spec_from_loader(name, self, origin=str(_file(name)))

    def create_module(self, _spec: Any) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        tree = _tree(module.__name__)
        self._change(module.__name__, tree)
        module.__dict__[_REACHED] = self._reached
        exec(compile(tree, str(_file(module.__name__)), "exec"), module.__dict__)  # noqa: S102
