"""What a file is, by its content alone: neither its name nor what its sender calls it is believed."""

import mimetypes
from collections.abc import Collection
from typing import Final

import puremagic

_HEAD: Final = 1024
"""Bytes at the end of a PDF within which its end has to stand, as readers look for it."""
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_TAIL: Final = 65_557
"""Bytes at the end of a file within which an archive's directory can stand."""
_EXTENSIONS: Final = {"image/jpeg": "jpg", "application/pdf": "pdf", "image/png": "png"}


def type_of(content: bytes, allowed: Collection[str]) -> str | None:
    """The media type of a file, if it is one of those that are allowed and nothing else besides.

    What begins as one thing and ends as another is none: a PDF with a page of HTML before it or an archive
    behind it, an image that goes on after its end with one.
    """
    try:
        matches = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return None
    surest = max((each.confidence for each in matches), default=0)
    found = {each.mime_type for each in matches if each.confidence == surest}
    media = next((each for each in allowed if each in found), None)
    if media is None or not _is_whole(content, media):
        return None
    is_archive = content.startswith(b"PK\x03\x04")
    return media if is_archive or _ZIP_END not in content[-_ZIP_TAIL:] else None


def _is_whole(content: bytes, media: str) -> bool:
    """Whether it begins and ends as its type does, as far as its outermost marks tell."""
    match media:
        case "application/pdf":
            end = content[-_HEAD:]
            return content.startswith(b"%PDF-") and b"%%EOF" in end and b"startxref" in content[-2 * _HEAD :]
        case "image/jpeg":
            return content.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in content[4:]
        case "image/png":
            return content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82")
        case _:
            return True


def extension_of(media: str) -> str:
    """How the name of a file of a type ends, without its dot."""
    return _EXTENSIONS.get(media) or (mimetypes.guess_extension(media) or ".bin").removeprefix(".")
