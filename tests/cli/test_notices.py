"""`iehe notices`: what was sent, and sending it again."""

from activities.kernel.notice_rows import requeue
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Case, Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def closed(institute: Institute, iehe: CommandLine) -> Case:
    """A case that is over, all its notices accepted."""
    case = await institute.apply()
    # what asks for something is not sent any more once the case has moved on
    await case.until_notices(2)
    await case.until_stage("completeness")
    await iehe.ok("admission", "withdraw", case.case_id, "personal", by="office-1")
    await case.result()
    return case


async def test_list_and_show(institute: Institute, iehe: CommandLine) -> None:
    """Notices are listed without addresses; one is found by the beginning of its id."""
    case = await closed(institute, iehe)

    listed = await iehe.ok("notices", "list", case.row.application_no)
    printed = await iehe("notices", "list", case.case_id)
    first = listed["notices"][0]
    one = await iehe.ok("notices", "show", first["notice_id"][:12])
    letter = await iehe("notices", "show", first["notice_id"], "--personal", by="office-1")

    assert {row["state"] for row in listed["notices"]} == {"accepted"}
    assert "withdrawal-confirmed" in printed.out
    assert one["notice_id"] == first["notice_id"]
    for shown in (printed.out, str(listed), str(one)):
        assert case.row.email not in shown
        assert case.row.given_name not in shown
    assert case.row.email in letter.out or "school" in letter.out
    assert (await iehe.ok("notices", "list", "--state", "dead"))["notices"] == []
    assert await iehe.refused("notices", "show", "ffff") == (4, "no-such-notice")
    assert await iehe.refused("notices", "list", "--state", "lost") == (2, "unknown-value")
    assert await iehe.refused("notices", "show", one["notice_id"], "--personal", by="reviewer-1") == (
        6,
        "role-missing",
    )


async def test_resend_for_a_closed_case(institute: Institute, iehe: CommandLine, mail) -> None:
    """A dead message of a closed case goes out once more; a second order finds it accepted."""
    case = await closed(institute, iehe)
    notice = (await case.notices("withdrawal-confirmed"))[0]["notice_id"]
    await institute.pool.execute("UPDATE iehe.notices SET state = 'dead' WHERE notice_id = $1", notice)
    before = len(list(mail.folder.glob("new/*")))

    sent = await iehe.ok("notices", "resend", notice, by="office-1")

    assert sent["state"] == "accepted"
    assert len(list(mail.folder.glob("new/*"))) == before + 1
    assert await iehe.refused("notices", "resend", notice, by="office-1") == (3, "not-resendable")
    assert await iehe.refused("notices", "resend", notice, by="reviewer-1") == (6, "role-missing")
    assert len(list(mail.folder.glob("new/*"))) == before + 1


async def test_resend_after_dying_in_between(institute: Institute, iehe: CommandLine, mail) -> None:
    """Queued anew by a run that was killed before it asked for delivery: run again, it is delivered."""
    case = await closed(institute, iehe)
    notice = (await case.notices("withdrawal-confirmed"))[0]["notice_id"]
    await institute.pool.execute("UPDATE iehe.notices SET state = 'unknown' WHERE notice_id = $1", notice)
    async with institute.pool.acquire() as connection:
        await requeue(connection, notice)

    sent = await iehe.ok("notices", "resend", notice, by="office-1")

    assert sent["state"] == "accepted"
    row = (await case.notices("withdrawal-confirmed"))[0]
    assert row["possible_duplicate"]


async def test_a_digest_is_listed_and_shown_as_what_it_is(vacant: Institute, iehe: CommandLine) -> None:
    """Among the messages of its process, with why and for which day; its letter is the host's."""
    await vacant.pool.execute(
        "INSERT INTO iehe.notices (notice_id, digest_on, version, process, message, recipient_kind, "
        "recipient_id, why, facts, queued_at, state) "
        "VALUES ('d1', '2026-11-26', 0, 'admission-review', 'digest', 'staff', 'office-1', 'outstanding', "
        '\'{"open": 7, "overdue": 2, "due_today": 1}\', now(), \'dead\')'
    )
    (listed,) = (await iehe.ok("notices", "list"))["notices"]
    assert (listed["case_id"], listed["message"], listed["why"]) == (None, "digest", "outstanding")
    assert "digest" in (await iehe("notices", "list")).out
    shown = await iehe.ok("notices", "show", "d1")
    assert (shown["digest_on"], shown["why"]) == ("2026-11-26", "outstanding")
    letter = await iehe("notices", "show", "d1", "--personal", by="office-1")
    assert "未処理：7件" in letter.out
