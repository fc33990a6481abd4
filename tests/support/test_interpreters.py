"""S18: a language per case, an interpreter bound to secrecy, no target that waits for one."""

from typing import Any

import pytest

from schemas.support import commands
from tests.support.builder import House, Pure, refused
from tests.support.office import Office

FIT = {"language": "vi", "relation": "none", "bound": True}


def named(case: Pure, **values: Any) -> Pure:
    """With an interpreter."""
    case.decide(commands.NameInterpreter, "counsellor-1", **{**FIT, **values})
    return case


@pytest.mark.parametrize("who", ["nurse-1", "ext-0042"])
def test_s18_staff_or_somebody_outside_interprets(who: str) -> None:
    """By staff id or code, never by name."""
    case = named(Pure().assigned(), interpreter=who)
    assert (case.state.spoken, case.state.interpreter) == ("vi", who)
    assert case.records("interpreter-named")[-1]["interpreter"] == who


@pytest.mark.parametrize("relation", ["relative", "fellow-student", "friend", None])
def test_s18_neither_kin_nor_a_fellow_student_interprets(relation: str | None) -> None:
    """By what they declare; undeclared is not none."""
    with refused("interpreter-too-close"):
        named(Pure().assigned(), interpreter="ext-0042", relation=relation)


@pytest.mark.parametrize(
    ("who", "bound", "code"),
    [
        ("ext-0042", False, "interpreter-unbound"),
        ("nobody-1", True, "interpreter-unfit"),
        ("nurse-1", True, "interpreter-unfit"),
        ("counsellor-1", True, "interpreter-unfit"),
    ],
)
def test_s18_bound_to_secrecy_there_and_not_concerned(who: str, bound: bool, code: str) -> None:
    """Whom the case is about hears nothing of it by interpreting, and the owner is the other side."""
    case = Pure(house=House(shut_out={"nurse-1"})).assigned()
    with refused(code):
        named(case, interpreter=who, bound=bound)


def test_s18_no_target_waits_for_an_interpreter() -> None:
    """Every due time is what it was, with one, without one, and while one is looked for."""
    case = Pure().assigned()
    before = {name: each.model_dump() for name, each in case.state.deadlines.items()}
    named(case, interpreter=None, relation=None, bound=False)
    assert "find-interpreter" in case.tasks()
    named(case, interpreter="ext-0042")
    assert "find-interpreter" not in case.tasks()
    assert {name: each.model_dump() for name, each in case.state.deadlines.items()} == before


async def test_s18_who_has_interpreted_stays_on_record(office: Office) -> None:
    """Each in their turn."""
    case = await office.refer()
    for who in ("nurse-1", "ext-0042"):
        await case.decide(commands.NameInterpreter, "triage-1", **{**FIT, "interpreter": who})
    rows = await office.owner.fetch("SELECT interpreter FROM iehe.support_interpreters ORDER BY version")
    assert [row["interpreter"] for row in rows] == ["nurse-1", "ext-0042"]
