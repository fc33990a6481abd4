"""Whether what a list shall be made from fits together: choices, persons, limits; all faults at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.round.rules import Programme, RankingRules
from schemas.round.scores import Candidate
from workflows.round.ranking.faults import Fault


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice, with the frame that it means."""

    number: int
    """From 1."""
    programme: Programme
    frame: str
    not_considered: str | None


class Applications:
    """Candidates in the order of their applications, with what each chooses."""

    def __init__(self, rules: RankingRules, candidates: Iterable[Candidate]) -> None:
        self._targets: dict[str, tuple[Programme, str]] = {}
        for programme in rules.programmes:
            leaves = programme.leaves
            if len(leaves) == 1:
                self._targets[programme.key] = (programme, leaves[0])
            self._targets |= {leaf: (programme, leaf) for leaf in leaves}
        self._programmes = {programme.key for programme in rules.programmes}
        self._max_choices = {unit.key: unit.max_choices for unit in rules.units}
        self.faults: list[Fault] = []
        self.candidates = tuple(sorted(candidates, key=lambda each: each.application))
        self.chosen = tuple(self._chosen(candidate) for candidate in self.candidates)
        self._check_persons()

    def _note(self, code: str, candidate: Candidate, about: str, what: str) -> None:
        text = f"application {candidate.application}: {what}"
        self.faults.append(Fault(code, candidate.application, about, text))

    def _chosen(self, candidate: Candidate) -> tuple[Chosen, ...]:
        found: list[Chosen] = []
        for number, choice in enumerate(candidate.choices, 1):
            target = self._targets.get(choice)
            if target is None:
                self._note("unknown-choice", candidate, choice, f"{choice} is no frame that can be chosen")
                continue
            programme, frame = target
            if any(each.frame == frame for each in found):
                self._note("choice-twice", candidate, choice, f"{choice} is chosen twice")
            reason = candidate.not_considered or candidate.not_considered_at.get(programme.key)
            found.append(Chosen(number, programme, frame, reason))
        units = sorted({each.programme.unit for each in found})
        if len(units) > 1:
            self._note("units-mixed", candidate, units[1], f"chooses in {' and '.join(units)}")
        for unit in units:
            number = sum(each.programme.unit == unit for each in found)
            if number > self._max_choices[unit]:
                most = self._max_choices[unit]
                self._note("too-many-choices", candidate, unit, f"{number} choices in {unit}, at most {most}")
        for programme_key in sorted(candidate.not_considered_at.keys() - self._programmes):
            self._note(
                "unknown-programme", candidate, programme_key, f"there is no programme {programme_key}"
            )
        return tuple(found)

    def _check_persons(self) -> None:
        of_person: dict[str, Candidate] = {}
        seen: set[str] = set()
        for candidate in self.candidates:
            if candidate.application in seen:
                self._note("application-twice", candidate, candidate.application, "is there twice")
                continue
            seen.add(candidate.application)
            if candidate.not_considered is not None:
                # who withdrew one application may have made another
                continue
            first = of_person.setdefault(candidate.person, candidate)
            if first is not candidate:
                other = first.application
                self._note("person-twice", candidate, other, f"is of the same person as application {other}")


def faults_of_numbers(
    rules: RankingRules, limits: Mapping[str, int], waitlist: Mapping[str, int]
) -> list[Fault]:
    """What is wrong with the limits of frames and the lengths of waitlists."""
    frames = {frame.key for programme in rules.programmes for frame in programme.frames}
    programmes = {programme.key for programme in rules.programmes}
    found = [
        Fault("limit-missing", "", frame, f"frame {frame} has no limit") for frame in frames - limits.keys()
    ]
    found += [
        Fault("unknown-frame", "", frame, f"a limit is for {frame}, which is no frame")
        for frame in limits.keys() - frames
    ]
    found += [
        Fault("unknown-programme", "", key, f"a waitlist is for {key}, which is no programme")
        for key in waitlist.keys() - programmes
    ]
    found += [
        Fault("negative-number", "", key, f"the number of {key} is less than 0")
        for numbers in (limits, waitlist)
        for key, number in numbers.items()
        if number < 0
    ]
    return found
