"""Standard output and error as a terminal may have them.

What somebody wrote into a form cannot move the cursor, change colours or the title of a terminal, or turn a
line around: such characters are shown, not obeyed. A reader that goes away (`| head`) ends the command.
"""

import os
import sys
from typing import Any, Final, NoReturn, TextIO, cast

READER_GONE: Final = 141
"""128 + SIGPIPE, as the shell reports other programs whose reader has gone."""
_OBEYED: Final = (
    *(code for code in range(0x20) if chr(code) not in "\t\n"),
    *range(0x7F, 0xA0),
    *(0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)),
)
_SHOWN: Final = {code: chr(code).encode("unicode_escape").decode() for code in _OBEYED}


class Printed:
    """A text stream that passes on what can be read, and leaves when nobody reads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        # a locale that knows no Japanese must not turn an answer into a fault
        cast("Any", stream).reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write a text with its control characters and reversals shown."""
        try:
            self._stream.write(text.translate(_SHOWN))
        except BrokenPipeError:
            _leave()
        return len(text)

    def flush(self) -> None:
        """Hand on what is buffered."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            _leave()

    def __getattr__(self, name: str) -> Any:
        """Whatever else a stream has."""
        return getattr(self._stream, name)


def wrap_streams() -> None:
    """Let everything that this process prints go through `Printed`.

    Progress bars draw on `sys.__stderr__`, which stays as it is.
    """
    sys.stdout, sys.stderr = cast("TextIO", Printed(sys.stdout)), cast("TextIO", Printed(sys.stderr))


def _leave() -> NoReturn:
    # at once: the interpreter would try to flush again on its way out
    os._exit(READER_GONE)
