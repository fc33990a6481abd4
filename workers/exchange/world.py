"""What the sample students come into: people, partners with agreements, houses with their beds, a season."""

import json
import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from schemas.exchange.policy import Window
from schemas.exchange.roles import Role
from schemas.kernel.case import Actor
from schemas.kernel.japan import TOKYO
from schemas.kernel.people import StaffRow
from workers.exchange.fates import Fate

OFFICE: Final = Actor(id="office-1", roles=(Role.OFFICE,))
HEAD: Final = Actor(id="head-1", roles=(Role.HEAD,))
FACULTY: Final = Actor(id="faculty-1", roles=(Role.COORDINATOR,))
COMMITTEE: Final = Actor(id="committee-1", roles=(Role.COMMITTEE,))
REGISTRAR: Final = Actor(id="registrar-1", roles=(Role.REGISTRAR,))
ADVISORS: Final = tuple(f"advisor-{number}" for number in range(1, 10))
PARTNERS: Final = tuple(f"uni-{number:02}" for number in range(1, 21))
HOUSE_ROLES: Final = ("house_office",)
SAMPLE_ITEMS: Final = ("residence-card", "address", "health-insurance", "courses", "health-check")
"""Of the checklist, as many as a play needs."""


@dataclass(frozen=True)
class House:
    """A house, the share of all students for whom it has a bed, and who works there."""

    name: str
    share: float
    kind: str

    @property
    def office(self) -> Actor:
        """Who draws and offers."""
        return Actor(id=f"{self.name}-1", roles=HOUSE_ROLES)

    @property
    def second(self) -> Actor:
        """Who confirms."""
        return Actor(id=f"{self.name}-2", roles=HOUSE_ROLES)


HOUSES: Final = {
    house.name: house
    for house in (House("north", 0.3, "single"), House("south", 0.25, "unit"), House("east", 0.2, "shared"))
}


async def furnish(connection: Any, term: str, season: Window, students: int) -> None:
    """Store partners, agreements with their frames, houses with their beds, and the season's dates.

    A fifth of the agreements have places for half of those who are nominated.
    """
    follows = f"{int(term[:2])}A"
    each = -(-students // len(PARTNERS))
    for of_term in (term, follows):
        for measure, places in (("persons", students + 50), ("months", (students + 50) * 6)):
            wanted = json.dumps({"places": places, "measure": measure})
            await connection.execute(
                "SELECT iehe.set_frame($1, $2, now())", f"exchange/{of_term}:{measure}", wanted
            )
    for number, partner in enumerate(PARTNERS):
        await connection.execute(
            "INSERT INTO iehe.exchange_partners (partner, name, mail) VALUES ($1, $2, $3)",
            *(partner, f"見本 University {number + 1}", f"coordinator-{number + 1}@example.edu"),
        )
        persons = max(1, each // 2) if number % 5 == 0 else each + 1
        for of_term in (term, follows):
            await connection.execute(
                "SELECT iehe.exchange_set_agreement($1, $2, $3, 'all', $4, $5)",
                *(of_term, f"a-{partner}", partner, persons, persons * 6),
            )
    of_houses = [(who.id, HOUSE_ROLES) for house in HOUSES.values() for who in (house.office, house.second)]
    for who, roles in (*of_houses, ("houses-head", ("head_of_houses",))):
        await connection.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) VALUES ($1, $2, $3, $4)",
            *(who, f"見本 {who}", f"{who}@example.ac.jp", list(roles)),
        )
    for house in HOUSES.values():
        beds = max(2, int(students * house.share))
        rooms = [(f"R{bed // 2:03}-{'AB'[bed % 2]}", f"R{bed // 2:03}") for bed in range(beds)]
        shared = house.kind == "shared"
        await connection.executemany(
            "INSERT INTO iehe.dormitory_beds (house, bed, room, kind, group_) VALUES ($1, $2, $3, $4, $5)",
            [
                (
                    house.name,
                    bed,
                    room if shared else bed,
                    "accessible" if number == 0 else house.kind,
                    ("woman", "man")[number // 2 % 2] if shared and number else None,
                )
                for number, (bed, room) in enumerate(rooms)
            ],
        )
    sample = {"documents": ["passport", "transcript", "photo"], "checklist_items": SAMPLE_ITEMS}
    await connection.execute(
        "UPDATE iehe.policies SET valid_from = '2020-04-01',"
        " body = jsonb_set(body, '{routes,incoming}',"
        " jsonb_set(body #> '{routes,incoming}', '{seasons,S}', $1) || $2) WHERE process = $3",
        *(season.model_dump_json(), json.dumps(sample), "exchange-onboarding"),
    )


def people_of(students: int) -> list[StaffRow]:
    """Who works at the university, with a tutor for every second student and two more."""
    roles = {
        **{who.id: frozenset(who.roles) for who in (OFFICE, HEAD, FACULTY, COMMITTEE, REGISTRAR)},
        **dict.fromkeys(ADVISORS, frozenset({Role.ADVISOR})),
        **{f"tutor-{number}": frozenset({Role.TUTOR}) for number in range(1, 3 + students // 2)},
    }
    return [
        StaffRow(
            staff_id=who,
            name=f"見本 {who}",
            email=f"{who}@example.ac.jp",
            roles=frozenset(map(str, held)),
            load_cap=9 if Role.TUTOR in held else None,
        )
        for who, held in roles.items()
    ]


def season_of(begun: date) -> Window:
    """A season whose nominations are taken now."""

    def day(days: int) -> str:
        at = begun + timedelta(days=days)
        return f"{at:%m-%d}" if (at.month, at.day) != (2, 29) else "02-28"

    return Window(
        opens=day(-20),
        closes=day(20),
        results=day(50),
        begins=day(130),
        orientation=day(134),
        ends=day(280),
        kept_until=day(159),
    )


def house_form(begun: datetime, begins: date, seed: int) -> dict[str, Any]:
    """How a house gives its beds for the term."""
    return {
        "first": begins - timedelta(days=7),
        "until": begins + timedelta(days=220),
        "collect_until": datetime.combine(begun.date() + timedelta(days=72), time(12), TOKYO),
        "kept_until": begins + timedelta(days=29),
        "seed": f"sample-{seed}",
    }


def nomination_form(seed: int, place: int, fate: Fate, term: str, begins: date, last: date) -> dict[str, Any]:
    """Who is nominated at a place of the partners' lists, counted from 0: few come without a certificate."""
    chance = random.Random(f"{seed}/{place}")  # noqa: S311 - a play
    partner = PARTNERS[place % len(PARTNERS)]
    return {
        "term": term,
        "partner": partner,
        "mobility": f"m-{place + 1}",
        "agreement": f"a-{partner}",
        "faculty": chance.choice(("law", "science", "letters")),
        "student": {
            "family": f"見本{place + 1}",
            "given": "Sample",
            "born": date(2004, 1, 1) + timedelta(days=place),
            "nationality": chance.choice(("DE", "FR", "KR", "TW", "US")),
            "number": f"S-{place + 1}",
            "mail": f"student-{place + 1}@example.com",
        },
        "first": begins,
        "last": last,
        "months": "5",
        "needs_coe": chance.random() < 0.9 or fate.needs_coe,  # noqa: PLR2004
    }
