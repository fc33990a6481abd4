"""Lines kept in a file without a name: a large table fills no memory and leaves nothing on the disk."""

import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Generic, TypeVar, overload

from pydantic import BaseModel

from schemas.kernel.people import NumberedRow

Row = TypeVar("Row", bound=BaseModel)


class NamelessFile:
    """A file that no folder shows; it is gone with the last who knows it."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when nobody knows it

    def __del__(self) -> None:
        self.file.close()

    @property
    def path(self) -> Path:
        """By what this process opens it anew, so long as it is known."""
        return Path(f"/proc/self/fd/{self.file.fileno()}")

    def lines(self) -> IO[bytes]:
        """Read it from its beginning, whoever else is reading it."""
        # opened anew, and so with a place of its own
        return self.path.open("rb", 1 << 16)


class SpooledRows(Sequence[NumberedRow[Row]], Generic[Row]):
    """Numbered rows of a model that wait in a file; each is made anew whenever it is asked for."""

    def __init__(self, model: type[Row], kept: NamelessFile | None = None) -> None:
        self._model = model
        self._file = kept or NamelessFile()
        # row number and where its line begins, by turns: two machine words a row
        self._index = array("q")
        self._end = 0

    def append(self, number: int, row: Row) -> None:
        """Add a row; only before the rows are read."""
        self._index.extend((number, self._end))
        self._end += self._file.file.write(row.model_dump_json(exclude_defaults=True).encode() + b"\n")

    def written(self) -> None:
        """Say that all rows are there."""
        self._file.file.flush()

    def where(self, wanted: Callable[[int], bool]) -> "SpooledRows[Row]":
        """The rows whose numbers are wanted, in the same file."""
        chosen = SpooledRows(self._model, self._file)
        for number, start in self._places():
            if wanted(number):
                chosen._index.extend((number, start))
        return chosen

    def _places(self) -> Iterator[tuple[int, int]]:
        return zip(islice(self._index, 0, None, 2), islice(self._index, 1, None, 2), strict=True)

    def __len__(self) -> int:
        return len(self._index) // 2

    def __iter__(self) -> Iterator[NumberedRow[Row]]:
        with self._file.lines() as lines:
            for number, start in self._places():
                lines.seek(start)
                yield NumberedRow(number, self._model.model_validate_json(lines.readline()))

    @overload
    def __getitem__(self, place: int) -> NumberedRow[Row]: ...
    @overload
    def __getitem__(self, place: slice) -> list[NumberedRow[Row]]: ...
    def __getitem__(self, place: int | slice) -> NumberedRow[Row] | list[NumberedRow[Row]]:
        numbers = self._index[::2][place]
        if isinstance(numbers, int):
            return next(iter(self.where(numbers.__eq__)))
        return list(self.where(set(numbers).__contains__))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
