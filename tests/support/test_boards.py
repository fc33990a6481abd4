"""What people want to see together: by due, load, what was missed, crises; each within what they may see."""

from datetime import UTC, datetime, timedelta

from schemas.support import commands
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.office import Office

READ = "SELECT count(*) FROM iehe.case_reads WHERE case_id = $1 AND staff_id = $2 AND what = 'list'"


async def test_the_queue_says_what_is_due_and_why(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """S6 in words, earliest first; of the cases that the reader sees; each a read."""
    later, danger = await office.refer(), await office.refer(danger=True)
    await later.assign()
    rows = await iehe.ok("support", "queue", by="head-1")
    assert [row["case_id"] for row in rows] == [danger.handle.id, later.handle.id]
    assert rows[1]["level"] == 3
    assert rows[1]["owner"] == "counsellor-1"
    assert rows[1]["deadline"] in ("first-response", "idle")
    assert any("10:00" in line or "counted" in line.lower() for line in rows[1]["calculation"]["en"])
    assert rows[1]["calculation"]["ja"]
    assert await office.owner.fetchval(READ, later.handle.id, "head-1") == 1
    assert {row["case_id"] for row in await iehe.ok("support", "queue", by="counsellor-1")} == {
        later.handle.id
    }
    for who in ("nurse-1", "access-1", "counsellor-2"):
        assert await iehe.ok("support", "queue", by=who) == []


async def test_e18_whom_a_case_is_about_finds_it_on_no_board(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """Neither in a list nor in a count."""
    await office.refer(danger=True, concerned=["head-1"])
    for board in ("queue", "crises", "breaches"):
        assert await iehe.ok("support", board, by="head-1") == []
    assert {row["open"] for row in await iehe.ok("support", "load", by="head-1")} == {0}
    assert len(await iehe.ok("support", "crises", by="triage-1")) == 1


async def test_the_load_counts_by_owner_and_unit_and_says_who_is_away(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """A queue is an owner too; who has nothing stands there with nothing."""
    for _ in range(2):
        await (await office.refer()).assign()
    queued = await office.refer()
    await queued.triage()
    await queued.decide(commands.Assign, "triage-1", unit="counselling")
    now = datetime.now(UTC)
    await office.owner.execute(
        "INSERT INTO iehe.absences VALUES ('counsellor-1', $1, $2, 'counsellor-2', 'test', now())",
        *(now - timedelta(days=1), now + timedelta(days=1)),
    )
    rows = await iehe.ok("support", "load", by="triage-1")
    found = {(row["unit"], row["owner"]): row for row in rows}
    counts = {key: row["open"] for key, row in found.items()}
    assert counts == {
        ("counselling", None): 1,
        ("counselling", "counsellor-1"): 2,
        ("counselling", "counsellor-2"): 0,
        ("counselling", "lead-1"): 0,
        ("harassment", "officer-1"): 0,
        ("harassment", "officer-2"): 0,
        ("health", "nurse-1"): 0,
    }
    assert found["counselling", "counsellor-1"]["substitute"] == "counsellor-2"
    counted = {
        (row["unit"], row["owner"]): row["open"]
        for row in await iehe.ok("support", "load", by="counsellor-2")
    }
    assert counted["counselling", "counsellor-1"] == 0
    assert counted["counselling", None] == 1


async def test_what_was_missed_is_listed_with_how_it_was_counted(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """A first response that came after it was due, and none that came in time."""
    late, intime = await office.refer(), await office.refer()
    for case in (late, intime):
        await case.assign()
    await intime.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
    await late.forward(days=8)
    await late.decide(commands.Assign, "triage-1", unit="counselling", owner="counsellor-1")
    await late.decide(commands.RecordContact, "counsellor-1", channel="phone", outcome="reached")
    await office.owner.execute(
        "UPDATE iehe.deadlines SET due_at = due_at - interval '30 days' WHERE case_id = $1", late.handle.id
    )
    rows = await iehe.ok("support", "breaches", "--days", "60", by="head-1")
    first = [row for row in rows if row["deadline"] == "first-response"]
    assert [row["case_id"] for row in first] == [late.handle.id]
    assert first[0]["due_at"] < first[0]["ended_at"]
    assert first[0]["calculation"]["en"]


async def test_the_crisis_board_says_page_step_who_and_since_when(
    office: Office,
    iehe: CommandLine,  # noqa: F811
) -> None:
    """While nobody has it, who was paged last; then who attends; stood down, nothing."""
    case = await office.refer(danger=True)
    await case.until_sent("page")
    (row,) = await iehe.ok("support", "crises", by="head-1")
    assert (row["page"], row["step"], row["rung"], row["paged"], row["lead"]) == (
        *(1, "open", "first", ["duty-1"], []),
    )
    await case.decide(commands.RecordContact, "duty-1", channel="phone", outcome="reached")
    (row,) = await iehe.ok("support", "crises", by="head-1")
    assert (row["step"], row["lead"]) == ("attending", ["duty-1"])
    await case.decide(
        commands.StandDown, "duty-1", owner="counsellor-1", unit="counselling", reason_id=await case.text()
    )
    assert await iehe.ok("support", "crises", by="head-1") == []
