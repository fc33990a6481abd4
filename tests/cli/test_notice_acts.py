"""`iehe notices hold|release|cancel|change` and `iehe case note|notes` at the command line."""

from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.gateway.test_notices import case, queued  # noqa: F401
from tests.office import Case, Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_a_notice_is_held_changed_read_released_and_cancelled(
    institute: Institute, iehe: CommandLine, case: Case
) -> None:
    """Found by the beginning of its id; once for a command id; in the list while it is held."""
    notice = (await queued(institute, case))[:12]
    held = await iehe.ok("notices", "hold", notice, "--reason", "確認中", "--command-id", "c-1")
    again = await iehe.ok("notices", "hold", notice, "--reason", "確認中", "--command-id", "c-1")
    await iehe.ok("notices", "change", notice, "--ja", "先日の件", "--reason", "依頼", "--revision", 1)
    listed = await iehe("notices", "list", "--held")
    shown = await iehe("notices", "show", notice, "--personal")
    released = await iehe.ok("notices", "release", notice)
    printed = await iehe("notices", "cancel", notice, "--reason", "宛先違い")

    assert (held["repeated"], again["repeated"], again["revision"]) == (False, True, 1)
    assert notice in listed.out
    assert "先日の件\n" in shown.out
    assert case.row.email in shown.out
    assert released["state"] == "queued"
    assert notice in printed.out
    assert await iehe.refused("notices", "cancel", notice, "--reason", "x") == (3, "notice-not-waiting")
    assert (await iehe.ok("notices", "list", "--held"))["notices"] == []


async def test_what_may_not_be_done_to_a_notice(institute: Institute, iehe: CommandLine, case: Case) -> None:
    """By role, by revision, without words, without a reason."""
    notice = await queued(institute, case)
    hold = ("notices", "hold", notice, "--reason")
    assert await iehe.refused(*hold, "x", by="auditor-1") == (6, "role-missing")
    assert await iehe.refused(*hold, "x", "--revision", 3) == (5, "stale-notice")
    assert await iehe.refused(*hold, " ") == (2, "reason-missing")
    assert await iehe.refused("notices", "change", notice, "--reason", "x") == (2, "words-or-original")
    back = ("notices", "change", notice, "--reason", "x", "--original")
    assert await iehe.refused(*back) == (3, "notice-not-changed")


async def test_notes_of_a_case(iehe: CommandLine, case: Case) -> None:
    """Written, corrected, withdrawn; on the page where words are opened, and nowhere else."""
    number = case.row.application_no
    first = await iehe.ok("case", "note", number, "電話あり", "--command-id", "c-1")
    again = await iehe.ok("case", "note", number, "電話あり", "--command-id", "c-1")
    second = await iehe.ok("case", "note", number, "書類を確認", by="head-1")
    await iehe.ok("case", "note", number, "電話（母）", "--correct", first["note_id"], "--version", 1)
    await iehe.ok("case", "note", number, "別件", "--withdraw", second["note_id"], by="head-1")

    assert (again["note_id"], again["repeated"]) == (first["note_id"], True)
    printed = await iehe("case", "notes", number, by="auditor-1")
    assert "電話（母）" in printed.out
    assert "電話あり" not in printed.out
    assert "別件" in printed.out
    assert "電話あり" in (await iehe("case", "notes", number, "--history")).out
    assert "電話（母）" in (await iehe("case", "show", number, "--personal")).out
    assert "電話（母）" not in (await iehe("case", "show", number)).out
    assert await iehe.refused("case", "note", number, "x", by="auditor-1") == (6, "role-missing")
    assert await iehe.refused("case", "note", number, "x", "--correct", "nothing") == (4, "no-such-note")
    assert await iehe.refused("case", "note", number, " ") == (2, "note-empty")
