"""Changes of policies, places, staff, sources and keys: who may, and the log of who did."""

import asyncpg
import pytest

from cases.administration import ACTS, READ_LOG
from cases.registry import ROOMS
from cli.session import Exit
from encryption.ring import ensure_ring
from schemas.kernel.roles import AUDITOR
from spreadsheets.admission.sample_files import write_staff_csv
from spreadsheets.admission.samples import sample_staff
from tests.cli.command_line import environment, iehe  # noqa: F401
from tests.cli.program import Program, elsewhere, employ
from tests.workflows.conftest import pool, vacant  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

pytestmark = pytest.mark.timeout(180)  # each command is a process of its own, bounded by itself

URI = ("--uri", "urn:example:portal", "--type", "*fee-paid", "--webhook", "v1")
ROUND = ("--route", "general", "--title-ja", "後期", "--title-en", "late", "--enrol-by", "2028-03-15")
TIMES = (
    "--opens-at",
    "2027-11-01T00:00",
    "--closes-at",
    "2028-02-03T23:59",
    "--waitlist-until",
    "2028-03-31",
)
CHANGES = (
    (("admission", "round", "add", "2028-late", *ROUND, *TIMES), "head", ("add-round", "2028-late")),
    (("admission", "round", "places", "2027-general", "science=9"), "head", ("set-places", "2027-general")),
    (("source", "add", "portal", *URI), "administrator", ("add-source", "portal")),
    (("source", "reads", "portal"), "administrator", ("allow-reading", "portal")),
    (("source", "rotate", "portal"), "administrator", ("rotate-source", "portal")),
    (("source", "revoke", "portal"), "administrator", ("revoke-source", "portal")),
    (("keys", "rotate", "admission"), "administrator", ("rotate-key", "admission")),
    (("keys", "forget", "admission-9.00000000"), "administrator", None),
    (("staff", "bind", "office-1"), "administrator", ("bind-account", "office-1")),
    (("staff", "unbind", "office-1"), "administrator", ("unbind-account", "office-1")),
)
PEOPLE = {
    "head-1": "head_of_admissions",
    "admin-1": "administrator",
    "admin-2": "administrator",
    "office-1": "admissions_office",
    "auditor-1": "auditor",
}


@pytest.fixture
async def people(database, office: Program) -> dict[str, Program]:
    """Commands of one person of each kind."""
    for staff_id, role in PEOPLE.items():
        await employ(database, staff_id, role)
    return {staff_id: office.by(staff_id) for staff_id in PEOPLE}


async def staff_file(tmp_path, *rows: dict[str, str]):
    first = next(sample_staff())
    changed = [first | {"email": f"{row['staff_id']}@example.ac.jp", "load_cap": ""} | row for row in rows]
    write_staff_csv(tmp_path / "changed.csv", changed)
    return tmp_path / "changed.csv"


async def test_each_change_needs_its_role_and_leaves_its_entry(vacant, iehe, database, monkeypatch, tmp_path):
    """Policies and places are the head's, staff, sources and keys an administrator's; auditors only read."""
    monkeypatch.setenv("IEHE_OWNER_DATABASE_URL", database.url("owner"))
    monkeypatch.setenv("IEHE_KEY_RING", str(ensure_ring(tmp_path / "keys.json").path))
    await employ(database, "admin-1", "administrator")
    wanted = []
    for words, role, entry in CHANGES:
        may, other = ("head-1", "admin-1") if role == "head" else ("admin-1", "head-1")
        for staff_id in (other, "office-1", "auditor-1"):
            assert await iehe.refused(*words, by=staff_id) == (Exit.NOT_ALLOWED, "role-missing"), words
        assert (await iehe.refused(*words, by=None))[0] == Exit.NOT_ALLOWED
        if entry is None:
            assert (await iehe.refused(*words, by=may))[0] == Exit.NOT_FOUND
        else:
            await iehe.ok(*words, by=may)
            wanted.append((may, *entry))
    listed = (await iehe.ok("log", by="auditor-1"))["entries"]
    assert [(each["actor"], each["act"], each["subject"]) for each in reversed(listed)] == wanted
    assert await iehe.refused("log") == (Exit.NOT_ALLOWED, "role-missing")
    first = await iehe.ok("log", "--limit", "2", by="admin-1")
    rest = await iehe.ok("log", "--before", first["next"], by="admin-1")
    assert first["entries"] + rest["entries"] == listed


async def test_the_log_holds_no_secret_and_nothing_personal(people, connect):
    """Codes and counts only: neither a source's secret nor a name or address."""
    secret = (await people["admin-1"]("source", "add", "portal", *URI, "--json")).json["secret"]
    entries = str(await connect("SELECT * FROM iehe.administration_log"))
    assert secret not in entries
    assert "@" not in entries


async def test_the_log_is_append_only(people, database, connect):
    """Nobody changes or removes an entry, not even the owner; an auditor reads it from the database."""
    assert (
        await people["head-1"]("admission", "round", "places", "2027-general", "science=9")
    ).code == Exit.OK
    for change in ("UPDATE iehe.administration_log SET actor = 'x'", "DELETE FROM iehe.administration_log"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connect(change)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connect("TRUNCATE iehe.administration_log")
    auditor = await asyncpg.connect(database.url("auditor"))
    assert await auditor.fetchval("SELECT count(*) FROM iehe.administration_log") == 1
    await auditor.close()


async def test_nobody_gives_themselves_a_role(people, tmp_path, connect):
    """`staff import` does not make its caller head; another administrator does, and the log says who."""
    file = await staff_file(tmp_path, {"staff_id": "admin-1", "roles": "administrator;head_of_admissions"})
    own = await people["admin-1"]("staff", "import", file, "--json")
    assert (own.code, own.json["error"]["code"]) == (Exit.NOT_ALLOWED, "own-role")
    assert await connect("SELECT roles FROM iehe.staff WHERE staff_id = 'admin-1'") == [(["administrator"],)]
    other = await people["admin-2"]("staff", "import", file, "--json")
    assert other.json["gained"] == {"admin-1": ["head_of_admissions"]}
    ((actor, details),) = await connect("SELECT actor, details ->> 'gained' FROM iehe.administration_log")
    assert (actor, "head_of_admissions" in details) == ("admin-2", True)


@pytest.mark.parametrize("staff_id", ["office-1", "head-1", "auditor-1"])
async def test_only_an_administrator_imports_staff(people, tmp_path, staff_id):
    """Whoever acts on cases does not say who acts on cases."""
    file = await staff_file(tmp_path, {"staff_id": "new-1", "roles": "reviewer"})
    ended = await people[staff_id]("staff", "import", file, "--json")
    assert (ended.code, ended.json["error"]["code"]) == (Exit.NOT_ALLOWED, "role-missing")
    assert (await people["admin-1"]("staff", "import", file)).code == Exit.OK


async def test_the_first_file_is_the_owners_and_brings_an_administrator(database, temporal, client, tmp_path):
    """On a fresh installation; from then on its owner imports nothing without being somebody."""
    iehe = Program(elsewhere(database, temporal, tmp_path / "home"))
    officer = {"staff_id": "office-1", "roles": "admissions_office"}
    without = await iehe("staff", "import", await staff_file(tmp_path, officer), "--json")
    assert (without.code, without.json["error"]["code"]) == (Exit.REFUSED, "administrator-missing")
    stranger = Program({**iehe.environment, "IEHE_OWNER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"})
    file = await staff_file(tmp_path, officer, {"staff_id": "admin-1", "roles": "administrator"})
    assert (await stranger("staff", "import", file)).code == Exit.NOT_ALLOWED
    assert (await iehe("staff", "import", file)).code == Exit.OK
    again = await iehe("staff", "import", file, "--json")
    assert (again.code, again.json["error"]["code"]) == (Exit.NOT_ALLOWED, "actor-missing")


def test_an_auditor_reads_the_log_and_changes_nothing():
    """The role is in the tables to read the logs alone."""
    acts = dict(ACTS) | {act: roles for room in ROOMS.values() for act, roles in room.administration.items()}
    read = [act for act, roles in acts.items() if AUDITOR in roles]
    assert read == ["read-retention", READ_LOG, "read-report"]
