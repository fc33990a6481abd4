"""What a form of ours sends: read within limits, and only with the token of the session."""

import re
from pathlib import PurePath
from typing import Final
from uuid import uuid4

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from gateway.problems import Fault, invalid, problem
from office.guard import FormOfAnotherSession, check_token, read_form
from office.pages import Reader
from spreadsheets.spool import NamelessFile

OWN_FIELDS: Final = frozenset({"csrf", "key", "step", "case", "case_version", "bulk_decision", "file"})
"""Names of what forms carry beside what is asked for: no model may have a field of one."""
SPARE: Final = 64 * 1024
"""Bytes of a form with a file, beside the file."""
_KEY: Final = re.compile("page-[0-9a-f]{32}")
_CHUNK: Final = 1024 * 1024


async def form_of(request: Request, reader: Reader, *, file_bytes: int = 0) -> FormData:
    """What was sent; with a file of so many bytes at most, or with none.

    Raises:
        Problem: 400, 403 or 413, it is unreadable, not of the session, or too much.
    """
    if file_bytes:
        length = request.headers.get("content-length", "")
        if not length.isascii() or not length.isdigit() or int(length) > file_bytes + SPARE:
            raise problem("body-too-large", limit=file_bytes)
    form = await read_form(request, 1 if file_bytes else 0)
    try:
        check_token(reader.session, form)
    except FormOfAnotherSession:
        await form.close()
        raise
    return form


async def file_in(form: FormData) -> tuple[str, NamelessFile] | None:
    """The file that a form has sent, with the name that the browser gave it; None: it has none.

    It is nameless: it holds what is personal, and is gone with the last who knows it, whatever ends them.
    """
    sent = form.get("file")
    try:
        if not isinstance(sent, UploadFile) or not sent.filename:
            return None
        kept = NamelessFile()
        while part := await sent.read(_CHUNK):
            kept.file.write(part)
        kept.file.flush()
        return PurePath(sent.filename).name, kept
    finally:
        await form.close()


def new_key() -> str:
    """A key for what a form will do: sent twice, it is done once."""
    return f"page-{uuid4().hex}"


def key_in(form: FormData) -> str:
    """The key that the form was given.

    Raises:
        Problem: 400, it was changed or left out.
    """
    key = form.get("key", "")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise invalid([Fault("key", "missing")])
    return key


def number_in(form: FormData, name: str, least: int = 0) -> int:
    """A small number that the form was given.

    Raises:
        Problem: 400, it was changed or left out.
    """
    number = small_number(form.get(name))
    if number is None or number < least:
        raise invalid([Fault(name, "missing")])
    return number


def small_number(value: object) -> int | None:
    """A number that the database takes for an integer; None: it is none, or too large."""
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9  # noqa: PLR2004
    return int(str(value)) if is_number else None


def step_in(form: FormData) -> str:
    """Which button was pressed."""
    value = form.get("step", "check")
    return value if isinstance(value, str) else "check"
