"""A file for each thing that can be wrong with a house's list."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from spreadsheets.dormitory.beds import check_beds_file
from spreadsheets.rows import Checked


def beds(*rows: str) -> Callable[[Path], Checked[Any]]:
    """A list, checked."""

    def checked(path: Path) -> Checked[Any]:
        lines = ["house,bed,room,kind,from,to", *rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return check_beds_file(path)

    return checked


DORMITORY: Final[Mapping[str, Callable[[Path], Checked[Any]]]] = {
    "bed-repeated": beds("north,101-A,101,single,,", "north,101-A,101,single,,"),
    "days-incomplete": beds("north,101-A,101,single,2027-04-01,"),
    "days-out-of-order": beds("north,101-A,101,single,2027-04-09,2027-04-01"),
    "bed-differs": beds("north,101-A,101,single,,", "north,101-A,102,single,2027-04-01,2027-05-01"),
}
