"""`iehe case`: what the office sees of cases."""

import asyncio
import json

from cases import registry
from cases.words import process_words
from cli.japanese import catalogue
from cli.known import complete_label
from schemas.admission.commands import RecordDecision
from schemas.outreach.roles import Role as OutreachRole
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Institute, person, staff
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_show_early(institute: Institute, iehe: CommandLine) -> None:
    """The page names what is missing, whom the case waits for and until when, in both languages."""
    case = await institute.apply()
    await case.event("document-received", item="transcript")
    number = case.row.application_no

    page = await iehe.ok("case", "show", number)
    text = (await iehe("case", "show", number)).out

    assert [item["item"] for item in page["items"] if item["missing"]] == [
        "identity",
        "recommendation",
        "fee",
    ]
    assert page["stage_text"] == {"en": "checked for completeness", "ja": "書類確認"}
    assert (page["waiting_for"], page["path"]) == ("applicant", ["submitted", "completeness"])
    assert page["deadlines"][0]["due_at"].endswith("+09:00")
    (identity,) = (line for line in text.splitlines() if "proof of identity" in line)
    assert "missing" in identity
    assert "applicant" not in page


async def test_show_late(institute: Institute, iehe: CommandLine) -> None:
    """Reviews, votes, decisions with who made them, and the open offer are on the page."""
    case = await institute.apply()
    await case.to_offered()

    page = await iehe.ok("case", "show", case.case_id)
    text = (await iehe("case", "show", case.case_id)).out

    assert [review["state"] for review in page["reviews"]] == ["scored"] * 3
    assert [(vote["choice"], vote["votes"]) for vote in page["votes"]] == [("admit", 5)]
    (decision,) = page["decisions"]
    assert (decision["decision"], decision["made_by"], decision["made_by_kind"]) == (
        "offered",
        "head-1",
        "person",
    )
    assert "by a person" in text
    assert "理由" not in text
    sections = [page[name] for name in process_words()["admission"]["page"] if page.get(name)]
    columns = {column for rows in sections if isinstance(rows, list) for row in rows for column in row}
    assert columns >= {"verdict", "choice", "made_by", "missing"}
    assert columns <= catalogue()["words"].keys()


async def test_personal_data_only_for_the_office(institute: Institute, iehe: CommandLine) -> None:
    """The applicant's data and reasons in words are shown with --personal, and only to the office."""
    case = await institute.apply(person(family_name="秘密", guardian_name="保護者太郎"))
    await case.until_stage("completeness")
    await case.text("秘密さんの事情")
    show = ("case", "show", case.case_id)

    plain = await iehe(*show, "--json")
    shown = await iehe.ok(*show, "--personal", by="office-1")
    printed = await iehe(*show, "--personal", by="office-1")

    assert "秘密" not in plain.out
    assert (shown["applicant"]["family_name"], shown["texts"][0]["body"]) == ("秘密", "秘密さんの事情")
    assert "保護者太郎" in printed.out
    assert await iehe.refused(*show, "--personal", by="reviewer-1") == (4, "no-such-case")
    assert await iehe.refused(*show, "--personal", by="auditor-1") == (6, "role-missing")
    assert await iehe.refused(*show, "--personal", by=None) == (6, "actor-missing")


async def test_a_bare_number_is_found_among_the_cases_of_every_process(
    institute: Institute, iehe: CommandLine, monkeypatch
) -> None:
    """Whichever process comes first; with an id of its own, only there."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    monkeypatch.setattr(registry, "CASE_ROOMS", ("visits", *registry.CASE_ROOMS))

    assert (await iehe.ok("case", "show", number.lower()))["case_id"] == case.case_id
    assert await iehe.refused("case", "show", f"visits/{number}") == (4, "no-such-case")
    assert await iehe.refused("case", "show", "A0000-404") == (4, "no-such-case")


async def test_list(institute: Institute, iehe: CommandLine) -> None:
    """Cases are filtered by stage, round, turn, due time and openness, and paged by their numbers."""
    made = [await institute.apply() for _ in range(3)]
    for case in made:
        await case.until_stage("completeness")
    await made[1].complete()
    numbers = sorted(case.case_id for case in made)
    await institute.pool.execute(
        "UPDATE iehe.cases SET due_at = now() - interval '1 h' WHERE case_id = $1", numbers[0]
    )

    async def listed(*filters: str) -> list[str]:
        return [row["case_id"] for row in (await iehe.ok("case", "list", *filters))["cases"]]

    assert await listed() == numbers
    assert await listed("--stage", "eligibility") == [made[1].case_id]
    assert await listed("--waiting-for", "admissions_office") == [made[1].case_id]
    assert await listed("--overdue") == numbers[:1]
    assert await listed("--closed") == []
    assert await listed("--open", "--label", "round_id=2027-comprehensive") == numbers
    assert await listed("--label", "round_id=2027-comprehensive", "--label", "programme=science") == numbers
    first = await iehe.ok("case", "list", "--limit", "2")
    assert first["next"] == numbers[1]
    assert await listed("--after", first["next"]) == numbers[2:]
    assert await iehe.refused("case", "list", "--stage", "limbo") == (2, "unknown-value")
    assert numbers[0] in (await iehe("case", "list")).out


async def test_find(institute: Institute, iehe: CommandLine) -> None:
    """By a part of the number, or by name and reading, which are shown to the office."""
    case = await institute.apply(person(family_name="河合", given_name="岳", family_kana="カワイ"))
    other = await institute.apply()
    for each in (case, other):
        await each.until_stage("completeness")
    found = await iehe.ok("case", "find", "かわい")
    assert [row["case_id"] for row in found["cases"]] == [case.case_id]
    assert (found["cases"][0]["name"], found["total"]) == ("河合 岳", 1)
    text = (await iehe("case", "find", case.row.application_no[1:])).out
    assert case.case_id in text
    assert "1 of 1 cases" in text
    assert (await iehe.ok("case", "find", "nobody"))["cases"] == []


async def test_labels(institute: Institute, iehe: CommandLine) -> None:
    """A list and a page show by what a case is filed; a filter by what no case is filed by is refused."""
    case = await institute.apply()
    await case.until_stage("completeness")
    labels = {"round_id": "2027-comprehensive", "programme": "science"}

    (listed,) = (await iehe.ok("case", "list"))["cases"]
    page = await iehe.ok("case", "show", case.case_id)
    shown = (await iehe("case", "show", case.case_id)).out.splitlines()
    assert listed["labels"] == page["labels"] == labels
    assert [line.split() for line in shown[1:3]] == [
        ["round", "2027-comprehensive"],
        ["programme", "science"],
    ]

    for label, known in {
        "round_id=2027-general": ["2027-comprehensive"],
        "programme=scence": ["science"],
        "colour=red": ["programme", "round_id", "round_route", "round_year"],
    }.items():
        refused = await iehe("case", "list", "--label", label, "--json")
        told = {name: refused.error[name] for name in ("code", "known")}
        assert (refused.code, told) == (2, {"code": "unknown-value", "known": known})
    await institute.employ(staff("desk-1", OutreachRole.OFFICE))
    other = await iehe("case", "list", "--label", "round_id=2027-comprehensive", "--json", by="desk-1")
    assert (other.code, other.error["known"]) == (2, []), "of a process that they do not see"
    none = await iehe.ok("case", "list", "--label", "round_id=2027-general", by="reviewer-1")
    assert none["cases"] == [], "who sees only some of the cases is not told by what others are filed"
    assert await iehe.refused("case", "list", "--label", "round_id") == (2, "invalid-pair")
    twice = ("--label", "round_id=2027-comprehensive") * 2
    assert await iehe.refused("case", "list", *twice) == (2, "invalid-pair")


async def test_labels_are_completed(institute: Institute, iehe: CommandLine) -> None:
    """A shell gets their names, and behind one the values that cases have."""
    case = await institute.apply()
    await case.until_stage("completeness")
    assert await asyncio.to_thread(complete_label, "round_i") == ["round_id="]
    assert await asyncio.to_thread(complete_label, "round_id=") == ["round_id=2027-comprehensive"]
    assert await asyncio.to_thread(complete_label, "programme=sci") == ["programme=science"]
    assert await asyncio.to_thread(complete_label, "colour=") == []


async def test_history(institute: Institute, iehe: CommandLine) -> None:
    """The log is shown and its chain verified; an altered or shortened one ends with its own code."""
    case = await institute.apply()
    await case.complete()
    history = ("case", "history", case.case_id)

    whole = await iehe.ok(*history)
    text = await iehe(*history)
    async with institute.pool.acquire() as connection:
        await connection.execute("ALTER TABLE iehe.case_log DISABLE TRIGGER USER")
        await connection.execute("UPDATE iehe.case_log SET actor_id = 'nobody' WHERE version = 3")
    altered = await iehe(*history, "--json")
    told = await iehe(*history)
    await institute.pool.execute("DELETE FROM iehe.case_log WHERE version >= 3")
    shortened = await iehe(*history, "--json")

    assert (whole["intact"], [entry["step"] for entry in whole["log"]]) == (
        True,
        ["open", *["item-arrived"] * 4],
    )
    assert "chain of 5 entries intact" in text.out
    assert (altered.code, altered.json["broken_at"]) == (12, 3)
    assert told.code == 12
    assert "version 3" in told.err
    assert (shortened.code, shortened.json["broken_at"]) == (12, 3)


async def test_diagram(institute: Institute, iehe: CommandLine) -> None:
    """The map is Mermaid with the case's stage marked and its path in words below."""
    case = await institute.apply()
    await case.complete()

    text = (await iehe("case", "diagram", case.case_id)).out
    drawn = await iehe.ok("case", "diagram", case.case_id)
    plain = await iehe.ok("case", "diagram")

    assert text.startswith("stateDiagram-v2\n")
    assert "class eligibility here" in text
    assert text.splitlines()[-1] == "%% submitted → checked for completeness → [checked for eligibility]"
    assert drawn["path"] == ["submitted", "completeness", "eligibility"]
    assert "class " not in plain["mermaid"]


async def test_deadline(institute: Institute, iehe: CommandLine) -> None:
    """The counting of a deadline is printed line by line; an unknown one is said to be unknown."""
    case = await institute.apply()
    await case.until_stage("completeness")

    text = (await iehe("case", "clock", case.case_id, "completeness")).out

    assert "(does not count)" in text
    assert "30 working days counted" in text
    assert await iehe.refused("case", "clock", case.case_id, "lunch") == (4, "unknown-deadline")
    assert await iehe.refused("case", "show", "A0000-404040") == (4, "no-such-case")


async def test_made_by_the_clock(institute: Institute, iehe: CommandLine) -> None:
    """What the clock decided is shown as the clock's."""
    case = await institute.apply()
    await case.to_ranked()
    await case.decide(RecordDecision, "head-1", decision="waitlisted")
    await institute.pool.execute(
        "UPDATE iehe.decisions SET made_by = 'clock', made_by_kind = 'clock' WHERE case_id = $1", case.case_id
    )

    assert "by the clock" in (await iehe("case", "show", case.case_id)).out
    assert json.loads((await iehe("case", "show", case.case_id, "--json")).out)["result"] == "admit"
