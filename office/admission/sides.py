"""What is shown beside the decisions about an application: masked material, reviews, places, what differs."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from activities.admission.material import Material, review_material
from activities.kernel.queries import queries
from cases.admission.rounds import places_of
from cases.finding import case_seen
from cases.sight import note_reads
from cases.states import read_state
from office.case import Seen
from office.case_parts import READ, Side, parts
from office.context import office_of
from office.pages import Reader
from office.tables import Section
from schemas.admission.commands import (
    AcceptReview,
    AnswerOffer,
    AssignReviewers,
    CastVote,
    CloseBallot,
    ConfirmEligibility,
    DecideAccommodation,
    DeclineReview,
    JudgeConflict,
    PermitLate,
    RecordDecision,
    Rejudge,
    ReleaseReviewer,
    ReopenDuplicate,
    ResolveDuplicate,
    SubmitScores,
)
from schemas.admission.state import AdmissionState
from schemas.kernel.case import Command
from schemas.kernel.refusals import Refusal
from workflows.kernel.sight import Field

SQL: Final = queries("admission/case_page")
ROOM: Final = "admission"
_COMPARED: Final = (
    *("family_name", "given_name", "family_kana", "given_kana", "birth_date", "sex", "email", "phone"),
    *("postal_code", "address", "guardian_name", "school_name", "school_code", "submitted_on"),
)


async def _material(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """What a reviewer of the case is given, and nothing of other reviews."""
    async with office_of(request).gateway.pool.acquire() as connection:
        try:
            found = await review_material(connection, seen.case_id, reader.actor.id)
        except Refusal:
            return []  # they are no reviewer of it any more, and the decision is refused by itself
    return _told(reader, found)


def _told(reader: Reader, found: Material) -> list[Section]:
    t = reader.tongue
    lines = (
        (t.word(ROOM, "programme"), found.programme),
        (t.word(ROOM, "round"), found.round_id),
        (t("Scores due"), t.moment(found.due_at)),
    )
    criteria = tuple(
        {
            "criterion": t.pair((each.name_ja, each.name_en)),
            "range": f"{each.minimum:g}–{each.maximum:g}",
            "weight": f"{each.weight:g}",
            "points": "" if each.points is None else f"{each.points:g}",
        }
        for each in found.criteria
    )
    columns = [("criterion", t("Criterion")), ("range", t("From–to")), ("weight", t("Weight"))]
    if any(each["points"] for each in criteria):
        columns.append(("points", t("Your points")))
    statement = found.statement or t("There is no statement.")
    return [
        Section(t("What you review"), lines=lines),
        Section(t("Statement"), lines=((t("■ marks what is masked"), statement),)),
        Section(t("Scoring form"), columns=tuple(columns), rows=criteria),
    ]


async def _ballot(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """Which ballot it is and what the reader can do in it; the reviews for who sees the work of others."""
    t, state = reader.tongue, await _state(request, seen)
    own = next((each for each in state.committee if each.member == reader.actor.id), None)
    lines = [
        (t.word(ROOM, "programme"), state.programme),
        (t.word(ROOM, "round"), state.round.round_id if state.round is not None else ""),
        (t.word(ROOM, "ballot"), str(len(state.ballots))),
    ]
    if state.policy is not None:
        lines.append((t("Votes for or against that a result needs"), str(state.policy.committee.quorum)))
    if own is not None and own.near is not None:
        lines.append((t("You"), t("The office has yet to say whether you have a conflict of interest.")))
    elif own is not None and own.conflict:
        lines.append((t("You"), t("You have a conflict of interest and can only abstain.")))
    if "casting-vote" in state.tasks:
        lines.append((t("Tie"), t("The ballots were tied: the chair has the casting vote.")))
    reviews = await parts("reviews", "votes")(request, reader, seen)
    return [Section(t("The ballot"), lines=tuple(lines)), *reviews]


async def _before_decision(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """The result of the committee, votes and reviews, and which places the programme has left."""
    t, state = reader.tongue, await _state(request, seen)
    shown = await parts("items", "reviews", "votes", "decisions")(request, reader, seen)
    result = t.word(ROOM, str(state.result)) if state.result is not None else t("none")
    lines = [(t("Result of the committee"), result)]
    round_id = state.round.round_id if state.round is not None else ""
    for row in await places_of(office_of(request).gateway.pool, round_id):
        if row["programme"] == state.programme:
            left = row["places"] - row["taken"]
            lines.append((t.word(ROOM, "places"), str(row["places"])))
            lines.append((t.word(ROOM, "taken"), str(row["taken"])))
            lines.append((t.word(ROOM, "left"), str(left)))
    return [Section(f"{round_id} – {state.programme}", lines=tuple(lines)), *shown]


async def _twins(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """This application beside each that may be the same person's, and in what they differ."""
    t, pool, state = reader.tongue, office_of(request).gateway.pool, await _state(request, seen)
    if Field.PERSONAL not in seen.fields:
        return []
    others = []
    for case_id in state.duplicates:
        try:
            _, fields = await case_seen(pool, case_id, reader.actor)
        except Refusal:  # erased, or not open yet
            continue
        if Field.PERSONAL in fields:
            others.append(case_id)
    await note_reads(pool, [seen.case_id, *others], READ, Field.PERSONAL)
    own = await pool.fetchrow(SQL["applicant"], seen.case_id)
    columns = (
        ("what", t("What")),
        ("this", seen.case_id),
        ("other", t("The other one")),
        ("differs", t("Compared")),
    )
    sections = []
    for case_id in others:
        other = await pool.fetchrow(SQL["applicant"], case_id)
        rows = [
            {
                "what": t.word(ROOM, name),
                "this": t.value(ROOM, own[name]),
                "other": t.value(ROOM, other[name]),
                "differs": t("same") if own[name] == other[name] else t("≠ differs"),
            }
            for name in _COMPARED
            if own is not None and other is not None and (own[name] or other[name])
        ]
        sections.append(Section(t("Beside {case}", case=case_id), columns=columns, rows=tuple(rows)))
    return sections


async def _state(request: Request, seen: Seen) -> AdmissionState:
    state: AdmissionState = await read_state(office_of(request).gateway.pool, seen.row)
    return state


SIDES: Final[Mapping[type[Command], Side]] = {
    AcceptReview: _material,
    DeclineReview: _material,
    SubmitScores: _material,
    CastVote: _ballot,
    CloseBallot: _ballot,
    RecordDecision: _before_decision,
    Rejudge: _before_decision,
    ConfirmEligibility: parts("outside_period", "items", "permits", "applicant", personal=True),
    PermitLate: parts("outside_period", "items", "permits"),
    DecideAccommodation: parts("accommodation", "permits"),
    AssignReviewers: parts("reviews"),
    ReleaseReviewer: parts("reviews"),
    JudgeConflict: parts("applicant", personal=True),
    AnswerOffer: parts("decisions"),
    ResolveDuplicate: _twins,
    ReopenDuplicate: _twins,
}
"""What the reader may see of it follows from their rights, as on the page of the case."""
