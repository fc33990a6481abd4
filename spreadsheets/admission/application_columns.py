"""The columns of an application file and how each is read; the headers that offices give are in a table."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from schemas.admission.applications import (
    ACCOUNT_PATTERN,
    APPLICATION_NO_PATTERN,
    PROGRAMME_PATTERN,
    ROUND_ID_PATTERN,
    SCHOOL_CODE_PATTERN,
    STATEMENT_LIMIT,
    Sex,
)
from schemas.kernel.people import LINE_LIMIT, NAME_LIMIT
from spreadsheets.column_words import ColumnWords
from spreadsheets.dates import read_date
from spreadsheets.headers import Column, Form
from spreadsheets.staff import LANGUAGES
from spreadsheets.values import Cell, as_text, choice, email, kana, key, line, phone, postal_code, prose

_WORDS: Final = ColumnWords(Path(__file__).with_name("columns.toml"))
SEXES: Final = {spelling: Sex(value) for spelling, value in _WORDS.choices("sex").items()}
FLAGS: Final = {spelling: value == "true" for spelling, value in _WORDS.choices("flag").items()}
_name, _kana, _line = line(NAME_LIMIT), kana(NAME_LIMIT), line(LINE_LIMIT, break_is_space=True)
_programme = key(PROGRAMME_PATTERN, "programme-invalid", fold=str.lower)


def _choices(cell: Cell) -> tuple[str, ...]:
    """Several codes, with anything between them that no code has."""
    return tuple(str(_programme(part)) for part in re.split(r"[;、,\s]+", as_text(cell).strip()) if part)


_COLUMNS: Final = _WORDS.columns(
    {
        "application_no": key(APPLICATION_NO_PATTERN, "application-no-invalid"),
        "round_id": key(ROUND_ID_PATTERN, "round-invalid", fold=str.lower),
        "programme": _programme,
        "further_choices": _choices,
        "applicant_account": key(ACCOUNT_PATTERN, "code-invalid"),
        "family_name": _name,
        "given_name": _name,
        "family_kana": _kana,
        "given_kana": _kana,
        "birth_date": read_date,
        "sex": choice(SEXES),
        "email": email,
        "phone": phone,
        "postal_code": postal_code,
        "address": _line,
        "school_name": _name,
        "school_code": key(SCHOOL_CODE_PATTERN, "code-invalid", fold=str.upper),
        "school_contact_email": email,
        "guardian_name": _name,
        "related_staff": line(LINE_LIMIT, break_is_space=True, marks=True),
        "language": choice(LANGUAGES),
        "submitted_on": read_date,
        "accommodation_requested_on": read_date,
        "accommodation_sudden": choice(FLAGS),
        "statement": prose(STATEMENT_LIMIT),
    }
)


def application_columns(*, round_required: bool) -> tuple[Column, ...]:
    """All columns; the round is one of them only where the import itself does not name it."""
    return tuple(
        replace(column, required=True) if round_required and column.field == "round_id" else column
        for column in _COLUMNS
    )


def application_form(
    *,
    round_required: bool,
    given: Mapping[str, str] | None = None,
    kept: Mapping[str, Mapping[str, str]] | None = None,
) -> Form:
    """The columns with what offices put into one or spread over several, and the mappings they gave."""
    columns = application_columns(round_required=round_required)
    return Form(columns, _WORDS.splits(), _WORDS.groups(), given or {}, kept or {})
