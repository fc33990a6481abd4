"""Making the lists of a first stage, and whom they know nothing of afterwards."""

from collections.abc import Collection
from typing import Any, Final

from activities.round.inputs import Inputs
from activities.round.stored_lists import Made, lacking_of, stored
from schemas.round.scores import Candidate
from workflows.round.ranking.canonical import inputs_hash
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.first_stage import as_list, examined_only, first_stage, kept, who_goes_on
from workflows.round.ranking.lines import Line, ProgrammeList, Verdict

WRONGED: Final = "first-stage-wrong"
"""What keeps the lists of the results from being made: somebody ought to have gone on."""


def first_lists_of(inputs: Inputs) -> Made:
    """The lists of the first stage, or what kept them from being made: of its examination alone.

    Once they are out they are those of whoever was considered then, as they ought to have been; and whoever
    was told that they go on goes on.
    """
    rules, over = inputs.policy.rules, bool(inputs.first_stage)
    candidates = examined_only(rules, _as_they_stood(inputs) if over else inputs.candidates)
    waits = [] if over else inputs.waits
    try:
        found = first_stage(rules, candidates)
    except FaultyInputError as error:
        return [], [*waits, *(lacking_of(fault) for fault in error.faults)]
    if waits:
        return [], waits
    told = {key: {number for number, programme in inputs.passed if programme == key} for key in found}
    found = {key: kept(each, told[key]) for key, each in found.items()}
    hashed = inputs_hash(candidates, {}, rules)
    on = who_goes_on(rules, candidates, found)
    made = []
    for programme in rules.programmes:
        if programme.first_stage_list is not None:
            each = as_list(found[programme.key])
            lines = [
                (inputs.applications[line.application], _result(each, line, line.application in on))
                for line in each.lines
                if not over or _new(line, told[programme.key])
            ]
            made.append(stored(programme.first_stage_list, each, hashed, rules, lines))
    return made, []


def _new(line: Line, told: Collection[str]) -> bool:
    """Whether somebody goes on who was not told so."""
    return line.verdict is Verdict.PASSED and line.application not in told


def _as_they_stood(inputs: Inputs) -> list[Candidate]:
    """Whoever has left since would make room for the next, who was not wronged."""
    return [
        each.model_copy(update={"not_considered": inputs.stood[each.application]})
        for each in inputs.candidates
        if each.application in inputs.stood
    ]


def corrections_of(inputs: Inputs) -> Made:
    """Lists of a first stage that is out with the lines of whoever ought to go on too, and those by name."""
    if not inputs.first_stage:
        return [], []
    made, _ = first_lists_of(inputs)
    numbers = {case: number for number, case in inputs.applications.items()}
    still = {each.application for each in inputs.candidates if each.not_considered is None}
    wronged = [
        {"number": numbers[line["subject"]], "about": line["result"]["programme"], "code": WRONGED}
        for each in made
        for line in each["lines"]
    ]
    wronged = [each for each in wronged if each["number"] in still]
    about = {each["about"] for each in wronged}
    return [each for each in made if {line["result"]["programme"] for line in each["lines"]} & about], wronged


def _result(of_list: ProgrammeList, line: Line, goes_on: bool) -> dict[str, Any]:
    """What an applicant is told: no score and no rank; `goes_on`: whether any of the choices does."""
    return {
        "programme": of_list.programme,
        "choice": line.choice,
        "verdict": str(line.verdict),
        "goes_on": goes_on,
    }


def left_out(inputs: Inputs) -> list[dict[str, str]]:
    """Who came, or chose otherwise, after it was out who goes on: for a person, and not silently left out."""
    wanted = {
        leaf: each.key
        for each in inputs.policy.rules.programmes
        for leaf in (each.key, *each.leaves)
        if each.first_stage_list in inputs.first_stage
    }
    return [
        {"number": each.application, "about": programme, "code": "no-first-stage"}
        for each in inputs.candidates
        if each.not_considered is None
        for programme in dict.fromkeys(wanted[choice] for choice in each.choices if choice in wanted)
        if programme not in each.not_considered_at and (each.application, programme) not in inputs.passed
    ]
