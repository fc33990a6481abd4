"""Applications of people whom no other test knows, brought on their way by commands."""

from spreadsheets.admission.samples import sample_applications
from tests.office_pages.stack import Stack

ROUND = "2027-general"
SEEDS = {"ja": 2711, "en": 2712, "ja alone": 2713, "en alone": 2714, "tied": 2715}
Row = dict[str, str]


def applications(of: str, count: int) -> list[Row]:
    """Applications as clerks type them, of people and numbers that nobody else has."""
    rows = enumerate(sample_applications(count, SEEDS[of], ROUND), 1)
    own = f"D{SEEDS[of]}"
    return [
        {
            **row,
            "application_no": f"{own}-{number:06}",
            "applicant_account": f"{own}{number}",
            "email": f"{own}-{number}@example.com",
            "related_staff": "",
            "accommodation_requested_on": "",
            "accommodation_sudden": "",
        }
        for number, row in rows
    ]


async def reviewers_of(stack: Stack, number: str) -> list[str]:
    """Who has been asked and has not scored yet."""
    async with stack.owner() as owner:
        rows = await owner.fetch(
            "SELECT assignee FROM iehe.tasks WHERE case_id = $1 AND assignee LIKE 'reviewer-%'"
            " AND closed_at IS NULL ORDER BY 1",
            f"admission/{number}",
        )
    return [str(row["assignee"]) for row in rows]


async def to_committee(stack: Stack, number: str) -> None:
    """All reviewers have scored who have not yet."""
    for reviewer in await reviewers_of(stack, number):
        await stack.do(reviewer, "admission", "accept-review", number, "--no-conflict")
        scores = ("academic=8", "motivation=7", "activities=6")
        await stack.do(reviewer, "admission", "submit-scores", number, *scores)
