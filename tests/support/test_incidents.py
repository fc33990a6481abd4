"""S16: one event behind several cases, each written to alone."""

from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.office import Office

NUMBERS = "SELECT incident, closed_at IS NULL AS open FROM iehe.support_incidents ORDER BY incident"
DECIDED = "SELECT step FROM iehe.case_log WHERE actor_kind = 'person'"


async def test_s16_closing_an_incident_closes_none_of_its_cases(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """Two cases are added, one twice; nothing of either changes then, nor when the incident is closed."""
    cases = [await office.refer() for _ in range(2)]
    made = await iehe.ok("support", "incident", "open", "bus-2026-11", by="triage-1")
    number = made["incident"]
    for case in (*cases, cases[0]):
        await iehe.ok("support", "incident", "add", number, case.handle.id, by="triage-1")
    rows = await iehe.ok("support", "incident", "show", number, by="triage-1")
    assert {row["case_id"] for row in rows} == {case.handle.id for case in cases}
    await iehe.ok("support", "incident", "close", number, by="head-1")
    assert await office.owner.fetch(DECIDED) == []
    assert await office.owner.fetchval("SELECT count(*) FROM iehe.cases WHERE closed_at IS NULL") == len(
        cases
    )
    assert [tuple(row) for row in await office.owner.fetch(NUMBERS)] == [(number, False)]
    add = ("support", "incident", "add", number, cases[0].handle.id)
    assert (await iehe.refused(*add, by="triage-1"))[1] == "no-such-incident"


async def test_s16_a_count_is_of_what_its_reader_may_open(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """A counsellor counts the cases of their own, and whom a case is about not even that there is one."""
    own = await office.refer()
    await own.assign()
    others = [await office.refer(), await office.refer(concerned=["triage-1"])]
    made = await iehe.ok("support", "incident", "open", "flood-1", by="head-1")
    for case in (own, *others):
        await iehe.ok("support", "incident", "add", made["incident"], case.handle.id, by="head-1")
    counted = {}
    for who in ("head-1", "triage-1", "counsellor-1", "nurse-1"):
        (row,) = await iehe.ok("support", "incident", "list", by=who)
        counted[who] = row["cases"]
    assert counted == {"head-1": 3, "triage-1": 2, "counsellor-1": 1, "nurse-1": 0}


async def test_s16_who_may_not_open_a_case_adds_none_and_no_words_are_kept(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """Roles, and codes instead of what happened."""
    case = await office.refer()
    code = (await iehe.refused("support", "incident", "open", "事故", by="head-1"))[1]
    assert code == "incident-label"
    made = await iehe.ok("support", "incident", "open", "flood-2", by="head-1")
    add = ("support", "incident", "add", made["incident"], case.handle.id)
    assert (await iehe.refused(*add, by="nurse-1"))[1] == "no-such-case"
    assert (await iehe.refused("support", "incident", "open", "x", by="counsellor-1"))[1] == "role-missing"
