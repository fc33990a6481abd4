"""The pages as a process, and the commands that let somebody in."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator

import pytest

from cli.session import Exit
from embedded.home import Home, make_way
from embedded.ports import free_port
from office.bindings import LinkKind, make_link
from tests.activities.post_office import open_post_office
from tests.cli.program import Program, elsewhere, employ
from tests.gateway.stand import Stand
from tests.office_pages.browser import Browser, code_of
from tests.office_pages.conftest import CLIENT
from tests.office_pages.test_sign_in import LINKS, SESSIONS, SUBJECTS, invited

pytestmark = pytest.mark.timeout(180)  # each command and process is bounded by itself


@pytest.fixture
async def stand(database, temporal, client, rows, port, tmp_path) -> AsyncIterator[Stand]:
    """Processes and commands of an installation with an administrator and two members of staff."""
    await employ(database, "admin-1", "administrator")
    make_way(Home(tmp_path / "home").secrets)
    environment = elsewhere(database, temporal, tmp_path / "home")
    stand = Stand(environment | {"IEHE_OFFICE_PORT": str(port)}, tmp_path)
    yield stand
    await stand.close()


@pytest.fixture
async def administrator(stand) -> Program:
    """Commands of the account that owns the installation, as its administrator."""
    program = Program(stand.environment)
    assert (await program("login", "admin-1")).code == Exit.OK
    return program


@pytest.fixture
async def person(port, issuer) -> AsyncIterator[Browser]:
    browser = Browser(f"http://127.0.0.1:{port}", issuer)
    yield browser
    await browser.close()


def with_provider(stand: Stand, issuer: str) -> None:
    stand.environment = {**stand.environment, "IEHE_OIDC_ISSUER": issuer, "IEHE_OIDC_CLIENT_ID": CLIENT}


async def refused(program: Program, *words: object) -> tuple[int, str]:
    ended = await program(*words, "--json")
    return ended.code, ended.json["error"]["code"]


async def test_it_is_ready_and_stops_when_told(stand, person):
    """Probes as at the gateway; SIGTERM ends it with 0."""
    process = await stand.start("office")
    assert (await person.get("/livez")).json() == {"status": "ok"}
    assert (await person.get("/readyz")).json() == {"database": "ok", "temporal": "ok"}
    process.terminate()
    async with asyncio.timeout(3):
        assert await process.wait() == 0


async def ended(stand: Stand, **settings: str) -> tuple[int, str]:
    """A process that cannot start: its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "office"),
        env=os.environ | dict(stand.environment) | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    stand.processes.append(process)
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_port_that_is_taken_is_named(stand):
    """Exit code 8 and the setting."""
    await stand.start("office")
    code, said = await ended(stand)
    assert code == Exit.UNUSABLE
    assert "IEHE_OFFICE_PORT" in said


async def test_a_secret_that_others_can_read_is_not_used(stand, tmp_path):
    """The client's secret is in a file of its owner alone; the client needs an id. It does not start."""
    secret = tmp_path / "secret"
    secret.write_text("himitsu")
    secret.chmod(0o644)
    issuer = {"IEHE_OIDC_ISSUER": "https://op.example"}
    code, said = await ended(stand, **issuer)
    assert (code, "IEHE_OIDC_CLIENT_ID" in said) == (Exit.USAGE, True)
    file = {"IEHE_OIDC_CLIENT_ID": CLIENT, "IEHE_OIDC_CLIENT_SECRET_FILE": str(secret)}
    code, said = await ended(stand, **issuer, **file)
    assert (code, "IEHE_OIDC_CLIENT_SECRET_FILE" in said) == (Exit.USAGE, True)
    assert "himitsu" not in said
    code, said = await ended(stand, IEHE_OIDC_ISSUER="http://op.example")
    assert (code, "IEHE_OIDC_ISSUER" in said) == (Exit.USAGE, True)


async def test_a_link_of_the_command_line_signs_in(stand, administrator, person):
    """As who is logged in, or another whom this account may be; not as anybody else."""
    await stand.start("office")
    made = (await administrator("office", "login", "--json")).json
    assert made["staff_id"] == "admin-1"
    assert (await person.get(made["link"])).status_code == 303
    assert "admin-1" in (await person.get("/sessions")).text
    assert (await person.get(made["link"])).status_code == 404
    not_bound = (Exit.NOT_ALLOWED, "account-not-bound")
    assert await refused(administrator, "office", "login", "--as", "office-1") == not_bound
    assert (await administrator("staff", "bind", "office-1")).code == Exit.OK
    told = await administrator("office", "login", "--as", "office-1")
    assert (await person.get(told.out.splitlines()[0])).status_code == 303
    assert "office-1" in (await person.get("/sessions")).text
    assert (await administrator("staff", "unbind", "office-1")).code == Exit.OK
    assert await refused(administrator, "office", "login", "--as", "office-1") == not_bound
    log = (stand.folder / "office.log").read_text()
    assert "/sign-in/link/:key" in log
    assert made["link"].rpartition("/")[2] not in log


async def test_the_code_of_a_channel_leaves_by_the_mail_server_that_is_set(stand, administrator, person):
    """Sent by the process itself, given back at the command line: one rule for both doors."""
    async with open_post_office() as post:
        stand.environment = {**stand.environment, "IEHE_SMTP_PORT": str(post.port)}
        await stand.start("office")
        link = (await administrator("office", "login", "--json")).json["link"]
        assert (await person.get(link)).status_code == 303
        for act, said in (("", "changed"), ("/test", "code-sent")):
            sent = await person.send(f"/people/admin-1/channels{act}", channel="mail")
            assert sent.headers["location"] == f"/people/admin-1?said={said}"
        code = re.search(r"\d{8}", post.accepted[0].get_body(("plain",)).get_content())[0]
    assert (await administrator("staff", "channel", "confirm", "admin-1", code)).code == Exit.OK
    listed = (await administrator("staff", "channel", "list", "admin-1", "--json")).json
    assert [(row["channel"], row["tested"]) for row in listed] == [("mail", True)]
    assert code not in (stand.folder / "office.log").read_text()


@pytest.mark.parametrize(
    "settings",
    [
        {"IEHE_OIDC_ISSUER": "https://op.example", "IEHE_OIDC_CLIENT_ID": CLIENT},
        {"IEHE_ENVIRONMENT": "production"},
        {"IEHE_OFFICE_HOST": "0.0.0.0"},  # noqa: S104 - what is refused
        {"IEHE_OFFICE_URL": "https://office.example.ac.jp"},
    ],
    ids=["provider", "production", "open to others", "another address"],
)
async def test_no_links_elsewhere(stand, administrator, settings, rows):
    """Where others may come, or a provider says who somebody is, the command makes none."""
    program = Program({**stand.environment, **settings})
    assert await refused(program, "office", "login") == (Exit.NOT_ALLOWED, "links-from-elsewhere")
    assert await rows.fetchval(LINKS) == 0


async def test_an_invitation_of_the_command_line_binds(stand, administrator, person, issuer, rows):
    """By an administrator, for who is on record and not bound; unbound, they are out and invited anew."""
    assert await refused(administrator, "staff", "invite", "office-1") == (Exit.USAGE, "no-provider")
    with_provider(stand, issuer)
    program = Program(stand.environment)
    assert await refused(program, "staff", "invite", "nobody-1") == (Exit.NOT_ALLOWED, "actor-unknown")
    await stand.start("office")
    made = (await program("staff", "invite", "office-1", "--json")).json
    start = invited(await person.get(made["link"]))
    assert (await person.sign_in("tanaka", start)).status_code == 303
    bound = (Exit.REFUSED, "subject-bound")
    assert await refused(program, "staff", "invite", "office-1") == bound
    assert (await program("staff", "unbind-subject", "office-1", "--json")).json["unbound"]
    assert (await person.get("/sessions")).status_code == 303
    answer = await person.sign_in("tanaka")
    assert code_of(answer) == "subject-not-bound"
    assert not (await program("staff", "unbind-subject", "office-1", "--json")).json["unbound"]
    assert (await program("staff", "invite", "office-1")).code == Exit.OK
    entries = (await program("log", "--json")).json["entries"]
    assert [(each["actor"], each["act"], each["subject"]) for each in reversed(entries)][1:] == [
        ("admin-1", "invite-staff", "office-1"),
        ("office-1", "bind-subject", "office-1"),
        ("admin-1", "unbind-subject", "office-1"),
        ("admin-1", "invite-staff", "office-1"),
    ]
    assert made["link"].rpartition("/")[2] not in str(entries)


async def test_only_an_administrator_invites(stand, administrator, issuer):
    """Nobody else binds or unbinds."""
    assert (await administrator("staff", "bind", "office-1")).code == Exit.OK
    with_provider(stand, issuer)
    program = Program(stand.environment)
    assert (await Program({**stand.environment, "IEHE_OIDC_ISSUER": ""})("login", "office-1")).code == Exit.OK
    for words in (("staff", "invite", "head-1"), ("staff", "unbind-subject", "head-1")):
        assert await refused(program, *words) == (Exit.NOT_ALLOWED, "role-missing")


async def test_killed_while_it_signs_somebody_in_nothing_is_half_done(
    stand, gateway, person, issuer, rows, eventually
):
    """After kill -9 nobody is bound and nobody signed in, the invitation holds, and the next try succeeds."""
    with_provider(stand, issuer)
    process = await stand.start("office")
    async with gateway.pool.acquire() as connection:
        key = await make_link(connection, LinkKind.INVITATION, "office-1", "admin-1")
    start = f"/sign-in/start?invitation={key}"
    await person.be("tanaka")
    begun = await person.to_callback(start)
    async with rows.acquire() as connection:
        lock = connection.transaction()
        await lock.start()
        # the session is the last thing that is written
        await connection.execute("LOCK TABLE iehe.office_sessions IN EXCLUSIVE MODE")
        going = asyncio.create_task(person.get(begun))

        async def waits() -> bool:
            return bool(await rows.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"))

        await eventually(waits)
        await stand.kill(process)
        await asyncio.gather(going, return_exceptions=True)
        await lock.rollback()

    async def alone() -> bool:
        return not await rows.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'iehe-office' "
            "AND datname = current_database()"
        )

    await eventually(alone)
    assert [await rows.fetchval(each) for each in (SESSIONS, SUBJECTS, LINKS)] == [0, 0, 1]
    await stand.start("office")
    assert (await person.sign_in("tanaka", start)).status_code == 303
    assert [await rows.fetchval(each) for each in (SESSIONS, SUBJECTS, LINKS)] == [1, 1, 0]


async def test_the_doctor_asks_the_doors(stand, administrator):
    """Where it is said where they are, one that does not answer is a problem, with what to do."""
    await stand.start("office")
    port = stand.environment["IEHE_OFFICE_PORT"]
    program = Program(
        {
            **stand.environment,
            "IEHE_OFFICE_URL": f"http://127.0.0.1:{port}",
            "IEHE_GATEWAY_URL": f"http://127.0.0.1:{free_port()}",
        }
    )
    found = {each["check"]: each for each in (await program("doctor", "--json")).json}
    assert (found["office"]["state"], found["gateway"]["state"]) == ("ok", "problem")
    assert "iehe gateway" in found["gateway"]["todo"]
