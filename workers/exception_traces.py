"""What may be told of an exception: its types, their codes, and the places in the code it came through.

Its text may quote a row of the database or what somebody typed, and so may the local variables.
"""

import re
import traceback
from collections.abc import Iterator
from typing import Final

_CODE: Final = re.compile(r"[A-Za-z0-9._:/+-]{1,64}")
_FRAMES: Final = 30


def trail(error: BaseException) -> tuple[str, list[str]]:
    """An error's types with their codes, cause last, and where it came from; never a text or a value."""
    frames = [f"{file}:{line} {name}" for file, line, name in places(error)]
    return " < ".join(map(_named, _chain(error))), frames[-_FRAMES:]


def places(error: BaseException) -> list[tuple[str, int, str]]:
    """File, line and function of everything that its first cause came through, outermost first."""
    *_, first = _chain(error)
    frames = traceback.extract_tb(first.__traceback__ or error.__traceback__)
    return [(frame.filename, frame.lineno or 0, frame.name) for frame in frames]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        hidden = current.__suppress_context__
        inner = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else None
        current = inner or current.__cause__ or (None if hidden else current.__context__)


def _named(error: BaseException) -> str:
    codes = (getattr(error, name, None) for name in ("sqlstate", "type", "errno"))
    code = next((each for each in codes if each is not None), None)
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    return f"{kind}({code})" if isinstance(code, str | int) and _CODE.fullmatch(str(code)) else kind
