"""Named queries: `activities/<room>/sql/<file>.sql` holds blocks that begin with `-- name: <query>`."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

_HEADING: Final = re.compile(r"^-- name:[ \t]*(?P<name>[a-z][a-z0-9_-]*)[ \t]*$", re.MULTILINE)


class UnknownQueryError(KeyError):
    """A query was asked for that its file does not hold."""


class Queries(Mapping[str, str]):
    """The queries of one file by name."""

    def __init__(self, source: str, texts: Mapping[str, str]) -> None:
        self._source = source
        self._texts = MappingProxyType(dict(texts))

    def __getitem__(self, name: str) -> str:
        """The query's text. Raises UnknownQueryError, a KeyError, that names the file."""
        if name not in self._texts:
            raise UnknownQueryError(f"{self._source} holds no query named {name}")
        return self._texts[name]

    def __contains__(self, name: object) -> bool:
        """Mapping would ask by KeyError; this says it without one."""
        return name in self._texts

    def __iter__(self) -> Iterator[str]:
        """Names in the order of the file."""
        return iter(self._texts)

    def __len__(self) -> int:
        """How many queries the file holds."""
        return len(self._texts)


def parse(source: str, text: str) -> Queries:
    """Split `text` at its `-- name:` lines; what stands before the first is a comment on the file.

    Raises ValueError for a name used twice, a query without text, or a file without queries.
    """
    headings = list(_HEADING.finditer(text))
    if not headings:
        raise ValueError(f"{source} holds no query")
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    found: dict[str, str] = {}
    for heading, end in zip(headings, ends, strict=True):
        name, body = heading["name"], text[heading.end() : end].strip()
        if name in found:
            raise ValueError(f"{source} holds {name} twice")
        if not body:
            raise ValueError(f"{source} holds no text for {name}")
        found[name] = body
    return Queries(source, found)


@cache
def queries(name: str) -> Queries:
    """The queries of `<room>/<file>`: `activities/<room>/sql/<file>.sql`, read once.

    Raises FileNotFoundError and ValueError.
    """
    room, _, file = name.partition("/")
    source = f"{room}/sql/{file}.sql"
    return parse(source, files("activities").joinpath(source).read_text(encoding="utf-8"))
