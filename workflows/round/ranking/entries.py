"""Each choice with the total it goes by and its place in the programme's order: R1, R16."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from schemas.round.rules import Programme, RankingRules
from workflows.round.ranking.faults import Fault, FaultyInputError
from workflows.round.ranking.inputs import Applications, Chosen
from workflows.round.ranking.points import PointsOf
from workflows.round.ranking.totals import Standing, Weighing, lot


@dataclass(slots=True)
class Entry:
    """A choice on its way to a line of a list."""

    who: int
    """The applicant's number, in the order of applications."""
    application: str
    chosen: Chosen
    standing: Standing | None
    """None: not ranked."""
    drawn: str = ""
    """Its number in the lot, where one decides."""
    group: int = -1
    """The same for all of the programme between whom nothing decides; the best have 0."""
    rank: int | None = None
    """Persons before it, and one."""

    @property
    def may_be_admitted(self) -> bool:
        """Ranked, and not below the floor (R19)."""
        floor = self.chosen.programme.floor
        return self.standing is not None and (floor is None or self.standing.total >= floor)


def entries(rules: RankingRules, applications: Applications, faults: Iterable[Fault]) -> list[list[Entry]]:
    """By applicant, each choice with its total and its place in the programme's order.

    Raises:
        FaultyInputError: with these faults and all others that are found, if there is any.
    """
    weighings: dict[tuple[object, ...], Weighing] = {}
    of_programme: dict[str, Weighing] = {}
    for programme in rules.programmes:
        shared = weighings.setdefault(Weighing.key(programme), Weighing(programme, rules))
        of_programme[programme.key] = shared
    points_of = PointsOf(rules)
    points = []
    for candidate, chosen in zip(applications.candidates, applications.chosen, strict=True):
        considered = [each.programme.key for each in chosen if each.not_considered is None]
        required = dict.fromkeys(part for key in considered for part in of_programme[key].parts)
        points.append(points_of.of(candidate, required))
    if found := [*faults, *applications.faults, *points_of.faults]:
        raise FaultyInputError(found)
    made = []
    for who, (candidate, chosen) in enumerate(zip(applications.candidates, applications.chosen, strict=True)):
        standings: dict[Weighing, Standing | None] = {}
        of_one = []
        for each in chosen:
            weighing = of_programme[each.programme.key]
            if each.not_considered is None and weighing not in standings:
                standings[weighing] = weighing.standing(candidate, points[who])
            standing = standings[weighing] if each.not_considered is None else None
            of_one.append(Entry(who, candidate.application, each, standing))
        made.append(of_one)
    for programme in rules.programmes:
        mine = [each for of_one in made for each in of_one if each.chosen.programme is programme]
        _set_in_order(programme, mine)
    return made


def _set_in_order(programme: Programme, mine: Iterable[Entry]) -> None:
    orders: dict[int, tuple[tuple[Decimal, ...], str]] = {}
    ranked: dict[int, list[Entry]] = {}
    for entry in mine:
        if entry.standing is None:
            continue
        if programme.at_limit == "lot" and programme.lot_seed is not None:
            entry.drawn = lot(programme.lot_seed, "places", entry.application)
        orders[entry.who] = (entry.standing.order, entry.drawn)
        ranked.setdefault(entry.who, []).append(entry)
    group, rank = -1, 0
    before: tuple[tuple[Decimal, ...], str] | None = None
    for number, who in enumerate(sorted(orders, key=orders.__getitem__), 1):
        order = orders[who]
        if order != before:
            group += 1
        if before is None or order[0] != before[0]:
            rank = number
        before = order
        for entry in ranked[who]:
            entry.group, entry.rank = group, rank
