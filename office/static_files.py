"""Files of ours that pages are shown with: each by an address that is another one with every change of it."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).with_name("static")


@cache
def static(name: str) -> str:
    """The address of a file."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"
