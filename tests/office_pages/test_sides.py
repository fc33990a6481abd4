"""What is shown beside a decision: masked material, both applications, the ballot, the places; by right."""

from uuid import uuid4

import pytest

from schemas.admission.commands import CastVote
from tests.office import person
from tests.office_pages.desks import desk_of, fill, follow, hidden_of, send, text_of
from tests.workflows.conftest import (  # noqa: F401
    institute,
    notices,
    pool,
    vacant,
    worker_pool,
)

# ruff: noqa: F811 - fixtures are imported and asked for by name

CANARY = "隼人丸"
"""A name that stands nowhere but in the application of a test."""


@pytest.fixture
async def desk(institute, database, client):
    async with desk_of(database, client) as desk:
        yield desk


@pytest.fixture
async def in_review(institute):
    """A case with its reviewers, whose applicant has the canary for a name and in the statement."""
    row = person(
        family_name=CANARY,
        statement=f"私、{CANARY}は、貴学の理学部で生態学を学びたいと考えています。",
    )
    case = await institute.apply(row)
    reviewers = await case.to_review()
    return case, reviewers


async def test_a_reviewer_sees_masked_material_and_no_name(desk, in_review):
    """Beside the form stand criteria and statement; the applicant's name is on no page of the reviewer."""
    case, (reviewer, *_) = in_review
    browser = await desk.of(reviewer)
    page = await browser.get(f"/cases/{case.case_id}/do/accept-review")
    assert "生態学" in page.text
    assert "■" in text_of(page)
    for tab in ("now", "facts", "documents", "timeline", "words"):
        shown = await browser.get(f"/cases/{case.case_id}?tab={tab}")
        assert CANARY not in shown.text
    assert CANARY not in page.text
    assert "Scoring form" in page.text


async def test_the_points_are_asked_for_by_criterion_within_their_bounds(desk, in_review):
    """One field for each criterion of the policy; what is outside is refused with the bounds, at the form."""
    case, (reviewer, *_) = in_review
    browser, at = await desk.of(reviewer), f"/cases/{case.case_id}/do"
    asked = await browser.get(f"{at}/accept-review")
    done = await send(browser, f"{at}/accept-review", asked, no_conflict="yes", step="do")
    assert done.status_code == 303, text_of(done)
    page = await browser.get(f"{at}/submit-scores")
    assert 'name="points.academic"' in page.text
    given = {"points__academic": "99", "points__motivation": "7", "points__activities": "6"}
    refused = await send(browser, f"{at}/submit-scores", page, **given, step="do")
    assert refused.status_code == 422
    assert "between 0 and 10" in text_of(refused)
    given["points__academic"] = "９"
    done = await send(browser, f"{at}/submit-scores", refused, **given, step="do")
    assert done.status_code == 303, text_of(done)


async def test_a_reviewer_sees_no_other_review_before_their_own(desk, in_review):
    """What another reviewer has submitted is not beside the form."""
    case, (first, second, *_) = in_review
    await case.score(first)
    browser = await desk.of(second)
    page = await browser.get(f"/cases/{case.case_id}/do/accept-review")
    assert first not in page.text
    assert "positive" not in text_of(page)


async def test_a_reviewer_of_another_case_finds_nothing(desk, institute, in_review):
    """Neither the case nor its forms are there for who does not review it."""
    case, reviewers = in_review
    other = next(f"reviewer-{n}" for n in range(1, 7) if f"reviewer-{n}" not in reviewers)
    browser = await desk.of(other)
    for path in (f"/cases/{case.case_id}", f"/cases/{case.case_id}/do/submit-scores"):
        assert (await browser.get(path)).status_code == 404


async def test_two_applications_stand_side_by_side_with_what_differs(desk, institute):
    """Who resolves a possible duplicate sees both, and each line says whether it is the same."""
    first = person(family_name="比較", given_name="太郎")
    await institute.apply(first)
    twin = person(
        **first.model_dump(include={"family_kana", "given_kana", "birth_date", "family_name", "given_name"}),
        email=f"{uuid4().hex[:8]}@example.com",
        programme="science",
    )
    case = await institute.apply(twin)
    await case.until_task("resolve-duplicate")
    office = await desk.of("office-1")
    page = await office.get(f"/cases/{case.case_id}/do/resolve-duplicate")
    told = text_of(page)
    assert first.email in told
    assert twin.email in told
    assert "≠ differs" in told
    assert f"admission/{first.application_no}" in told


async def test_a_committee_member_sees_the_ballot_and_no_review(desk, institute):
    """By the process's sight the work of others is not theirs: the ballot is, and what they can do in it."""
    case = await institute.apply(person(family_name=CANARY))
    await case.to_committee()
    member = await desk.of("member-1")
    page = await member.get(f"/cases/{case.case_id}/do/cast-vote")
    assert "The ballot" in page.text
    assert "reviewer-" not in page.text
    assert CANARY not in page.text


async def test_the_head_sees_result_votes_and_places_before_deciding(desk, institute):
    """Beside the decision stand the committee's result, its votes, the reviews and the places left."""
    case = await institute.apply()
    await case.to_ranked("reject")
    head = await desk.of("head-1")
    page = await head.get(f"/cases/{case.case_id}/do/record-decision")
    told = text_of(page)
    assert "Result of the committee reject" in told
    assert "2027-comprehensive – science" in told
    assert 'value="offered"' not in page.text  # never against the committee
    assert 'value="rejected"' in page.text


async def test_a_decision_without_anything_to_choose_is_not_possible(desk, institute):
    """Where nobody is near to a conflict, there is nobody to judge: the page says so instead of a form."""
    case = await institute.apply()
    await case.to_committee()
    office = await desk.of("office-1")
    page = await office.get(f"/cases/{case.case_id}")
    assert f'href="/cases/{case.case_id}/do/judge-conflict"' not in page.text
    assert "There is nothing that it could be about." in page.text


async def test_a_vote_sent_twice_is_one_vote(desk, institute):
    """The same form sent again is answered with what it has done."""
    case = await institute.apply()
    await case.to_committee()
    member, at = await desk.of("member-1"), f"/cases/{case.case_id}/do/cast-vote"
    asked = await member.get(at)
    form = {"choice": "admit", "reason": "審議のとおり", "step": "do"}
    first = await send(member, at, asked, **form)
    again = await member.post(at, hidden_of(asked) | form)
    assert first.status_code == again.status_code == 303
    assert "said=repeated" in again.headers["location"]
    assert (await case.steps()).count(CastVote.step) == 1


async def test_the_office_sees_the_applicant_while_it_confirms(desk, institute):
    """Parts and the applicant's data stand beside the form for who sees what is personal."""
    case = await institute.apply(person(family_name=CANARY))
    await case.complete()
    office = await desk.of("office-1")
    page = await follow(office, await office.get(f"/cases/{case.case_id}/do/confirm-eligibility"))
    assert CANARY in page.text
    checked = await fill(office, f"/cases/{case.case_id}/do/confirm-eligibility", eligible="yes")
    assert "Nothing is decided yet." in checked.text
