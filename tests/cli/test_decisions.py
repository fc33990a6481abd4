"""Facts and decisions from the command line: to the end of a case, and all that is refused on the way."""

import json
from datetime import UTC, datetime, timedelta

from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import DEFAULT_STAFF, Case, Institute, person
from tests.words import words_of
from tests.workflows.conftest import institute, notices, pool, relax, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

POINTS = ("academic=8", "motivation=７", "activities=6.5")
WHOLE = ("cases", "case_log", "tasks", "deadlines", "texts", "notices", "reviews", "votes", "decisions")


async def everything(case: Case) -> dict[str, list[str]]:
    """All rows of a case, to see that nothing has changed; what a mail server says to notices aside."""
    skipped = {"notices": "state, attempts, sent_at, message_id, reason"}
    return {
        table: [
            str(row)
            for row in await case.institute.pool.fetch(
                f"SELECT to_jsonb(t) - string_to_array($2, ', ') FROM iehe.{table} t "  # noqa: S608 - our own names
                "WHERE case_id = $1 ORDER BY 1",
                case.case_id,
                skipped.get(table, ""),
            )
        ]
        for table in WHOLE
    }


async def unchanged(case: Case, iehe: CommandLine, *tries: tuple[tuple, str | None, int, str]) -> None:
    before = await everything(case)
    for words, by, code, error in tries:
        assert await iehe.refused(*words, by=by) == (code, error), words
    assert await everything(case) == before


async def test_from_arrival_to_enrolment(institute: Institute, iehe: CommandLine) -> None:
    """Every step of the usual way is a command, by the person whose step it is."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    for fact in (
        ("document-received", "item=transcript"),
        ("document-received", "item=identity"),
        ("fee-paid",),
    ):
        await iehe.ok("admission", "event", number, *fact)
    last = await iehe.ok("admission", "event", case.case_id, "recommendation-received", by="office-1")
    assert (last["stage"], last["result"]) == ("eligibility", "applied")

    done = await iehe.ok("admission", "confirm-eligibility", number, "--eligible", by="office-1")
    assert (done["stage"], done["stage_text"]["ja"]) == ("review", "審査")
    await case.until(lambda row: len(json.loads(row["state"])["reviews"]) >= 3)
    for reviewer in sorted((await case.state())["reviews"]):
        await iehe.ok("admission", "accept-review", number, "--no-conflict", by=reviewer)
        await iehe.ok("admission", "submit-scores", number, *POINTS, "--remark", "良い", by=reviewer)
    await case.until_task("vote:chair-1")
    for member in ("chair-1", "member-1", "member-2", "member-3", "member-4"):
        await iehe.ok("admission", "cast-vote", number, "admit", "--reason", "志望が明確", by=member)
    await iehe.ok("admission", "record-decision", number, "offered", by="head-1")
    await iehe.ok("admission", "answer-offer", number, "accepted", by="office-1")
    end = await iehe.ok("admission", "record-enrolment", number, "enrolled", by="office-1")

    assert (end["stage"], end["outcome"]) == ("enrolled", "enrolled")
    assert await case.result() == "enrolled"
    texts = await words_of(institute.pool, institute.client, case.case_id)
    assert len(texts) == 8
    assert "志望が明確" in texts


async def test_refused_before_review(institute: Institute, iehe: CommandLine) -> None:
    """Wrong stage, version, role, person, case or value: its own exit code, and nothing has changed."""
    case = await institute.apply()
    await case.until_stage("completeness")
    a, number = "admission", case.row.application_no

    await unchanged(
        case,
        iehe,
        ((a, "confirm-eligibility", number, "--eligible"), "office-1", 3, "wrong-stage"),
        (
            (a, "withdraw", number, "personal", "--version", 99),
            "office-1",
            5,
            "stale-version",
        ),
        ((a, "withdraw", number, "personal"), "reviewer-1", 4, "no-such-case"),
        ((a, "withdraw", number, "boredom"), "office-1", 3, "unknown-reason"),
        ((a, "withdraw", number, "NOT A CODE"), "office-1", 2, "invalid-value"),
        ((a, "withdraw", "A0000-999999", "personal"), "office-1", 4, "no-such-case"),
        ((a, "withdraw", number, "personal"), "nobody-1", 6, "actor-unknown"),
        ((a, "withdraw", number, "personal"), None, 6, "actor-missing"),
        ((a, "rejudge", number, "--reason", "誤り"), "head-1", 3, "wrong-stage"),
        ((a, "rejudge", number, "--reason", "あ" * 4001), "head-1", 2, "text-too-long"),
        ((a, "record-decision", number, "perhaps"), "head-1", 2, "invalid-value"),
        ((a, "permit-late", number, "transcript", "--until", "2028-01-01"), "office-1", 3, "reason-required"),
        ((a, "permit-late", number, "transcript", "--until", "soon"), "office-1", 2, "invalid-moment"),
        (
            (a, "permit-late", number, "nothing", "--until", "2028-01-01", "--reason", "x"),
            "office-1",
            4,
            "unknown-item",
        ),
        ((a, "change-policy", number, "no-such-version"), "head-1", 4, "policy-unknown"),
        ((a, "resolve-duplicate", number, "--no-same-person"), "office-1", 3, "no-duplicate"),
        (
            (a, "resolve-duplicate", number, "--same-person", "--duplicate-of", "そ"),
            "office-1",
            2,
            "invalid-value",
        ),
        ((a, "reopen-duplicate", number), "office-1", 3, "no-finding"),
        ((a, "decide-accommodation", number, "granted"), "office-1", 3, "no-accommodation"),
        ((a, "event", number, "document-received", "item=diary"), "office-1", 4, "unknown-item"),
        ((a, "event", number, "document-received"), "office-1", 2, "invalid-value"),
        ((a, "event", number, "document-received", "transcript"), "office-1", 2, "invalid-pair"),
        ((a, "event", number, "fee-paid", "amount=17000"), "office-1", 2, "invalid-value"),
        ((a, "event", number, "moon-landing"), "office-1", 2, "unknown-event"),
        ((a, "event", number, "withdrawal-requested", "reason=boredom"), "office-1", 3, "unknown-reason"),
        ((a, "event", number, "fee-paid", "--at", "yesterday"), "office-1", 2, "invalid-moment"),
        ((a, "event", number, "fee-paid", "--event-id", "a b"), "office-1", 2, "invalid-value"),
        ((a, "event", number, "fee-paid"), "reviewer-1", 6, "role-missing"),
        ((a, "event", "A0000-999999", "fee-paid"), "office-1", 4, "no-such-case"),
        (
            ("case", "move-deadline", number, "completeness", "--due-at", "2020-01-01"),
            "office-1",
            3,
            "deadline-in-past",
        ),
        (("case", "pause-deadline", number, "lunch"), "office-1", 4, "unknown-deadline"),
        (("case", "resume-deadline", number, "completeness"), "office-1", 3, "deadline-not-paused"),
        (("case", "complete-task", number, "nothing"), "office-1", 4, "unknown-task"),
    )


async def test_refused_in_review(institute: Institute, iehe: CommandLine) -> None:
    """A form that is not filled in as it must be is refused as a whole, and its remark is not kept."""
    case = await institute.apply()
    reviewer = (await case.to_review())[0]
    chosen = (await case.state())["reviews"]
    other = next(
        each.staff_id
        for each in DEFAULT_STAFF
        if each.staff_id.startswith("reviewer") and each.staff_id not in chosen
    )
    submit = ("admission", "submit-scores", case.row.application_no)
    accept = ("admission", "accept-review", case.row.application_no)
    await unchanged(
        case,
        iehe,
        ((*submit, *POINTS), reviewer, 3, "declaration-missing"),
        (accept, reviewer, 3, "declaration-missing"),
    )
    await iehe.ok(*accept, "--no-conflict", by=reviewer)
    remark = ("--remark", "所見")

    await unchanged(
        case,
        iehe,
        ((*submit, "academic=11", *POINTS[1:], *remark), reviewer, 3, "score-out-of-bounds"),
        ((*submit, "academic=-1", *POINTS[1:], *remark), reviewer, 3, "score-out-of-bounds"),
        ((*submit, "academic=NaN", *POINTS[1:], *remark), reviewer, 2, "invalid-value"),
        ((*submit, "academic=1e999", *POINTS[1:], *remark), reviewer, 2, "invalid-value"),
        ((*submit, "academic=high", *POINTS[1:], *remark), reviewer, 2, "invalid-value"),
        ((*submit, "academic=8", "academic=9", *POINTS[1:], *remark), reviewer, 2, "invalid-pair"),
        ((*submit, *POINTS[1:], *remark), reviewer, 3, "score-missing"),
        ((*submit, *POINTS, "charm=9", *remark), reviewer, 3, "score-unknown"),
        ((*submit, *POINTS, *remark), other, 4, "no-such-case"),
        ((*submit, *POINTS, *remark), "office-1", 6, "role-missing"),
        ((*submit, *POINTS, "--remark", "所" * 4001), reviewer, 2, "text-too-long"),
        ((*submit, *POINTS, *remark, "--version", 1), reviewer, 5, "stale-version"),
        (
            ("admission", "assign-reviewers", submit[2], "--reviewers", other),
            "office-1",
            3,
            "reviewers-too-many",
        ),
    )


async def test_facts_once(institute: Institute, iehe: CommandLine) -> None:
    """The same fact under the same id is taken once and says so the second time."""
    case = await institute.apply()
    await case.until_stage("completeness")
    fact = (
        "admission",
        "event",
        case.row.application_no,
        "fee-paid",
        "--event-id",
        "payment-77",
        "--source",
        "payments",
    )

    first = await iehe.ok(*fact, "--at", "2026-10-02 09:30")
    again = await iehe.ok(*fact)

    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["version"] == again["version"] == await case.version()
    paid = await institute.pool.fetchval("SELECT occurred_at FROM iehe.application_items WHERE item = 'fee'")
    assert paid == datetime(2026, 10, 2, 0, 30, tzinfo=UTC)


async def test_decision_once(institute: Institute, iehe: CommandLine) -> None:
    """A decision repeated under its id is answered, not made again, and leaves no second text."""
    case = await institute.apply()
    await case.complete()
    decide = (
        "admission",
        "confirm-eligibility",
        case.row.application_no,
        "--no-eligible",
        "--reason",
        "資格なし",
    )

    first = await iehe.ok(*decide, "--command-id", "c-1", by="office-1")
    again = await iehe.ok(*decide, "--command-id", "c-1", by="office-1")

    assert (first["stage"], first["repeated"]) == ("ineligible", False)
    assert (again["version"], again["stage"], again["repeated"]) == (first["version"], "ineligible", True)
    assert await institute.pool.fetchval("SELECT count(*) FROM iehe.texts") == 1


async def test_refused_fact_is_kept_and_explained(institute: Institute, iehe: CommandLine) -> None:
    """A fact that does not fit the stage goes into the log and to the office, and the answer says why."""
    case = await institute.apply()
    await case.until_stage("completeness")

    ended = await iehe(
        "admission", "event", case.row.application_no, "offer-answered", "answer=accepted", "--json"
    )

    assert (ended.code, ended.error["code"], ended.error["step"]) == (3, "wrong-stage", "refuse-event")
    assert "completeness" in ended.error["message"]["en"]
    assert "…" not in ended.error["message"]["ja"]
    assert await case.steps() == ["open", "refuse-event"]
    again = await iehe(
        "admission", "event", case.row.application_no, "offer-answered", "answer=accepted",
        "--event-id", ended.error["event_id"], "--json",
    )  # fmt: skip
    assert (again.code, again.error["repeated"]) == (3, True)
    assert len(await case.steps()) == 2
    (task,) = await case.tasks()
    await iehe.ok("case", "complete-task", case.row.application_no, task, by="office-1")


async def test_post_by_the_hour(institute: Institute, iehe: CommandLine) -> None:
    """The hour of the post counts, on the clock of Japan; a day without its hour is not accepted."""
    await institute.pool.execute(
        "UPDATE iehe.rounds SET post_cutoff_at = $1 WHERE round_id = '2027-general'",
        datetime.now(UTC) - timedelta(hours=2),
    )
    case = await institute.apply(person(round_id="2027-general"))
    await case.until_stage("submitted")
    number = case.row.application_no
    tokyo = datetime.now(UTC) + timedelta(hours=9)
    late, early = (f"{tokyo - timedelta(hours=back):%Y-%m-%d %H:%M}" for back in (1, 3))

    assert await iehe.refused("admission", "event", number, "post-arrived", "--at", early[:10]) == (
        2,
        "hour-missing",
    )
    assert await iehe.refused("admission", "event", number, "post-arrived", "--at", late) == (3, "too-late")
    taken = await iehe.ok("admission", "event", number, "post-arrived", "--at", early)
    assert taken["stage"] == "completeness"


async def test_closed_case(institute: Institute, iehe: CommandLine) -> None:
    """A closed case takes neither facts nor decisions, and says that it is closed."""
    case = await institute.apply()
    await case.until_stage("completeness")
    number = case.row.application_no
    await iehe.ok("admission", "withdraw", number, "personal", by="office-1")
    await case.result()

    await unchanged(
        case,
        iehe,
        (("admission", "event", number, "fee-paid"), "office-1", 3, "case-closed"),
        (
            ("admission", "permit-late", number, "fee", "--until", "2028-01-01", "--reason", "x"),
            "office-1",
            3,
            "case-closed",
        ),
    )


async def test_deadlines_and_tasks_by_hand(institute: Institute, iehe: CommandLine) -> None:
    """Deadlines are moved, paused, resumed and cancelled; a task is handed on."""
    case = await institute.apply()
    await case.complete()
    number = case.row.application_no
    name = "check-eligibility"

    moved = await iehe.ok("case", "move-deadline", number, name, "--due-at", "2028-02-10", by="office-1")
    await iehe.ok("case", "pause-deadline", number, name, by="office-1")
    paused = await iehe.ok("case", "clock", number, name)
    await iehe.ok("case", "resume-deadline", number, name, by="office-1")
    for unfit in ("reviewer-1", "nobody-1"):
        ended = await iehe.refused("case", "reassign-task", number, name, "--assignee", unfit, by="head-1")
        assert ended == (4, "assignee-unfit")
    await iehe.ok("case", "reassign-task", number, name, "--assignee", "office-1", by="head-1")
    mine = await iehe.ok("tasks", "--assignee", "office-1")
    await iehe.ok("case", "cancel-deadline", number, name, by="office-1")

    assert datetime.fromisoformat(moved["due_at"]).astimezone(UTC) > datetime(2028, 2, 10, 14, 59, tzinfo=UTC)
    assert paused["deadlines"][0]["state"] == "paused"
    assert any("moved from" in line for line in paused["deadlines"][0]["calculation"]["en"])
    assert [task["task"] for task in mine["tasks"]] == [name]
    assert (await case.deadlines())[name]["state"] == "cancelled"


async def test_no_worker(vacant: Institute, iehe: CommandLine, monkeypatch) -> None:
    """Without a worker a fact is stored and an open case is not there yet: both are said, none is lost."""
    case = await vacant.apply()

    assert await iehe.refused("admission", "event", case.row.application_no, "fee-paid") == (
        7,
        "case-not-open",
    )
    assert await iehe.refused("admission", "rejudge", case.row.application_no, by="head-1") == (
        7,
        "case-not-open",
    )


async def test_servers_away(iehe: CommandLine, monkeypatch) -> None:
    """A database that is away is an answer with its own exit code."""
    monkeypatch.setenv("IEHE_OFFICE_DATABASE_URL", "postgresql://iehe_office@127.0.0.1:1/iehe")

    assert await iehe.refused("case", "show", "A2027-000001") == (7, "database-unreachable")


async def test_sentences_in_the_readers_language(
    institute: Institute, iehe: CommandLine, monkeypatch
) -> None:
    """Answers and errors come in Japanese where the settings say so."""
    monkeypatch.setenv("IEHE_LANGUAGE", "ja")
    case = await institute.apply()
    await case.until_stage("completeness")

    told = await iehe("admission", "event", case.row.application_no, "fee-paid")
    wrong = await iehe("admission", "rejudge", case.row.application_no, by="head-1")

    assert "記録しました" in told.out
    assert "段階" in wrong.err
