"""How hypothesis searches is set where the other rules' tests are."""

from tests.workflows.rules import conftest as _  # noqa: F401
