"""`iehe login`: an account is who an administrator has let it be, and proves it by what only it can read."""

import os
from pathlib import Path

import pytest

from cli.session import Exit
from embedded.logins import account, account_of
from tests.cli.program import Program, elsewhere, employ

pytestmark = pytest.mark.timeout(180)  # each command is a process of its own, bounded by itself

ADMIN, OFFICE = "admin-1", "office-1"
ACT = ("admission", "event", "A2027-000001", "fee-paid", "--json")


@pytest.fixture
async def fresh(database, temporal, client, tmp_path) -> Program:
    """Commands of the account that owns an installation with an administrator and an officer on record."""
    await employ(database, ADMIN, "administrator")
    await employ(database, OFFICE, "admissions_office")
    (tmp_path / "home").mkdir()
    return Program(elsewhere(database, temporal, tmp_path / "home"))


async def code_of(program: Program, *words: object) -> tuple[int, str]:
    ended = await program(*words, "--json")
    return ended.code, ended.json["error"]["code"]


def login_file(program: Program) -> Path:
    return Path(program.environment["IEHE_HOME"]) / "logins" / str(os.geteuid())


async def who(program: Program) -> str:
    return (await program("whoami", "--json")).json["staff_id"]


async def test_the_first_account_becomes_an_administrator_who_binds_the_others(fresh, connect):
    """Each binding has its entry; who is bound changes persons freely."""
    assert await code_of(fresh, "login", OFFICE) == (Exit.NOT_ALLOWED, "administrator-first")
    assert (await fresh("login", ADMIN)).code == Exit.OK
    assert await who(fresh) == ADMIN
    assert login_file(fresh).stat().st_mode & 0o777 == 0o600
    assert await code_of(fresh, "login", OFFICE) == (Exit.NOT_ALLOWED, "account-not-bound")
    assert (await fresh("staff", "bind", OFFICE, "--json")).json["bound"] == [ADMIN, OFFICE]
    assert (await fresh("login", OFFICE)).code == Exit.OK
    assert await who(fresh) == OFFICE
    assert await code_of(fresh, "staff", "bind", OFFICE) == (Exit.NOT_ALLOWED, "role-missing")
    assert (await fresh("login", ADMIN)).code == Exit.OK
    entries = (await fresh("log", "--json")).json["entries"]
    assert [(each["actor"], each["act"], each["subject"]) for each in entries] == [
        (ADMIN, "bind-account", OFFICE),
        (f"account:{account()}", "bind-account", ADMIN),
    ]


async def test_who_has_logged_out_is_nobody(fresh):
    """The next command is refused; logging out twice does no harm."""
    assert (await fresh("login", ADMIN)).code == Exit.OK
    assert (await fresh("logout", "--json")).json == {"logged_out": True}
    assert await code_of(fresh, "whoami") == (Exit.NOT_ALLOWED, "actor-missing")
    assert (await fresh("logout", "--json")).json == {"logged_out": False}


async def test_only_who_owns_the_installation_begins_it(fresh):
    """Without the rights of the database's owner nobody becomes the first administrator."""
    stranger = Program({**fresh.environment, "IEHE_OWNER_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"})
    assert await code_of(stranger, "login", ADMIN) == (Exit.NOT_ALLOWED, "not-the-owner")


async def test_a_binding_file_of_another_account_or_mode_proves_nobody(fresh, connect):
    """It must belong to the account that runs the command and be readable by it alone."""
    assert (await fresh("login", ADMIN)).code == Exit.OK
    file = login_file(fresh)
    for mode in (0o640, 0o604, 0o622):
        file.chmod(mode)
        assert await code_of(fresh, "whoami") == (Exit.NOT_ALLOWED, "login-unsafe"), oct(mode)
    file.chmod(0o600)
    assert await who(fresh) == ADMIN
    if os.geteuid() == 0:  # only root can give a file away
        os.chown(file, 65_534, -1)
        refused = await fresh("whoami")
        assert (refused.code, account_of(65_534) in refused.err) == (Exit.NOT_ALLOWED, True)


async def test_a_file_made_up_by_an_account_binds_it_to_nobody(fresh):
    """Whom an account may act as is on record; its file only picks one of these."""
    assert (await fresh("login", ADMIN)).code == Exit.OK
    login_file(fresh).write_text(OFFICE, encoding="utf-8")
    assert await code_of(fresh, "whoami") == (Exit.NOT_ALLOWED, "login-ended")


async def test_an_ended_binding_and_a_person_who_left_prove_nobody(fresh, connect):
    """Both hold at once, without waiting for a logout."""
    assert (await fresh("login", ADMIN)).code == Exit.OK
    assert (await fresh("staff", "bind", OFFICE)).code == Exit.OK
    assert (await fresh("login", OFFICE)).code == Exit.OK
    await connect("UPDATE iehe.staff SET active = false WHERE staff_id = $1", OFFICE)
    assert await code_of(fresh, "whoami") == (Exit.NOT_ALLOWED, "actor-unknown")
    assert await code_of(fresh, *ACT[:-1]) == (Exit.NOT_ALLOWED, "actor-unknown")
    await connect("UPDATE iehe.staff SET active = true WHERE staff_id = $1", OFFICE)
    assert await who(fresh) == OFFICE
    assert (await fresh.by(ADMIN)("staff", "unbind", OFFICE)).code == Exit.OK
    assert await code_of(fresh, "whoami") == (Exit.NOT_ALLOWED, "login-ended")


async def test_another_account_is_one_persons(fresh):
    """Only the account that owns the installation may be let act as several persons."""
    assert (await fresh("login", ADMIN)).code == Exit.OK
    other = ("--account", account_of(65_534))
    assert (await fresh("staff", "bind", OFFICE, *other)).code == Exit.OK
    assert await code_of(fresh, "staff", "bind", ADMIN, *other) == (Exit.REFUSED, "account-bound")
    assert await code_of(fresh, "staff", "bind", ADMIN, "--account", "nobody-here") == (
        Exit.USAGE,
        "no-such-account",
    )


async def test_as_is_a_check_and_no_proof(fresh):
    """Without proof, and for another person than the proven one, it is refused with what to do."""
    assert await code_of(fresh, "token", "--as", OFFICE) == (Exit.NOT_ALLOWED, "actor-not-proven")
    refused = await fresh("token", "--as", OFFICE)
    assert "iehe login" in refused.err
    assert (await fresh("token", IEHE_ACTOR=OFFICE)).code == Exit.NOT_ALLOWED
    office = fresh.by(OFFICE)
    assert await code_of(office, "token", "--as", ADMIN) == (Exit.NOT_ALLOWED, "actor-not-proven")
    assert (await office("token", "--as", OFFICE)).code == Exit.OK


def spoil(file: Path) -> None:
    """Change the signature of a token."""
    file.write_text(file.read_text(encoding="ascii")[:-8] + "A" * 8, encoding="ascii")


async def test_elsewhere_a_token_proves_who_acts(fresh, tmp_path):
    """As over HTTP: of who is trusted, for an active member of staff; in a file that others cannot read."""
    office = fresh.by(OFFICE)
    assert await who(office) == OFFICE
    file = office.environment["IEHE_TOKEN_FILE"]
    assert (await fresh("--token-file", file, "whoami", "--json")).json["staff_id"] == OFFICE
    assert await code_of(fresh.by("nobody-9"), "whoami") == (Exit.NOT_ALLOWED, "actor-unknown")
    Path(file).chmod(0o644)  # noqa: ASYNC240 - a local file
    assert await code_of(office, "whoami") == (Exit.NOT_ALLOWED, "login-unsafe")
    Path(file).chmod(0o600)  # noqa: ASYNC240
    spoil(Path(file))
    assert await code_of(office, "whoami") == (Exit.NOT_ALLOWED, "token-invalid")
    production = Program({**fresh.environment, "IEHE_STAFF_ISSUER": "https://idp.example.ac.jp"})
    assert await code_of(production, "whoami") == (Exit.NOT_ALLOWED, "actor-missing")
    assert await code_of(production, "login", ADMIN) == (Exit.REFUSED, "logins-from-elsewhere")
