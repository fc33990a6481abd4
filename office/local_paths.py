"""Where a page may lead back to: to a page of this system, whatever an address says."""

import re
from typing import Final

FRONT_PAGE: Final = "/"
_LENGTH: Final = 1000
# what browsers take for the beginning of another host: //, /\ and control characters between them
_LOCAL: Final = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_SIGN_IN: Final = re.compile(r"/(sign-in|sign-out|invitations)(?![\w-])")


def local_path(given: object) -> str:
    """The path that was given, if it is that of a page of ours and not of signing in; else the front page."""
    if not isinstance(given, str) or len(given) > _LENGTH:
        return FRONT_PAGE
    return given if _LOCAL.fullmatch(given) and not _SIGN_IN.match(given) else FRONT_PAGE
