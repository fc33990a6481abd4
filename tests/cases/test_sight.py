"""Sight: which processes, cases and fields somebody sees; nothing that no table gives them."""

from dataclasses import replace

import pytest

from cases.registry import ROLES, ROOMS
from cases.sight import fields_of, readable_classes, view_of, whole_processes
from schemas.admission.roles import Role
from schemas.kernel.case import Actor
from schemas.kernel.roles import ADMINISTRATOR
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401
from workflows.kernel.sight import Field

# ruff: noqa: F811 - fixtures are imported and asked for by name

ADMISSION = "admission-review"
ROUND = "admission-round"
ALL = frozenset(Field)
READ = frozenset({Field.CASE, Field.WORK})
OWN = frozenset({Field.CASE})


def test_every_process_says_who_sees_it():
    """No process is without a table, by mistake seen by nobody."""
    assert all(room.process.office in room.sight for room in ROOMS.values())


@pytest.mark.parametrize("role", [None, ADMINISTRATOR, "role_of_nobody"])
def test_who_is_in_no_table_sees_nothing(role):
    """Administering the system, or a role of no process, shows no process, no case and no payload."""
    actor = Actor(id="somebody", roles=(role,) if role else ())
    view = view_of(actor)
    assert (view.whole, view.processes, view.roles) == ((), (), ())
    assert whole_processes(actor) == readable_classes(actor) == frozenset()


@pytest.mark.parametrize(
    ("role", "whole", "roles"),
    [
        (Role.ADMISSIONS_OFFICE, (ADMISSION, ROUND), ()),
        (Role.HEAD_OF_ADMISSIONS, (ADMISSION, ROUND), ()),
        (Role.AUDITOR, (ADMISSION,), ()),
        (Role.REVIEWER, (), ("reviewer",)),
        (Role.COMMITTEE_MEMBER, (), ("committee_member",)),
        (Role.COMMITTEE_CHAIR, (), ("committee_chair", "committee_member")),
    ],
)
def test_a_list_is_of_whole_processes_or_of_what_concerns_somebody(role, whole, roles):
    """The office and auditors see every case of the process, the others those that concern them."""
    view = view_of(Actor(id="x", roles=(role,)))
    whole = tuple(ROOMS) if role == Role.AUDITOR else whole
    assert (view.whole, view.roles) == (whole, roles)
    assert view.processes == (ADMISSION,) * len(roles)


def test_an_auditor_reads_no_personal_data():
    """What is personal is the office's, also as payloads made readable."""
    auditor, office = (Actor(id="x", roles=(role,)) for role in (Role.AUDITOR, Role.ADMISSIONS_OFFICE))
    assert whole_processes(auditor, Field.PERSONAL) == readable_classes(auditor) == frozenset()
    assert readable_classes(office) == {"admission", "round"}


@pytest.mark.parametrize("name", ROOMS)
def test_the_office_of_one_process_sees_no_other(name):
    """A process, and its payloads, are seen by the roles of its own table alone; one office has two."""
    office = Actor(id="x", roles=(ROOMS[name].process.office,))
    seen = {ADMISSION, ROUND} if name in (ADMISSION, ROUND) else {name}
    assert whole_processes(office) == seen
    confidential = ROOMS[name].process.confidential
    assert whole_processes(office, Field.PERSONAL) == (set() if confidential else seen)
    rooms = {ROOMS[each].process.room for each in seen}
    assert readable_classes(office) == (set() if confidential else rooms)


def test_a_room_without_a_table_is_seen_by_nobody(monkeypatch):
    """What a process has not said is denied, to auditors too."""
    monkeypatch.setitem(ROOMS, ADMISSION, replace(ROOMS[ADMISSION], sight={}))
    everybody = Actor(id="x", roles=tuple(ROLES))
    assert ADMISSION not in whole_processes(everybody, Field.CASE)


async def test_the_fields_of_a_case(institute: Institute):
    """By role and concern: a reviewer of the case, not of another; a member of its committee; nobody else."""
    case = await institute.apply()
    chosen = await case.to_review()
    other = next(f"reviewer-{n}" for n in range(1, 7) if f"reviewer-{n}" not in chosen)

    async def seen(staff_id: str) -> frozenset[Field]:
        return await fields_of(institute.pool, case.case_id, Actor(id=staff_id))

    async def has(staff_id: str, *roles: Role) -> None:
        await institute.pool.execute(
            "UPDATE iehe.staff SET roles = $2 WHERE staff_id = $1", staff_id, list(roles)
        )

    await institute.pool.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, roles) "
        "SELECT id, id, id || '@example.ac.jp', ARRAY[role] "
        "FROM unnest($1::text[], $2::text[]) AS t (id, role) ON CONFLICT DO NOTHING",
        ["auditor-1", "admin-1"],
        [Role.AUDITOR, ADMINISTRATOR],
    )
    assert await seen("office-1") == ALL
    assert await seen("auditor-1") == READ
    assert await seen(chosen[0]) == OWN
    await has(chosen[0], Role.COMMITTEE_MEMBER)
    assert await seen(chosen[0]) == frozenset()  # the role is another one now
    await has(chosen[0], Role.REVIEWER)
    assert await seen(other) == frozenset()
    assert await seen("member-1") == frozenset()
    assert await seen("admin-1") == frozenset()
    assert await seen("nobody") == frozenset()
    for reviewer in chosen:
        await case.score(reviewer)
    await case.until_task("vote:chair-1")
    assert await seen("member-1") == OWN
    assert await seen("chair-1") == OWN
    assert await seen("member-9") == frozenset()
    assert await fields_of(institute.pool, "of-no-room/NONE-1", Actor(id="office-1")) == frozenset()
