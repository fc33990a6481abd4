"""What stands at the head of a printed list: its filter, when it was printed; see `lists.html`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from office.words import Tongue


@dataclass(frozen=True)
class PrintHead:
    """The filter in words, label and value, and the moment."""

    filters: tuple[tuple[str, str], ...]
    at: str


def print_head(t: Tongue, filters: Sequence[tuple[str, str | None]]) -> PrintHead:
    """The head of a list; what does not filter is left out.

    Args:
        t: the language of the reader.
        filters: what each is called and asks for, in words.
    """
    return PrintHead(tuple((name, value) for name, value in filters if value), t.moment(datetime.now(UTC)))
