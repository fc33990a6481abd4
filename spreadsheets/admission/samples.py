"""Made-up applications and staff that look like an office's own files; the same seed makes the same rows."""

import random
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from spreadsheets.dates import ERAS

SAMPLE_ROUND: Final = "2027-general"
SAMPLE_LAST_DAY: Final = date(2026, 10, 9)
"""Samples are submitted in the four weeks up to this day, so that they check clean on any later one."""

SampleRow = dict[str, str]
_WORDS: Final = tomllib.loads(Path(__file__).with_name("samples.toml").read_text(encoding="utf-8"))
_FAMILY_NAMES, _GIVEN_NAMES = (
    [entry.split(":") for entry in _WORDS[names]] for names in ("family_names", "given_names")
)
PROGRAMMES: Final[list[str]] = _WORDS["programmes"]
_SCHOOLS: Final = [f"{founder}{name}高等学校" for founder in _WORDS["founders"] for name in _WORDS["schools"]]
_WIDE_DIGITS: Final = str.maketrans(
    "0123456789-", "".join(chr(0xFF10 + digit) for digit in range(10)) + "\uff0d"
)
_SIBLING_SHARE: Final = 0.01


def sample_applications(
    rows: int,
    seed: int,
    round_id: str = SAMPLE_ROUND,
    fault_rate: float = 0.0,
    *,
    duplicates: int = 0,
    last_day: date = SAMPLE_LAST_DAY,
) -> Iterator[SampleRow]:
    """Yield raw rows, field → text, as clerks type them: mixed date styles, widths and spellings.

    About one row in a hundred is a second application of the person before it, to another programme.

    Args:
        rows: how many to yield, those with faults and duplicates included.
        seed: the same seed and arguments yield the same rows.
        round_id: the round; application numbers are `A<its first four characters>-000001` and so on.
        fault_rate: share of rows that get one error each, between 0 and 1.
        duplicates: how many rows, at most all but the first, repeat the person before under another e-mail
            address and without portal account.
        last_day: the last day on which a sample was submitted.
    """
    chance = random.Random(seed)  # noqa: S311 - samples have to be repeatable, not secret
    doubled = set(chance.sample(range(1, rows), min(duplicates, rows - 1))) if rows > 1 else set()
    prefix = f"A{round_id[:4].upper()}-"
    previous: SampleRow = {}
    for index in range(rows):
        number = f"{prefix}{index + 1:06}"
        if index in doubled:
            row = previous | {
                "application_no": number,
                "applicant_account": "",
                "email": f"another-{index + 1:06}@example.com",
            }
        elif previous and _happens(chance, _SIBLING_SHARE):
            others = [programme for programme in PROGRAMMES if programme != previous["programme"]]
            row = previous | {"application_no": number, "programme": chance.choice(others)}
        else:
            row = _application(chance, number, index + 1, round_id, last_day)
        previous = row
        if _happens(chance, fault_rate):
            row = row | chance.choice(_WORDS["faults"])
        yield row


def sample_staff() -> Iterator[SampleRow]:
    """Yield 12 reviewers, 5 members (the first the chair), 2 officers, checker, head, 2 administrators."""
    people = (
        [(f"reviewer-{n}", "reviewer") for n in range(1, 13)]
        + [("committee-1", "committee_member;committee_chair")]
        + [(f"committee-{n}", "committee_member") for n in range(2, 6)]
        + [("office-1", "admissions_office"), ("office-2", "admissions_office")]
        + [("checker-1", "checker"), ("head-1", "head_of_admissions")]
        + [("admin-1", "administrator"), ("admin-2", "administrator")]
    )
    for index, ((staff_id, roles), given) in enumerate(zip(people, _GIVEN_NAMES, strict=False)):
        reviewer = roles == "reviewer"
        yield {
            "staff_id": staff_id,
            "name": f"見本 {given[0]}",
            "email": f"{staff_id}@example.ac.jp",
            "language": "en" if index % 7 == 0 else "ja",
            "roles": roles,
            "load_cap": "6" if reviewer else "",
            "available_from": "2026-09-01" if reviewer else "",
            "available_to": "2027-03-31" if reviewer else "",
            "employers": f"見本大学; {_SCHOOLS[index]} (2025-03-31)" if reviewer else "見本大学",
            "relations": f"見本 {given[0]}の親族" if index % 5 == 0 else "",
            "phone": f"000-0000-{index + 1:04}",
            "address": "",
        }


def _application(chance: random.Random, number: str, serial: int, round_id: str, last_day: date) -> SampleRow:
    family, family_kana = chance.choice(_FAMILY_NAMES)
    given, given_kana, sex = chance.choice(_GIVEN_NAMES)
    school = chance.randrange(len(_SCHOOLS))
    # Most leave school this year; some try again after a year or two, a few come later in life.
    years = chance.choices((0, 1, 2, 5, 20), (80, 14, 3, 2, 1))[0]
    born = date(last_day.year - 18 - years, 4, 2) + timedelta(days=chance.randrange(365))
    submitted = last_day - timedelta(days=chance.randrange(28))
    accommodation = _happens(chance, 0.02)
    foreign = _happens(chance, 0.03)
    digits = _happens(chance, 0.1)
    postal_code = f"000-{chance.randrange(10_000):04}"
    place = chance.choice(_WORDS["places"])
    address = f"{place}{chance.randint(1, 9)}-{chance.randint(1, 30)}-{chance.randint(1, 20)}"
    return {
        "application_no": number,
        "round_id": round_id,
        "programme": chance.choice(PROGRAMMES),
        "applicant_account": f"p{serial:07}" if _happens(chance, 0.9) else "",
        "family_name": family,
        "given_name": given,
        "family_kana": chance.choice((str, str, str, _hiragana))(family_kana),
        "given_kana": given_kana,
        "birth_date": _written(chance, born),
        "sex": chance.choice((sex, sex, sex, sex, "回答しない", "")),
        "email": f"applicant-{serial:06}@example.com",
        "phone": f"000-0000-{chance.randrange(10_000):04}",
        "postal_code": postal_code.translate(_WIDE_DIGITS) if digits else postal_code,
        "address": address.translate(_WIDE_DIGITS) if digits else address,
        "school_name": _SCHOOLS[school],
        "school_code": f"X{school + 1:05}",
        "school_contact_email": f"school-{school + 1:02}@example.ac.jp",
        "guardian_name": f"{family} {chance.choice(_GIVEN_NAMES)[0]}" if years in {0, 1} else "",
        "related_staff": "卒業生(父)" if _happens(chance, 0.02) else "",
        "language": "en" if foreign else "ja",
        "submitted_on": _written(chance, submitted),
        "accommodation_requested_on": submitted.isoformat() if accommodation else "",
        "accommodation_sudden": "はい" if accommodation and _happens(chance, 0.2) else "",
        "statement": _WORDS["statements"][-1] if foreign else chance.choice(_WORDS["statements"][:-1]),
    }


def _happens(chance: random.Random, share: float) -> bool:
    return chance.random() < share


def _hiragana(kana: str) -> str:
    return "".join(chr(ord(mark) - 0x60) if "ァ" <= mark <= "ヶ" else mark for mark in kana)


def _written(chance: random.Random, day: date) -> str:
    style = chance.choices(STYLES, (4, 3, 2, 1, 1, 1))[0]
    return style(day)


def in_era(day: date, form: str = "{era}{year}年{month}月{day}日") -> str:
    """A date by its era, e.g. 平成20年4月1日; the first year is 元."""
    era, (first_year, *_) = next(item for item in reversed(ERAS.items()) if item[1][1] <= day)
    year = day.year - first_year + 1
    letter = dict(zip(ERAS, "MTSHR", strict=True))[era]
    return form.format(
        era=era, letter=letter, year="元" if year == 1 else year, month=day.month, day=day.day, number=year
    )


STYLES: Final[tuple[Callable[[date], str], ...]] = (
    lambda day: day.isoformat(),
    lambda day: f"{day.year}/{day.month}/{day.day}",
    in_era,
    lambda day: in_era(day, "{letter}{number}.{month}.{day}"),
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"{day.year}年{day.month}月{day.day}日".translate(_WIDE_DIGITS),
)
"""The ways in which sample dates are written."""
