"""Making the lists of a first stage, and whom they know nothing of afterwards."""

from typing import Any

from activities.round.inputs import Inputs
from activities.round.stored_lists import Made, lacking_of, stored
from workflows.round.ranking.canonical import inputs_hash
from workflows.round.ranking.faults import FaultyInputError
from workflows.round.ranking.first_stage import as_list, examined_only, first_stage, who_goes_on
from workflows.round.ranking.lines import Line, ProgrammeList


def first_lists_of(inputs: Inputs) -> Made:
    """The lists of the first stage, or what kept them from being made: of its examination alone."""
    rules, candidates = inputs.policy.rules, examined_only(inputs.policy.rules, inputs.candidates)
    try:
        found = first_stage(rules, candidates)
    except FaultyInputError as error:
        return [], [*inputs.waits, *(lacking_of(fault) for fault in error.faults)]
    if inputs.waits:
        return [], inputs.waits
    hashed = inputs_hash(candidates, {}, rules)
    on = who_goes_on(rules, candidates, found)
    made = []
    for programme in rules.programmes:
        if programme.first_stage_list is not None:
            each = as_list(found[programme.key])
            lines = [
                (inputs.applications[line.application], _result(each, line, line.application in on))
                for line in each.lines
            ]
            made.append(stored(programme.first_stage_list, each, hashed, rules, lines))
    return made, []


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
