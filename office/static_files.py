"""The files that the pages load: each under an address that changes with what is in it."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).with_name("static")


@cache
def static(name: str) -> str:
    """The address of a file of ours, another one with every change of it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"
