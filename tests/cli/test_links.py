"""`iehe links`: facts between processes from the command line."""

from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.links.told import told
from tests.office import Institute
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name


async def test_each_receiver_of_a_fact_is_listed_and_shown(vacant: Institute, iehe: CommandLine) -> None:
    """Who is not there is waited for; in words, in both languages; a type by its last part."""
    await told(vacant.pool, "f1", "enrolled", "admission-review", "health-check", "course-cycle")
    listed = (await iehe.ok("links", "list"))["links"]
    assert [(row["process"], row["state"], row["expected"]) for row in listed] == [
        ("course-cycle", "waiting", True),
        ("health-check", "waiting", True),
    ]
    assert len((await iehe.ok("links", "list", "--waiting", "--type", "enrolled"))["links"]) == 2
    assert (await iehe.ok("links", "list", "--type", "unheard-of"))["links"] == []
    assert len((await iehe.ok("links", "list", "--limit", 1))["links"]) == 1
    shown = await iehe.ok("links", "show", "f1")
    assert [each["process"] for each in shown["receivers"]] == ["course-cycle", "health-check"]
    assert [each["data"] for each in shown["revisions"]] == [{"code": "sample"}]


async def test_what_nobody_is_asked_is_not_settled(vacant: Institute, iehe: CommandLine) -> None:
    """A fact that waits for a process is no task; one of processes that one does not see is none."""
    await told(vacant.pool, "f1", "enrolled", "admission-review", "health-check")
    await told(vacant.pool, "f2", "arrived", "exchange-mobility", "health-check")
    missing = await iehe("links", "show", "f2")
    assert missing.code == 4
    assert (await iehe("links", "settle", "f1", "--process", "admission-review")).code == 4
    assert (await iehe("links", "settle", "f1", "--process", "support-case")).code == 6
