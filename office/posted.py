"""What a form of ours sends: read within limits, and only with the token of the session."""

from typing import Final
from uuid import uuid4

from starlette.datastructures import FormData
from starlette.requests import Request

from gateway.problems import Fault, invalid
from office.guard import check_token
from office.pages import Reader

FIELDS: Final = 400
PART_BYTES: Final = 64 * 1024
_KEY_LENGTH: Final = 64


async def form_of(request: Request, reader: Reader, *, file_bytes: int = PART_BYTES) -> FormData:
    """What was sent.

    Raises:
        Problem: it is too much; or without the session's token (403).
    """
    form = await request.form(max_fields=FIELDS, max_files=1, max_part_size=file_bytes)
    check_token(reader.session, form)
    return form


def new_key() -> str:
    """A key for what a form will do: sent twice, it is done once."""
    return f"page-{uuid4().hex}"


def key_in(form: FormData) -> str:
    """The key that the form was given.

    Raises:
        Problem: 400, it was changed or left out.
    """
    key = form.get("key", "")
    if not isinstance(key, str) or not key.startswith("page-") or len(key) > _KEY_LENGTH or not key.isascii():
        raise invalid([Fault("key", "missing")])
    return key


def number_in(form: FormData, name: str) -> int:
    """A small number that the form was given.

    Raises:
        Problem: 400, it was changed or left out.
    """
    value = form.get(name, "")
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 9:  # noqa: PLR2004
        raise invalid([Fault(name, "missing")])
    return int(value)


def step_in(form: FormData) -> str:
    """Which button was pressed."""
    value = form.get("step", "check")
    return value if isinstance(value, str) else "check"
