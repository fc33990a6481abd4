"""How hypothesis searches, as for the other rules."""

from tests.workflows.rules import conftest as _  # noqa: F401
