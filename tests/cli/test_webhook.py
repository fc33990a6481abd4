"""`iehe webhook` and `iehe staff channel` on a real database, with a gateway and a mail server."""

import json
import re
from types import SimpleNamespace

import pytest
from standardwebhooks.webhooks import Webhook

from activities.kernel.outgoing import Reach
from cli.session import Exit
from tests.activities.pager import open_gateway
from tests.activities.post_office import open_post_office
from tests.cli.program import CHIEF, Program, elsewhere, employ, proven
from workers.channels import webhooks_of
from workers.settings import Settings


@pytest.fixture
async def program(database, tmp_path) -> Program:
    """Commands on a database; none of these asks Temporal."""
    return await proven(
        database, elsewhere(database, SimpleNamespace(address="127.0.0.1:1"), tmp_path / "home")
    )


@pytest.fixture
async def gateway():
    async with open_gateway() as opened:
        yield opened


@pytest.fixture
async def pager(program, gateway) -> str:
    """A registered gateway's secret."""
    return (await program("webhook", "add", "pager", gateway.url, "--json")).json["secret"]


async def test_a_gateway_from_its_beginning_to_its_end(program, gateway, pager, connect):
    """A test is signed; after a rotation by both secrets; a revoked one gets nothing. All is on record."""
    tested = (await program("webhook", "test", "pager", "--json")).json
    assert (tested["answer"], tested["webhook"]) == ("accepted", "pager")
    second = (await program("webhook", "rotate", "pager", "--overlap-hours", "2", "--json")).json["secret"]
    assert (await program("webhook", "test", "pager")).code == Exit.OK
    for secret in (pager, second):
        Webhook(secret).verify(gateway.posted[1].body, gateway.posted[1].headers)
    assert json.loads(gateway.posted[1].body)["data"] == {"test": True}
    listed = await program("webhook", "list")
    assert "pager" in listed.out
    assert pager not in listed.out
    assert (await program("webhook", "revoke", "pager")).code == Exit.OK
    assert (await program("webhook", "test", "pager")).code == Exit.NOT_FOUND
    assert len(gateway.posted) == 2
    acts = await connect("SELECT act FROM iehe.administration_log WHERE subject = 'pager' ORDER BY entry")
    assert [act for (act,) in acts] == [
        *("add-webhook", "test-webhook", "rotate-webhook", "test-webhook", "revoke-webhook"),
    ]


async def test_how_a_gateway_answers_is_said(program, gateway, pager, connect):
    """Its refusal with the status, its fault as something that passes; a good answer ends its being gone."""
    gateway.answers = ["400", "500"]
    refused = await program("webhook", "test", "pager", "--json")
    assert (refused.code, refused.json["error"]["reason"]) == (Exit.REFUSED, "http-400")
    failed = await program("webhook", "test", "pager", "--json")
    assert (failed.code, failed.json["error"]["reason"]) == (Exit.UNAVAILABLE, "http-500")
    gateway.answers = ["410"]
    await program("webhook", "test", "pager")
    assert (await program("webhook", "list", "--json")).json[0]["state"] == "gone"
    assert (await program("webhook", "test", "pager")).code == Exit.OK
    assert await connect("SELECT gone_at FROM iehe.webhooks") == [(None,)]


async def test_gateways_are_the_administrators(program, database, gateway):
    """Nobody else registers one, or sees where they are."""
    await employ(database, "guest-1", "auditor")
    guest = program.by("guest-1")
    for words in (("add", "x", gateway.url), ("list",), ("test", "x"), ("rotate", "x"), ("revoke", "x")):
        assert (await guest("webhook", *words)).code == Exit.NOT_ALLOWED


@pytest.mark.parametrize(
    "url", ["http://gateway.example.com/", "https://a:b@gateway.example.com/", "gateway"]
)
async def test_an_unsafe_url_is_not_registered(program, url):
    """Only https, without a password; nothing is stored."""
    assert (await program("webhook", "add", "x", url)).code == Exit.USAGE
    assert (await program("webhook", "list", "--json")).json == []


@pytest.mark.parametrize(
    ("environment", "reach"),
    [
        ("embedded", Reach(local=True, hosts=("pager.lan",))),
        ("staging", Reach(hosts=("pager.lan",), everybody=False)),
        ("production", Reach(hosts=("pager.lan",))),
    ],
)
def test_where_webhooks_lead_follows_the_environment(environment, reach, ring):
    """Private addresses on the embedded stack; elsewhere only of listed hosts, in staging nothing else."""
    settings = Settings(environment=environment, webhook_allow="pager.lan")
    assert webhooks_of(settings, None, ring).outgoing.reach == reach


async def test_a_channel_counts_when_its_code_was_given_back(
    program, database, gateway, pager, connect, tmp_path
):
    """Two channels, each by the code that came there; the address is in no list, the code in no row."""
    file = tmp_path / "address"
    file.write_text("pager-0815\n", encoding="utf-8")
    assert (
        await program("staff", "channel", "add", CHIEF, "webhook:pager", "--address-file", file)
    ).code == 0
    assert (await program("staff", "channel", "add", CHIEF, "mail")).code == Exit.OK
    async with open_post_office() as office:
        smtp = {"IEHE_SMTP_PORT": office.port}
        for channel in ("webhook:pager", "mail"):
            assert (channel,) not in await connect("SELECT channel FROM iehe.tested_channels($1)", CHIEF)
            sent = await program("staff", "channel", "test", CHIEF, channel, **smtp)
            assert sent.code == Exit.OK, sent
            if channel == "mail":
                code = re.search(r"\d{8}", office.accepted[0].get_body(("plain",)).get_content()).group()
            else:
                data = json.loads(gateway.posted[0].body)["data"]
                assert data["address"] == "pager-0815"
                code = data["code"]
            assert code not in sent.out
            assert code not in str(await connect("SELECT c::text FROM iehe.staff_channels c"))
            confirmed = (await program("staff", "channel", "confirm", CHIEF, code, "--json")).json
            assert confirmed["channel"] == channel
    listed = await program("staff", "channel", "list", "--json")
    assert [row["tested"] for row in listed.json] == [True, True]
    assert "0815" not in listed.out
    assert await connect("SELECT count(*) FROM iehe.tested_channels($1)", CHIEF) == [(2,)]
    file.write_text("pager-4711", encoding="utf-8")
    await program("staff", "channel", "add", CHIEF, "webhook:pager", "--address-file", file)
    assert await connect("SELECT channel FROM iehe.tested_channels($1)", CHIEF) == [("mail",)]
    assert (await program("staff", "channel", "remove", CHIEF, "mail")).code == Exit.OK


async def test_a_code_is_not_guessed(program, gateway, pager, connect, tmp_path):
    """After five mistakes, or a quarter of an hour, the right one is wrong too."""
    file = tmp_path / "address"
    file.write_text("pager-0815", encoding="utf-8")
    await program("staff", "channel", "add", CHIEF, "webhook:pager", "--address-file", file)

    async def sent() -> str:
        await program("staff", "channel", "test", CHIEF, "webhook:pager")
        return json.loads(gateway.posted[-1].body)["data"]["code"]

    code = await sent()
    for left in (4, 3, 2, 1):
        wrong = await program("staff", "channel", "confirm", CHIEF, "x", "--json")
        assert (wrong.code, wrong.json["error"]["code"]) == (Exit.REFUSED, "code-wrong")
        assert wrong.json["error"]["left"] == str(left)
    over = await program("staff", "channel", "confirm", CHIEF, "x", "--json")
    assert (over.code, over.json["error"]["code"]) == (Exit.REFUSED, "no-code")
    assert (await program("staff", "channel", "confirm", CHIEF, code)).code == Exit.REFUSED
    code = await sent()
    await connect("UPDATE iehe.staff_channels SET code_expires_at = now()")
    assert (await program("staff", "channel", "confirm", CHIEF, code)).code == Exit.REFUSED
    code = await sent()
    assert (await program("staff", "channel", "confirm", CHIEF, code)).code == Exit.OK
    assert (await program("staff", "channel", "confirm", CHIEF, code)).code == Exit.REFUSED


async def test_channels_are_ones_own_or_the_administrators(program, database):
    """A member of staff keeps their own; others' are an administrator's."""
    await employ(database, "guest-1", "auditor")
    guest = program.by("guest-1")
    assert (await guest("staff", "channel", "add", "guest-1", "mail")).code == Exit.OK
    assert (await guest("staff", "channel", "add", CHIEF, "mail")).code == Exit.NOT_ALLOWED
    assert (await program("staff", "channel", "add", "nobody-1", "mail")).code == Exit.NOT_FOUND
    assert (await guest("staff", "channel", "add", "guest-1", "webhook:none")).code == Exit.NOT_FOUND
