"""What the admission process looks up: the application with its policy, reviewers, the committee."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.admission.conflicts import Conflict, conflict_of
from activities.admission.duplicates import may_be_one
from activities.kernel.database import Connection, transact
from activities.kernel.queries import queries
from schemas.admission.lookups import (
    ApplicationFacts,
    ApplicationRequest,
    Committee,
    CommitteeMember,
    PolicyRequest,
    ReviewerDraw,
    ReviewersDrawn,
    RoundFacts,
)
from schemas.admission.policy import AdmissionPolicy
from schemas.kernel.identifiers import Role, admission_case_id
from schemas.kernel.refusals import Refusal

SQL = queries("admission/admission")
TOKYO = ZoneInfo("Asia/Tokyo")
MOST_DUPLICATES = 20
"""Possible duplicates that are put to a person at once."""


class AdmissionActivities:
    """Read side of the admission process; ids and codes come out, nothing personal."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @activity.defn(name="load-application")
    async def load_application(self, request: ApplicationRequest) -> ApplicationFacts:
        """The application with the policy in force.

        Raises:
            ApplicationError: `Refused` when there is no such application; `NoPolicyInForce`, tried again
                until somebody loads one.
        """
        return await transact(self._pool, lambda connection: _application(connection, request))

    @activity.defn(name="load-policy")
    async def load_policy(self, request: PolicyRequest) -> AdmissionPolicy:
        """One route of a policy version; refused when there is none."""
        body = await self._pool.fetchval(SQL["policy_version"], request.version, request.route)
        if body is None:
            refusal = Refusal("policy-unknown", policy=request.version)
            raise ApplicationError(
                str(refusal), refusal.code, refusal.params, type="Refused", non_retryable=True
            )
        return AdmissionPolicy.model_validate({**json.loads(body), "version": request.version})

    @activity.defn(name="draw-reviewers")
    async def draw_reviewers(self, draw: ReviewerDraw) -> ReviewersDrawn:
        """Fit reviewers, least loaded first; equal ones in an order that depends on the case alone."""
        on = draw.at.astimezone(TOKYO).date()
        applicant = await self._applicant(draw.case_id)
        staff = await self._staff([Role.REVIEWER], draw.load_cap, on)
        conflicts = {
            key: conflict_of(row, applicant, on=on, years=draw.conflict_years) for key, row in staff.items()
        }
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
            return ReviewersDrawn(reviewers=draw.named, near=_near(conflicts, draw.named))
        near = _near(conflicts, staff.keys() - set(draw.exclude))
        fit = [
            key
            for key, row in staff.items()
            if key not in draw.exclude and conflicts[key] is None and row["load"] < row["cap"]
        ]
        fit.sort(key=lambda key: (staff[key]["load"], _lot(draw.case_id, key)))
        return ReviewersDrawn(reviewers=tuple(fit[: draw.wanted]), near=near)

    @activity.defn(name="look-up-committee")
    async def committee(self, terms: ReviewerDraw) -> Committee:
        """The members as they are now, with who has a conflict of interest."""
        on = terms.at.astimezone(TOKYO).date()
        applicant = await self._applicant(terms.case_id)
        staff = await self._staff([Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR], terms.load_cap, on)
        conflicts = {
            key: conflict_of(row, applicant, on=on, years=terms.conflict_years) for key, row in staff.items()
        }
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
        )

    async def _applicant(self, case_id: str) -> dict[str, Any]:
        row = await self._pool.fetchrow(SQL["applicant_for_conflicts"], case_id)
        if row is None:
            raise ApplicationError("the case has no application", type="CaseMissing")
        return dict(row)

    async def _staff(self, roles: list[Role], cap: int, on: date) -> dict[str, dict[str, Any]]:
        rows = await self._pool.fetch(SQL["staff_for_conflicts"], [str(role) for role in roles], cap, on)
        return {row["staff_id"]: dict(row) for row in rows}


async def _application(connection: Connection, request: ApplicationRequest) -> ApplicationFacts:
    row = await connection.fetchrow(SQL["application"], request.application_no)
    if row is None:
        raise Refusal("unknown-application", application=request.application_no)
    policy = await _policy(connection, row["route"], request.at.astimezone(TOKYO).date())
    form = await _policy(connection, row["route"], row["opens_at"].astimezone(TOKYO).date(), policy)
    # the scoring form is the one in force when the round opened, whatever came later (A10)
    review = policy.review.model_copy(update={"criteria": form.review.criteria})
    policy = policy.model_copy(update={"review": review})
    duplicates = await connection.fetch(
        SQL["possible_duplicates"], request.application_no, policy.applications_per_person
    )
    alike = [other["application_no"] for other in duplicates if not other["to_compare"] or may_be_one(other)]
    facts = {name: row[name] for name in RoundFacts.model_fields}
    return ApplicationFacts(
        application_no=row["application_no"],
        case_id=row["case_id"],
        programme=row["programme"],
        policy=policy,
        round=RoundFacts(**facts),
        submitted_on=row["submitted_on"],
        possible_duplicates=tuple(map(admission_case_id, alike[:MOST_DUPLICATES])),
        age_at_enrolment=row["age_at_enrolment"],
        accommodation_requested_on=row["accommodation_requested_on"],
        accommodation_sudden=row["accommodation_sudden"],
        superseded_by=row["superseded_by"],
    )


async def _policy(
    connection: Connection, route: str, on: date, otherwise: AdmissionPolicy | None = None
) -> AdmissionPolicy:
    row = await connection.fetchrow(SQL["policy_in_force"], on, route)
    if row is not None:
        return AdmissionPolicy.model_validate({**json.loads(row["route"]), "version": row["version"]})
    if otherwise is not None:
        return otherwise
    raise ApplicationError(
        f"no policy for route {route} is in force on {on}: iehe policy load", type="NoPolicyInForce"
    )


def _refused(code: str, **params: Any) -> ReviewersDrawn:
    texts = {key: str(value) for key, value in params.items()}
    return ReviewersDrawn(refusal=code, refusal_params=texts)


def _near(conflicts: Mapping[str, Conflict | None], people: Iterable[str]) -> dict[str, str]:
    """Who of the people may have a conflict of interest, and why."""
    found = ((key, conflicts[key]) for key in sorted(people))
    return {key: conflict.reason for key, conflict in found if conflict is not None and not conflict.certain}


def _lot(case_id: str, staff_id: str) -> str:
    return hashlib.sha256(f"{case_id}|{staff_id}".encode()).hexdigest()
