"""What the admission process looks up: the application with its policy, reviewers, the committee."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from temporalio.exceptions import ApplicationError

from activities.admission.conflicts import Conflict, conflict_of
from activities.admission.duplicates import may_be_one
from activities.kernel.corrections import as_corrected
from activities.kernel.database import Connection
from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from activities.kernel.room import Lookup
from schemas.admission.corrections import FoundAfter
from schemas.admission.identifiers import admission_case_id
from schemas.admission.lookups import (
    ApplicationFacts,
    Committee,
    CommitteeMember,
    ReviewerDraw,
    ReviewersDrawn,
    RoundFacts,
)
from schemas.admission.policy import AdmissionPolicy
from schemas.admission.roles import Role
from schemas.kernel.japan import TOKYO
from schemas.kernel.policies import PolicyRef
from schemas.kernel.refusals import Refusal
from workflows.admission.process import ADMISSION_REVIEW

SQL = queries("admission/admission")
POLICIES = queries("kernel/cases")
MOST_DUPLICATES = 20
"""Possible duplicates that are put to a person at once."""


async def application(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The application with the policy in force: `ApplicationFacts`.

    Raises:
        Refusal: there is no such application.
        ApplicationError: `NoPolicyInForce`; tried again until somebody loads one.
    """
    number, at = terms["application_no"], datetime.fromisoformat(terms["at"])
    row = await connection.fetchrow(SQL["application"], number)
    if row is None:
        raise Refusal("unknown-application", application=number)
    route = row["route"]
    policy = await _in_force(connection, route, at)
    form = await _in_force(connection, route, row["opens_at"], otherwise=policy)
    known = await read_policy(connection, ADMISSION_REVIEW, policy.model_dump())
    most = known.applications_per_person if isinstance(known, AdmissionPolicy) else 1
    duplicates = await _duplicates(connection, number, most)
    return ApplicationFacts(
        application_no=row["application_no"],
        case_id=row["case_id"],
        programme=row["programme"],
        policy_ref=policy,
        form_ref=form,
        round=RoundFacts(**{name: row[name] for name in RoundFacts.model_fields}),
        submitted_on=row["submitted_on"],
        possible_duplicates=duplicates,
        age_at_enrolment=row["age_at_enrolment"],
        accommodation_requested_on=row["accommodation_requested_on"],
        accommodation_sudden=row["accommodation_sudden"],
        superseded_by=row["superseded_by"],
        person_key=row["person_key"],
        further_choices=tuple(row["further_choices"]),
    ).model_dump(mode="json")


async def _duplicates(
    connection: Connection, number: str, most: int, *, later: bool = False
) -> tuple[str, ...]:
    found = await connection.fetch(SQL["possible_duplicates"], number, most, later)
    alike = [other["application_no"] for other in found if not other["to_compare"] or may_be_one(other)]
    return tuple(map(admission_case_id, alike[:MOST_DUPLICATES]))


async def found_after_correction(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Possible duplicates, and who of the judges has a conflict of interest, by the corrected data."""
    judges = set(terms["judges"])
    asked = {
        "wanted": 0,
        "load_cap": 1,
        **{name: terms[name] for name in ("case_id", "conflict_years", "at")},
    }
    roles = [Role.REVIEWER, Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR]
    async with as_corrected(connection, terms["case_id"], terms["correction_id"]):
        duplicates = await _duplicates(connection, terms["application_no"], terms["most"], later=True)
        _, conflicts = await _staff(connection, ReviewerDraw.model_validate(asked), roles)
    return FoundAfter(
        possible_duplicates=duplicates,
        conflicts={
            key: found.reason
            for key, found in sorted(conflicts.items())
            if found is not None and key in judges
        },
    ).model_dump(mode="json")


async def _in_force(
    connection: Connection, route: str, at: datetime, otherwise: PolicyRef | None = None
) -> PolicyRef:
    on = at.astimezone(TOKYO).date()
    version = await connection.fetchval(POLICIES["policy_in_force"], ADMISSION_REVIEW.name, route, on)
    if version is not None:
        return PolicyRef(version=version, route=route)
    if otherwise is not None:
        return otherwise
    raise ApplicationError(
        f"no policy for route {route} is in force on {on}: iehe policy load", type="NoPolicyInForce"
    )


async def superseded_by(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The case whose accepted offer ends this one; None when there is none."""
    return await connection.fetchval(SQL["superseded_by"], terms["case_id"])


async def reviewers(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """Fit reviewers, least loaded first; equal ones in an order that depends on the case alone.

    Takes a `ReviewerDraw`, gives `ReviewersDrawn`. Whoever is drawn is locked: until the step is written no
    other case takes the last place in their load.
    """
    draw = ReviewerDraw.model_validate(terms)
    staff, conflicts = await _staff(connection, draw, [Role.REVIEWER])
    for named in draw.named:
        if named not in staff:
            return _refused("reviewer-unknown", reviewer=named)
        if (conflict := conflicts[named]) and conflict.certain:
            return _refused("reviewer-conflict", reviewer=named, reason=conflict.reason)
        if conflict and not draw.looked_at:
            return _refused("reviewer-near-conflict", reviewer=named, reason=conflict.reason)
        if staff[named]["load"] >= staff[named]["cap"]:
            return _refused("reviewer-full", reviewer=named, cap=staff[named]["cap"])
    if draw.named:
        return ReviewersDrawn(reviewers=draw.named, near=_near(conflicts, draw.named)).model_dump()
    near = _near(conflicts, staff.keys() - set(draw.exclude))
    fit = [
        key
        for key, row in staff.items()
        if key not in draw.exclude and conflicts[key] is None and row["load"] < row["cap"]
    ]
    fit.sort(key=lambda key: (staff[key]["load"], _lot(draw.case_id, key)))
    drawn = await _lock_free(connection, fit, draw)
    return ReviewersDrawn(reviewers=tuple(drawn), near=near).model_dump()


async def _lock_free(connection: Connection, fit: list[str], draw: ReviewerDraw) -> list[str]:
    """The first of the fit who are still free once they are locked, in one order for all cases."""
    drawn: list[str] = []
    rest = list(fit)
    while rest and len(drawn) < draw.wanted:
        part, rest = rest[: draw.wanted - len(drawn)], rest[draw.wanted - len(drawn) :]
        rows = await connection.fetch(SQL["lock_free_reviewers"], sorted(part), draw.load_cap)
        free = {row["staff_id"] for row in rows}
        drawn += [key for key in part if key in free]
    return drawn


async def committee(connection: Connection, terms: Mapping[str, Any]) -> Any:
    """The members as they are now, with who has a conflict of interest: `Committee`."""
    draw = ReviewerDraw.model_validate({**terms, "wanted": 0})
    staff, conflicts = await _staff(connection, draw, [Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR])
    near = _near(conflicts, staff)
    return Committee(
        members=tuple(
            CommitteeMember(
                member=key,
                chair=Role.COMMITTEE_CHAIR in row["roles"],
                conflict=conflicts[key] is not None and key not in near,
                near=near.get(key),
            )
            for key, row in staff.items()
        )
    ).model_dump()


async def _staff(
    connection: Connection, draw: ReviewerDraw, roles: list[Role]
) -> tuple[dict[str, dict[str, Any]], dict[str, Conflict | None]]:
    on = draw.at.astimezone(TOKYO).date()
    found = await connection.fetchrow(SQL["applicant_for_conflicts"], draw.case_id)
    if found is None:
        raise ApplicationError("the case has no application", type="CaseMissing")
    applicant = dict(found)
    rows = await connection.fetch(
        SQL["staff_for_conflicts"], [str(role) for role in roles], draw.load_cap, on
    )
    staff = {row["staff_id"]: dict(row) for row in rows}
    return staff, {
        key: conflict_of(row, applicant, on=on, years=draw.conflict_years) for key, row in staff.items()
    }


def _refused(code: str, **params: Any) -> dict[str, Any]:
    texts = {key: str(value) for key, value in params.items()}
    return ReviewersDrawn(refusal=code, refusal_params=texts).model_dump()


def _near(conflicts: Mapping[str, Conflict | None], people: Iterable[str]) -> dict[str, str]:
    """Who of the people may have a conflict of interest, and why."""
    found = ((key, conflicts[key]) for key in sorted(people))
    return {key: conflict.reason for key, conflict in found if conflict is not None and not conflict.certain}


def _lot(case_id: str, staff_id: str) -> str:
    return hashlib.sha256(f"{case_id}|{staff_id}".encode()).hexdigest()


LOOKUPS: Final[Mapping[str, Lookup]] = {
    "application": application,
    "superseded-by": superseded_by,
    "reviewers": reviewers,
    "committee": committee,
    "found-after-correction": found_after_correction,
}
