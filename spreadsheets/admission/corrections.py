"""How corrected values of an applicant and an application are read: as columns of a file are."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from activities.admission.application_rules import contradictions
from schemas.admission.corrections import ApplicantValues, ApplicationValues
from schemas.kernel.japan import TOKYO
from spreadsheets.admission.application_columns import application_columns
from spreadsheets.values import Reader

_READERS: Final = {column.field: column.read for column in application_columns(round_required=False)}


def _plausible(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    today = datetime.now(TOKYO).date()
    return ((fault.name, fault.code) for fault in contradictions(values, today))


READERS: Final[Mapping[str, Mapping[str, Reader]]] = {
    record: {name: _READERS[name] for name in model.model_fields}
    for record, model in (("applicant", ApplicantValues), ("application", ApplicationValues))
}
CHECKS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[tuple[str, str]]]]] = {
    "applicant": _plausible
}
