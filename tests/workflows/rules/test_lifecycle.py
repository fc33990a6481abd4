"""The table of stages and steps: consistent in itself, with the rules, and for whoever acts."""

from itertools import product

import pytest

from schemas.admission.commands import Withdraw
from schemas.admission.roles import Role
from schemas.admission.stages import Stage
from schemas.kernel.break_glass import ReviewBreakGlass
from schemas.kernel.case import CLOCK, SYSTEM, Actor, Command
from schemas.kernel.refusals import Refusal
from tests.workflows.rules.builder import ROLES
from workflows.admission.process import (
    ACTIVE,
    ADMISSION_REVIEW,
    CHAIR,
    HEAD,
    LIFECYCLE,
    MEMBERS,
    OFFICE,
    REVIEWER,
    STAGES,
)
from workflows.kernel.document_steps import DOCUMENT_DECISIONS
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
from workflows.kernel.steps import LADDER_DECISIONS

OPEN = LIFECYCLE.open_stages
FINAL = tuple(name for name, info in STAGES.items() if info.final)
DONE_BY_THE_CASE = {"open", "draw-reviewers", "convene-committee", "remind", "refuse-event", "report-notices"}
DONE_BY_THE_CASE |= {"deadline-refused"}
"""Steps that no message asks for; `workflows/` calls their rules by name."""


def lines(name: str, stage: str):
    return [line for line in LIFECYCLE.steps if line.name == name and stage in line.at]


def people(name: str) -> set[Role]:
    return {
        role
        for line in LIFECYCLE.steps
        if line.name == name and not isinstance(line.by, By)
        for role in line.by
    }


# the table in itself


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_is_in_the_table(stage) -> None:
    """A stage of the model has its line with names in both languages."""
    assert STAGES[stage].ja
    assert STAGES[stage].en


@pytest.mark.parametrize("stage", list(STAGES))
def test_every_stage_can_be_reached(stage) -> None:
    """From the opening some way leads there."""
    reached = {""}
    while new := {to for at, _, to in LIFECYCLE.moves() if at in reached} - reached:
        reached |= new
    assert stage in reached


@pytest.mark.parametrize("stage", OPEN)
def test_every_open_stage_can_end(stage) -> None:
    """From every open stage some way leads to a final one."""
    reached = {stage}
    while new := {to for at, _, to in LIFECYCLE.moves() if at in reached} - reached:
        reached |= new
    assert reached & set(FINAL)


@pytest.mark.parametrize("stage", FINAL)
def test_a_final_stage_is_left_by_taking_its_decision_back_alone(stage) -> None:
    """A closed case knows only the steps about what failed or came too late, its end, and what it owes."""
    back = {"take-back", "confirm-take-back", "refuse-take-back", "drop-take-back"}
    here = {line.name for line in LIFECYCLE.steps if stage in line.at}
    late = {"sibling-accepted", "admission-fee-refunded"}
    assert here - back == {"complete-task", "refuse-event", "report-notices"} | late
    assert {name for at, name, _ in LIFECYCLE.moves() if at == stage} <= back


@pytest.mark.parametrize("stage", OPEN)
def test_every_open_stage_says_whom_it_waits_for(stage) -> None:
    """Nobody has to guess whose turn it is."""
    assert STAGES[stage].waits_for


def test_an_unknown_stage_in_a_line_is_found_at_once() -> None:
    """A table that names a stage which does not exist cannot be made."""
    with pytest.raises(ValueError, match="unknown stages"):
        Lifecycle({"a": StageInfo("あ", "a")}, [step("go", at=["a"], by=By.SYSTEM, to=["b"])])


# the table and the rules


def test_every_step_has_a_rule_and_every_rule_a_line() -> None:
    """Nothing is in the table that cannot be done, and nothing can be done that is not in it."""
    ruled = ADMISSION_REVIEW.commands.keys() | {kind.step for kind in ADMISSION_REVIEW.events.values()}
    ruled |= {name for name, _ in ADMISSION_REVIEW.expiries.values()} | DONE_BY_THE_CASE
    ruled |= {takes.step for takes in ADMISSION_REVIEW.takes.values() if takes.step is not None}
    assert {line.name for line in LIFECYCLE.steps} == ruled


@pytest.mark.parametrize("name", sorted(ADMISSION_REVIEW.commands))
def test_decisions_are_taken_by_people(name) -> None:
    """Each line of a decision names roles."""
    assert people(name)
    assert not [line for line in LIFECYCLE.steps if line.name == name and isinstance(line.by, By)]


@pytest.mark.parametrize("name", sorted({kind.step for kind in ADMISSION_REVIEW.events.values()}))
def test_events_are_taken_by_events(name) -> None:
    """Each line of an event's step says so."""
    assert {line.by for line in LIFECYCLE.steps if line.name == name} == {By.EVENT}


@pytest.mark.parametrize("name", sorted({name for name, _ in ADMISSION_REVIEW.expiries.values()}))
def test_expiries_are_taken_by_the_clock(name) -> None:
    """Each line of an expiry says so."""
    assert {line.by for line in LIFECYCLE.steps if line.name == name} == {By.CLOCK}


def test_stages_are_entered_by_rules_of_open_stages() -> None:
    """Every stage has a rule for its beginning: a round hears of each."""
    assert set(ADMISSION_REVIEW.enter) == set(Stage)


# at any time (also in stages that are added later)


@pytest.mark.parametrize("stage", [stage for stage in OPEN if stage != Stage.REJECTED])
@pytest.mark.parametrize("name", ["withdraw", "withdrawal-requested", "sibling-accepted"])
def test_every_open_stage_can_be_withdrawn_from(stage, name) -> None:
    """Withdrawal, and that of a sibling, leads out of every stage without a released result."""
    assert [line for line in lines(name, stage) if line.to == {Stage.WITHDRAWN}]
    assert stage in ACTIVE


@pytest.mark.parametrize("stage", OPEN)
def test_the_sibling_event_fits_every_open_stage(stage) -> None:
    """Another accepted offer is understood wherever the case stands, also after a rejection."""
    assert lines("sibling-accepted", stage)


# who may


ACTORS = [Actor(id="x", roles=(role,)) for role in Role] + [Actor(id="x")]
EXPECTED: dict[str, frozenset[Role]] = {
    "permit-late": OFFICE,
    "resolve-duplicate": OFFICE,
    "reopen-duplicate": OFFICE,
    "confirm-eligibility": OFFICE,
    "decide-accommodation": OFFICE,
    "assign-reviewers": OFFICE,
    "accept-review": REVIEWER,
    "decline-review": REVIEWER,
    "release-reviewer": OFFICE,
    "submit-scores": REVIEWER,
    "cast-vote": MEMBERS,
    "close-ballot": CHAIR,
    "judge-conflict": OFFICE,
    "record-decision": HEAD,
    "answer-offer": OFFICE,
    "record-enrolment": OFFICE,
    "withdraw": OFFICE,
    "rejudge": HEAD,
    "change-policy": HEAD,
    "reassign-task": OFFICE,
    "complete-task": OFFICE,
    "move-deadline": OFFICE,
    "pause-deadline": OFFICE,
    "resume-deadline": OFFICE,
    "cancel-deadline": OFFICE,
    "correct-data": OFFICE,
    # each decision has its own roles beside those of the table: `takes_back`
    "take-back": OFFICE,
    "confirm-take-back": OFFICE,
    "refuse-take-back": OFFICE,
}


def test_the_matrix_of_roles_is_complete() -> None:
    """A new decision must be put into the matrix of this test by a person."""
    assert EXPECTED.keys() == ADMISSION_REVIEW.commands.keys()


@pytest.mark.parametrize(
    ("actor", "name"),
    list(product(ACTORS, sorted(EXPECTED))),
    ids=lambda value: value if isinstance(value, str) else ",".join(value.roles) or "no role",
)
def test_only_the_named_roles_may(actor, name) -> None:
    """Whoever holds a role of the matrix may take the step where it is possible; everybody else may not."""
    for stage in [stage for stage in STAGES if lines(name, stage)]:
        allowed = EXPECTED[name]
        if name == "take-back":
            # by whoever takes the decision that ends in that stage
            allowed = frozenset[Role]().union(*(line.by for line in lines(name, stage)))
        if set(actor.roles) & allowed:
            LIFECYCLE.check(name, stage, actor)
        else:
            with pytest.raises(Refusal) as refused:
                LIFECYCLE.check(name, stage, actor)
            assert refused.value.code == "role-missing"
            assert refused.value.params["step"] == name


@pytest.mark.parametrize("name", sorted({line.name for line in LIFECYCLE.steps} - EXPECTED.keys()))
@pytest.mark.parametrize("role", list(Role))
def test_no_person_takes_a_step_of_the_system(name, role) -> None:
    """Events and the clock cannot be played by a person, whatever the role."""
    for stage in ["", *STAGES]:
        with pytest.raises(Refusal):
            LIFECYCLE.check(name, stage, Actor(id="x", roles=(role,)))


@pytest.mark.parametrize("actor", [SYSTEM, CLOCK], ids=["system", "clock"])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_system_takes_a_decision_of_a_person(actor, name) -> None:
    """A message that says it is from the system gets no role by saying so."""
    for stage in STAGES:
        with pytest.raises(Refusal):
            LIFECYCLE.check(name, stage, actor)


@pytest.mark.parametrize("name", sorted({name for name, _ in ADMISSION_REVIEW.expiries.values()}))
def test_only_the_clock_is_the_clock(name) -> None:
    """What an expiry does cannot be done by an event."""
    stage = next(stage for stage in STAGES if lines(name, stage))
    LIFECYCLE.check(name, stage, CLOCK)
    with pytest.raises(Refusal):
        LIFECYCLE.check(name, stage, SYSTEM)


# what an illegal step is told


def test_a01_illegal_step_names_stage_and_step() -> None:
    """A step that the stage does not have is refused with both names and what is possible."""
    with pytest.raises(Refusal) as refused:
        LIFECYCLE.check("record-decision", Stage.REVIEW, Actor(id="x", roles=(Role.HEAD_OF_ADMISSIONS,)))
    assert refused.value.code == "wrong-stage"
    assert "'record-decision'" in str(refused.value)
    assert "'review'" in str(refused.value)
    assert "assign-reviewers" in refused.value.params["possible"]


@pytest.mark.parametrize(("stage", "name"), list(product(OPEN, sorted(EXPECTED))))
def test_a01_every_combination_is_decided_by_the_table(stage, name) -> None:
    """For each stage and step: possible with its line, refused as of the wrong stage without."""
    actor = Actor(id="x", roles=tuple(Role))
    if lines(name, stage):
        LIFECYCLE.check(name, stage, actor)
    else:
        with pytest.raises(Refusal, match=f"'{name}' is not possible"):
            LIFECYCLE.check(name, stage, actor)


@pytest.mark.parametrize("stage", FINAL)
def test_a01_a_closed_case_says_so(stage) -> None:
    """After the end every decision is refused as of a closed case."""
    with pytest.raises(Refusal) as refused:
        LIFECYCLE.check(Withdraw.step, stage, Actor(id="x", roles=(Role.ADMISSIONS_OFFICE,)))
    assert (refused.value.code, refused.value.params["stage"]) == ("case-closed", stage)


def test_a01_a_rule_cannot_leave_the_table() -> None:
    """A rule that moves the case where its line does not lead is a programming error."""
    with pytest.raises(RuntimeError, match="may not lead"):
        LIFECYCLE.check_move("withdraw", Stage.REVIEW, Stage.ENROLLED)


def test_every_command_is_known_to_the_process() -> None:
    """No command model is left without its rule, but for ladders that ask, glass and documents."""

    def leaves(model: type[Command]):
        subclasses = model.__subclasses__()
        return [leaf for each in subclasses for leaf in leaves(each)] or [model]

    ours = [
        each
        for each in leaves(Command)
        if each.__module__.startswith(("schemas.admission.", "schemas.kernel."))
        and each not in (*LADDER_DECISIONS, *DOCUMENT_DECISIONS, ReviewBreakGlass)
    ]
    assert {each.step for each in ours} == ADMISSION_REVIEW.commands.keys()


def test_every_role_of_the_table_has_somebody_in_the_tests() -> None:
    """The tests' staff holds every role there is."""
    assert set(ROLES.values()) == set(Role)


# the diagram


def test_the_diagram_shows_every_stage_and_move() -> None:
    """Each stage with its Japanese name, each move as an arrow, final stages with an end."""
    drawn = LIFECYCLE.mermaid().splitlines()
    assert drawn[0] == "stateDiagram-v2"
    for name, info in STAGES.items():
        assert f"    {name}: {name} {info.ja}" in drawn
        assert (f"    {name} --> [*]" in drawn) == info.final
    for at, name, to in LIFECYCLE.moves():
        arrow = f"    {at or '[*]'} --> {to}: "
        assert any(line.startswith(arrow) and name in line for line in drawn)


def test_the_diagram_marks_where_the_case_stands() -> None:
    """The current stage has a colour of its own, and only then."""
    assert "class review here" in LIFECYCLE.mermaid(Stage.REVIEW)
    assert "class " not in LIFECYCLE.mermaid()
