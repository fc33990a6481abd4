"""Names of admission that more than one part must agree on."""

from typing import Annotated, Final

from pydantic import StringConstraints

PROCESS: Final = "admission-review"
ROUND_ATTRIBUTE: Final = "IeheRound"
"""The search attribute that holds the round."""
ApplicationNo = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9-]{3,23}$")]


def admission_case_id(application_no: str) -> str:
    """The case id, which is also the workflow id, of an application."""
    return f"admission/{application_no}"
