"""Slow and obvious ways to allocate: going down the list, and one proposal at a time.

Whole numbers throughout; everything is worked out again from the start whenever it is asked for.
"""

from dataclasses import dataclass, field
from hashlib import sha256


@dataclass
class Tree:
    """A programme's frames as the tests see them."""

    parents: dict[str, str | None]
    limits: dict[str, int]

    def chain(self, frame):
        return [] if frame is None else [frame, *self.chain(self.parents[frame])]

    def inner(self, frame):
        return [key for key, parent in self.parents.items() if parent == frame]

    def used(self, frame, taken):
        """How much of a frame those take who are taken in it, each frame counting for its limit at most."""
        return min(self.limits[frame], self.wanted(frame, taken))

    def wanted(self, frame, taken):
        inner = self.inner(frame)
        return sum(self.used(each, taken) for each in inner) if inner else taken.count(frame)


@dataclass
class Naive:
    """A round of whole numbers: scores by part, choices of frames, programmes with own weights."""

    programmes: list[dict]
    people: list[dict]
    limits: dict[str, int]
    home: dict[str, dict] = field(init=False)

    def __post_init__(self):
        self.home = {frame["key"]: each for each in self.programmes for frame in each["frames"]}

    def tree(self, programme):
        return Tree({frame["key"]: frame.get("parent") for frame in programme["frames"]}, self.limits)

    def total(self, person, programme):
        return sum(person["scores"][part] * weight for part, weight in programme["weights"].items())

    def order(self, person, programme):
        """The smaller the better; equal for those between whom nothing decides."""
        ties = [person["scores"][key.removeprefix("part:")] for key in programme["ties"]]
        drawn = ""
        if programme["at_limit"] == "lot":
            seed = programme["lot_seed"]
            drawn = sha256(f"{len(seed)}|{seed}|places|{person['application']}".encode()).hexdigest()
        return [-self.total(person, programme), *(-key for key in ties)], drawn

    def acceptable(self, person):
        """Choices at which somebody is not below the floor."""
        homes = [(frame, self.home[frame]) for frame in person["choices"]]
        return [frame for frame, home in homes if self.total(person, home) >= (home["floor"] or 0)]

    def chosen_by(self, programme, offers):
        """Those of some offers, pairs of a person and a frame, whom a programme takes."""
        tree = self.tree(programme)
        taken, counted, shut = [], [], set()
        for order in sorted({self.key(person, programme) for person, _ in offers}):
            group = [each for each in offers if self.key(each[0], programme) == order]
            if programme["at_limit"] == "none":
                counted += [frame for _, frame in group if not shut & set(tree.chain(frame))]
                over = {frame for frame in tree.parents if tree.wanted(frame, counted) > tree.limits[frame]}
            else:
                over = {
                    frame
                    for frame in tree.parents
                    if tree.used(frame, [frame for _, frame in taken]) >= tree.limits[frame]
                }
            shut |= over
            taken += [each for each in group if not shut & set(tree.chain(each[1]))]
        return taken

    def key(self, person, programme):
        order, drawn = self.order(person, programme)
        return (*order, drawn)

    def one_proposal_at_a_time(self, shuffled):
        """Deferred acceptance, by people in this order; each programme remembers all who ever asked."""
        asked = {person["application"]: 0 for person in shuffled}
        offers = {each["key"]: [] for each in self.programmes}
        while True:
            held = self._held(offers)
            who = next(
                (
                    each
                    for each in shuffled
                    if each["application"] not in held
                    and asked[each["application"]] < len(self.acceptable(each))
                ),
                None,
            )
            if who is None:
                return held
            frame = self.acceptable(who)[asked[who["application"]]]
            asked[who["application"]] += 1
            offers[self.home[frame]["key"]].append((who, frame))

    def _held(self, offers):
        found = {}
        for programme in self.programmes:
            for person, frame in self.chosen_by(programme, offers[programme["key"]]):
                assert person["application"] not in found, "a programme takes back whom it has refused"
                found[person["application"]] = frame
        return found

    def down_the_list(self):
        """One list for all programmes: each group gets the best choices that are free when its turn comes."""
        found, first = {}, self.programmes[0]
        forest = Tree(
            {key: parent for each in self.programmes for key, parent in self.tree(each).parents.items()},
            self.limits,
        )
        for order in sorted({self.key(person, first) for person in self.people}):
            group = [person for person in self.people if self.key(person, first) == order]
            taken = list(found.values())
            full = {key for key in forest.parents if forest.used(key, taken) >= self.limits[key]}
            for person in group:
                free = [each for each in self.acceptable(person) if not full & set(forest.chain(each))]
                if free:
                    found[person["application"]] = free[0]
        return found
