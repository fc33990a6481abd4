"""The words by which one application tells who the applicant is: names, places, schools, relations."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from unicodedata import normalize

_SCHOOL_KIND: Final = re.compile(
    r"(?:高等学校|高等専門学校|中等教育学校|特別支援学校|高等部|高校|専門学校|大学校|大学|学園|学院|学校|分校)+$"
)
_SCHOOL_OWNER: Final = re.compile(r"^(?:学校法人|国立|私立|.{2,4}[都道府県市区町村]立|[都道府県市]立)")
_PLACE: Final = re.compile(r"[^\d\s]+?[都道府県市区町村郡](?=.)")
_PLACE_KIND: Final = re.compile(r"[都道府県市区町村郡]$")
TITLES: Final = (
    "名誉教授",
    "准教授",
    "助教授",
    "教授",
    "講師",
    "助教",
    "先生",
    "職員",
    "さん",
    "様",
    "氏",
    "君",
)
_HONORIFIC: Final = re.compile(f"(?:{'|'.join(TITLES)})$")
_GENERIC: Final = frozenset(
    {
        *("high", "school", "senior", "junior", "prefectural", "municipal", "private", "the", "of", "and"),
        *("academy", "international", "college", "university", "saint", "com", "co", "jp", "ne", "ac", "ed"),
        *("org", "net", "example", "mail", "gmail", "yahoo", "icloud", "outlook"),
    }
)


def terms(person: Mapping[str, Any]) -> Iterable[str]:
    """Each value of a row of `personal_values`, whole and in the parts that people write alone."""
    get = person.get
    for name in ("family_name", "given_name", "family_kana", "given_kana"):
        yield from (person[name], *person[name].split())
    for family, given in (("family_name", "given_name"), ("family_kana", "given_kana")):
        yield from (person[family] + person[given], f"{person[given]} {person[family]}")
    for name in ("phone", "postal_code", "account", "application_no", "school_code"):
        yield get(name) or ""
    yield from _long_words(get("account") or "")
    yield from _mail_terms(get("email") or "")
    yield from _mail_terms(get("school_contact_email") or "", domain=True)
    yield from _school_terms(get("school_name") or "")
    yield from _address_terms(get("address") or "")
    yield from _guardian_terms(get("guardian_name") or "", person["family_name"])
    yield from _relation_terms(get("related_staff") or "")


def _mail_terms(address: str, *, domain: bool = False) -> Iterable[str]:
    local, _, host = address.partition("@")
    yield address
    if len(local) > 3:  # noqa: PLR2004 - shorter ones are words
        yield local
    if domain:
        yield from _long_words(host)


def _long_words(text: str) -> Iterable[str]:
    return (word for word in re.split(r"[\W_]+", text) if len(word) > 3 and word.casefold() not in _GENERIC)  # noqa: PLR2004


def _words(text: str) -> Iterable[str]:
    return (word for word in re.split(r"\W+", text) if len(word) > 1 and word.casefold() not in _GENERIC)


def _school_terms(school: str) -> Iterable[str]:
    yield school
    for word in (school, *_words(school)):
        core = _SCHOOL_KIND.sub("", word)
        bare = _SCHOOL_OWNER.sub("", core)
        yield from (term for term in (core, bare) if len(term) > 1 and term.casefold() not in _GENERIC)


def _address_terms(address: str) -> Iterable[str]:
    yield address
    plain = normalize("NFKC", address)
    rest = plain
    while match := _PLACE.match(rest):
        place = match[0].strip()
        bare = _PLACE_KIND.sub("", place)
        yield place
        if len(bare) > 1:
            yield bare
        rest = rest[match.end() :].lstrip()
    yield rest
    yield from (part for part in re.split(r"[\d\W]+", rest) if len(part) > 1 and part not in ("丁目", "番地"))
    yield from re.findall(r"\d+(?:\W\d+)+", rest)


def _guardian_terms(guardian: str, family: str) -> Iterable[str]:
    yield guardian
    yield from _words(guardian)
    given = guardian.removeprefix(family).strip()
    if len(given) > 1:
        yield given


def _relation_terms(relation: str) -> Iterable[str]:
    yield relation
    for part in re.split(r"[\Wの]+", relation):
        bare = _HONORIFIC.sub("", part)
        yield from (term for term in (part, bare) if len(term) > 1)
        # a full name without a space: the family name alone is known by what follows it
        yield from (bare[:2] + title for title in TITLES if len(bare) > 2)  # noqa: PLR2004
