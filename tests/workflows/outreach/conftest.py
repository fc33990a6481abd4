"""How hypothesis searches, as for the other rules; and the process's words, until a room brings them."""

from schemas.kernel.refusals import TEXTS
from schemas.outreach import refusals
from tests.workflows.rules import conftest as _  # noqa: F401

TEXTS.update(refusals.TEXTS)
