"""Times, candidates and late applications as the office types and reads them."""

import re
from datetime import datetime, timedelta

from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Institute, person
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_the_time_of_an_answer_stands_on_the_page_and_in_the_history(
    institute: Institute, iehe: CommandLine
) -> None:
    """Months before its offer it is refused; the right one can be read afterwards."""
    case = await institute.apply()
    await case.to_offered()
    number = case.row.application_no
    answer = ("admission", "answer-offer", number, "accepted", "--answered-at")

    before = await iehe.refused(*answer, "2026-04-01 10:00", by="office-1")
    answered = await case.now()
    await iehe.ok(*answer, answered.isoformat(), by="office-1")

    assert before == (3, "before-cause")
    (fact,) = (await iehe.ok("case", "show", number))["facts"]
    shown = f"{answered + timedelta(hours=9):%Y-%m-%d %H:%M}"
    assert fact["step"] == "answer-offer"
    assert shown in (await iehe("case", "show", number)).out.split("what happened when")[1]
    (entry,) = (e for e in (await iehe.ok("case", "history", number))["log"] if e["step"] == "answer-offer")
    logged = datetime.fromisoformat(entry["details"]["happened_at"])
    assert logged == datetime.fromisoformat(fact["happened_at"])


async def test_a_late_application_is_permitted_by_name(institute: Institute, iehe: CommandLine) -> None:
    """Submitted after the close: a task with a due time, a permit with a reason, and the page says late."""
    await institute.pool.execute(
        "UPDATE iehe.rounds SET opens_at = '2026-01-01', closes_at = '2026-02-01' "
        "WHERE round_id = '2027-comprehensive'"
    )
    case = await institute.apply()
    await case.until_task("late-application")
    number = case.row.application_no
    permit = ("admission", "permit-late", number, "application", "--until", "2028-01-01")

    (task,) = (await iehe.ok("tasks"))["tasks"]
    refused = await iehe.refused(*permit, by="office-1")
    permitted = await iehe.ok(*permit, "--reason", "郵便事故", by="office-1")

    assert task["due_at"] is not None
    assert refused == (3, "reason-required")
    assert permitted["stage"] == "completeness"
    text = (await iehe("case", "show", number)).out
    assert re.search(f"submitted +{case.row.submitted_on}\n +outside the period +late\n", text)
    assert "permitted late" in text


async def test_a_duplicate_is_named_and_taken_back(institute: Institute, iehe: CommandLine) -> None:
    """Two candidates: the one that is named is joined, shown, and asked again after a slip."""
    row = person(phone="09011112222")
    first = await institute.apply(row)
    twin = {"application_no": "Y" + row.application_no[1:], "email": "y" + row.email, "given_kana": "フタゴ"}
    await institute.apply(row.model_copy(update=twin))
    again = {"application_no": "Z" + row.application_no[1:], "email": "z" + row.email}
    case = await institute.apply(row.model_copy(update=again))
    await case.until_task("resolve-duplicate")
    number, same = case.row.application_no, ("--same-person", "--keep", "--reason", "本人に確認")
    resolve = ("admission", "resolve-duplicate", number)

    assert await iehe.refused(*resolve, *same, by="office-1") == (3, "duplicate-unnamed")
    assert await iehe.refused(*resolve, *same, "--duplicate-of", "X9999-1", by="office-1") == (
        4,
        "unknown-duplicate",
    )
    await iehe.ok(*resolve, *same, "--duplicate-of", row.application_no, by="office-1")

    assert (await iehe.ok("case", "show", number))["duplicate_of"] == [first.case_id]
    assert "same applicant as" in (await iehe("case", "show", number)).out
    await iehe.ok("admission", "reopen-duplicate", number, "--reason", "取り違え", by="office-1")
    page = await iehe.ok("case", "show", number)
    assert (page["duplicate_of"], len(page["duplicates"])) == ([], 2)


async def test_every_task_is_listed_by_its_due_time(institute: Institute, iehe: CommandLine) -> None:
    """An event that fitted nowhere is overdue as anything else, before what is due later."""
    case = await institute.apply()
    await case.complete()
    await case.event("document-received", item="diary")
    await institute.pool.execute(
        "UPDATE iehe.tasks SET due_at = due_at - interval '60 days' WHERE kind = 'look-at-event'"
    )
    await institute.pool.execute(
        "INSERT INTO iehe.events (source, id, type, process, case_id, envelope, state, reason, ended_at) "
        "VALUES ('urn:x:portal', 'e1', 'jp.ac.iehe.admission-review.fee-paid', 'admission-review', "
        "'admission/A2027-999999', '{}', 'dead', 'no-such-case', now() - interval '4 days')"
    )

    listed = (await iehe.ok("tasks"))["tasks"]

    assert [(task["kind"], task["overdue"]) for task in listed] == [
        ("look-at-event", True),
        ("dead-letter", True),
        ("check-eligibility", False),
    ]
