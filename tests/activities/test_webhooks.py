"""Notices by signed webhook: a real database, a real receiver, and all that goes wrong between them."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import structlog
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from temporalio.exceptions import ApplicationError

from activities.kernel.channels import DeferredError, RefusedError, WithheldError
from activities.kernel.message_templates import message
from activities.kernel.notice_rows import requeue
from activities.kernel.outgoing import Outgoing, Reach, is_public
from activities.kernel.webhooks import WebhookChannel, Webhooks
from cases.registry import ROOMS
from encryption.ring import KeyRing
from encryption.webhook_secrets import NewSecret, Signer, new_secret
from schemas.kernel.transition import DeliveryReport, Undelivered
from tests.activities.letters import CASE, NOON, Died, World, die_at, reasons
from tests.activities.pager import Gateway, Posted, open_gateway
from tests.activities.post_office import make_certificate

PROCESS = "admission-review"
PAGER = "pager-0815"
LOCAL = Outgoing(Reach(local=True))
PAGE = message("staff", "step", "name", outside=("step",))
ROOM = replace(ROOMS[PROCESS], messages={**ROOMS[PROCESS].messages, "page": PAGE})


@dataclass
class Paging:
    """A world in which a member of staff carries a pager that a gateway calls."""

    world: World
    gateway: Gateway
    ring: KeyRing
    secrets: list[NewSecret] = field(default_factory=list)

    async def sign_with_another(self, holds: timedelta | None = None) -> None:
        """A secret more; the earlier ones sign for so long."""
        secret = new_secret(self.ring, "pager")
        await self.world.owner.execute(
            "UPDATE iehe.webhook_keys SET expires_at = now() + $1::interval", holds
        )
        await self.world.owner.execute(
            "INSERT INTO iehe.webhook_keys (key_id, webhook, sealed) VALUES ($1, 'pager', $2)",
            *(secret.key_id, secret.sealed),
        )
        self.secrets.append(secret)

    async def queue(self, notice_id: str = "n-1", *, urgent: bool = False, **changes) -> None:
        channel = changes.pop("channel", "webhook")
        facts = {"step": 2, "name": "佐藤", **changes.pop("facts", {})}
        to = changes.pop("to", "staff")
        await self.world.queue(notice_id, changes.pop("message", "page"), to, facts=facts, **changes)
        await self.world.owner.execute(
            "UPDATE iehe.notices SET channel = $2, urgent = $3 WHERE notice_id = $1",
            *(notice_id, channel, urgent),
        )

    def channel(self, outgoing: Outgoing) -> WebhookChannel:
        hooks = Webhooks(self.world.pool, outgoing, Signer(self.ring))
        return WebhookChannel({**ROOMS, PROCESS: ROOM}, hooks)

    def verify(self, posted: Posted, secret: NewSecret) -> None:
        """As the published library does it, which raises when the signature is not right."""
        Webhook(secret.text).verify(posted.body, posted.headers)


@pytest.fixture
async def paging(world, ring) -> AsyncIterator[Paging]:
    for table in ("staff_channels", "webhook_keys", "webhooks"):
        await world.owner.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own names
    world.clock.now = datetime.now(UTC)  # signatures are good for minutes
    async with open_gateway() as gateway:
        made = Paging(world, gateway, ring)
        await world.owner.execute("INSERT INTO iehe.webhooks (name, url) VALUES ('pager', $1)", gateway.url)
        await made.sign_with_another()
        await world.owner.execute(
            "INSERT INTO iehe.staff_channels (staff_id, channel, address, tested_at)"
            " VALUES ('sato', 'webhook:pager', $1, now())",
            PAGER,
        )
        world.others["webhook"] = made.channel(LOCAL)
        yield made
        for table in ("staff_channels", "webhook_keys", "webhooks"):
            await world.owner.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own names


async def test_a_gateway_is_told_that_there_is_something_and_not_what(paging) -> None:
    """Id, codes and the reader's address there; nobody's name, no case, no words."""
    await paging.queue(urgent=True)
    assert await paging.world.deliver() == DeliveryReport()
    (posted,) = paging.gateway.posted
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["webhook-id"] == "n-1"
    told = json.loads(posted.body)
    assert told.pop("timestamp").endswith("+00:00")
    assert told == {
        "type": f"jp.ac.iehe.{PROCESS}.page",
        "data": {"notice": "n-1", "message": "page", "address": PAGER, "facts": {"step": 2}},
    }
    whole = posted.body.decode() + json.dumps(posted.headers)
    for canary in ("佐藤", "sato", "taro", "太郎", "山田", CASE, "A27-0001"):
        assert canary not in whole
    row = await paging.world.notice()
    assert (row["state"], row["message_id"], row["attempts"]) == ("accepted", "n-1", 1)


async def test_signed_as_it_is_published(paging) -> None:
    """The signature is HMAC-SHA256 over id, timestamp and body as sent, and the library takes it."""
    await paging.queue(urgent=True)
    await paging.world.deliver()
    (posted,) = paging.gateway.posted
    key = base64.b64decode(paging.secrets[0].text.removeprefix("whsec_"))
    signed = b".".join((b"n-1", posted.headers["webhook-timestamp"].encode(), posted.body))
    expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert posted.headers["webhook-signature"] == f"v1,{expected}"
    paging.verify(posted, paging.secrets[0])
    with pytest.raises(WebhookVerificationError):
        paging.verify(replace(posted, body=posted.body + b" "), paging.secrets[0])


async def test_old_and_new_secret_sign_for_an_overlap(paging) -> None:
    """A receiver may change its secret at any moment of it; afterwards the old one signs no more."""
    await paging.sign_with_another(timedelta(hours=1))
    await paging.queue(urgent=True)
    await paging.world.deliver()
    for secret in paging.secrets:
        paging.verify(paging.gateway.posted[0], secret)
    await paging.sign_with_another(timedelta(0))
    await paging.queue("n-2", urgent=True)
    await paging.world.deliver()
    paging.verify(paging.gateway.posted[1], paging.secrets[2])
    with pytest.raises(WebhookVerificationError):
        paging.verify(paging.gateway.posted[1], paging.secrets[0])


async def test_a_secret_of_another_row_signs_nothing(paging) -> None:
    """A secret is bound to its webhook: moved in the database it does not open, and the notice waits."""
    await paging.world.owner.execute("UPDATE iehe.webhook_keys SET key_id = 'pager-other'")
    await paging.queue(urgent=True)
    await paging.world.refused()
    assert await paging.world.state() == ("failed", "no-key")
    assert not paging.gateway.posted


@pytest.mark.parametrize(
    "facts", [{"step": "佐藤 花子"}, {"step": {"name": "sato"}}, {"step": "sato@example.ac.jp"}]
)
async def test_what_is_no_code_does_not_leave(paging, facts) -> None:
    """A fact with words in it is kept here: the message is mended by a release, or given up."""
    await paging.queue(urgent=True, facts=facts)
    await paging.world.refused()
    assert await paging.world.state() == ("failed", "not-a-code")
    assert not paging.gateway.posted


async def test_a_case_is_named_where_its_process_asks_for_it(paging) -> None:
    """The id of the case goes out by the message's own word only."""
    named = replace(PAGE, outside=frozenset({"case"}))
    channel = paging.channel(LOCAL)
    rooms = {PROCESS: replace(ROOM, messages={"page": named})}
    paging.world.others["webhook"] = replace(channel, rooms=rooms)
    await paging.queue(urgent=True)
    await paging.world.deliver()
    assert json.loads(paging.gateway.posted[0].body)["data"]["facts"] == {"case": CASE}


# --- answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_a_refusal_is_a_dead_letter_at_once(paging, status) -> None:
    """The case is told by which channel it failed, why, and who was meant, so that somebody else is tried."""
    paging.gateway.answers = [str(status)]
    await paging.queue(urgent=True, channel="webhook:pager")
    report = await paging.world.deliver()
    told = Undelivered(reason=f"http-{status}", channel="webhook:pager", message="page", to="staff:sato")
    assert report == DeliveryReport(failed={"n-1": told})
    assert await paging.world.state() == ("dead", f"http-{status}")
    assert len(paging.gateway.posted) == 1


async def test_what_a_person_resends_is_the_same_to_the_gateway(paging) -> None:
    """Sent again by hand after the gateway was mended, under the same id."""
    paging.gateway.answers = ["400"]
    await paging.queue(urgent=True)
    await paging.world.deliver()
    async with paging.world.pool.acquire() as connection:
        alone = await requeue(connection, "n-1", paging.world.clock.now)
    assert await paging.world.deliver(alone) == DeliveryReport()
    assert paging.gateway.ids == ["n-1", "n-1"]


async def test_a_gateway_that_is_gone_is_asked_no_more(paging) -> None:
    """After 410 nothing is sent there; each notice is dead at once, and the person has one channel less."""
    paging.gateway.answers = ["410"]
    await paging.queue("n-1", urgent=True)
    await paging.queue("n-2", urgent=True)
    assert reasons(await paging.world.deliver()) == {"n-1": "webhook-gone", "n-2": "webhook-gone"}
    assert paging.gateway.ids == ["n-1"]
    tested = await paging.world.owner.fetch("SELECT * FROM iehe.tested_channels('sato')")
    assert tested == []


async def test_a_fault_passes(paging) -> None:
    """500 and then 200: tried again after a pause, under the same id, and accepted."""
    paging.gateway.answers = ["500"]
    await paging.queue(urgent=True)
    assert (await paging.world.refused()).next_retry_delay == timedelta(seconds=15)
    assert await paging.world.state() == ("failed", "http-500")
    paging.world.clock.now += timedelta(seconds=15)
    assert await paging.world.deliver() == DeliveryReport()
    assert paging.gateway.ids == ["n-1", "n-1"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("asked", "urgent", "waited"),
    [
        ("7", True, 7),
        ("0", True, 1),
        ("86400", True, 120),
        ("86400", False, 3600),
        ("-5", False, 60),
        ("soon", False, 60),
        ("Thu, 01 Jan 1970 00:00:00 GMT", False, 1),
    ],
)
async def test_retry_after_is_heeded_within_bounds(paging, status, asked, urgent, waited) -> None:
    """The gateway says when to come again: not at once, and not so late that nobody is reached."""
    paging.world.clock.now = NOON
    paging.gateway.answers = [f"{status}\nRetry-After: {asked}"]
    await paging.queue(urgent=urgent)
    assert (await paging.world.refused()).next_retry_delay == timedelta(seconds=waited)


async def test_retry_after_may_be_a_date(paging) -> None:
    """As HTTP allows it."""
    at = datetime.now(UTC) + timedelta(seconds=90)
    paging.gateway.answers = [f"503\nRetry-After: {format_datetime(at, usegmt=True)}"]
    await paging.queue(urgent=True)
    waited = (await paging.world.refused()).next_retry_delay
    assert timedelta(seconds=80) < waited <= timedelta(seconds=90)


async def test_a_gateway_that_is_silent_is_asked_again(paging) -> None:
    """No answer is no doubt that stays: the receiver drops what comes again under the same id."""
    paging.world.others["webhook"] = paging.channel(Outgoing(Reach(local=True), seconds=2))
    paging.gateway.answers = ["silent"]
    await paging.queue(urgent=True)
    await paging.world.refused()
    assert await paging.world.state() == ("failed", "no-answer")
    await paging.world.deliver()
    assert paging.gateway.ids == ["n-1", "n-1"]
    assert (await paging.world.notice())["state"] == "accepted"


async def test_an_answer_without_end_is_not_read(paging) -> None:
    """Its head is the answer."""
    paging.gateway.answers = ["endless"]
    await paging.queue(urgent=True)
    assert await paging.world.deliver() == DeliveryReport()
    assert paging.gateway.endlessly_sent < 2**24


async def test_a_gateway_that_is_down_is_given_up_in_time(paging) -> None:
    """An urgent notice is dead after the policy's minutes, so that somebody else is called."""
    async with open_gateway() as closed:
        pass
    await paging.world.owner.execute("UPDATE iehe.webhooks SET url = $1", closed.url)
    await paging.queue(urgent=True)
    began = paging.world.clock.now
    pauses = []
    for _ in range(20):
        try:
            report = await paging.world.deliver()
        except ApplicationError as waiting:
            assert await paging.world.state() == ("failed", "connect-failed")
            pauses.append(waiting.next_retry_delay.total_seconds())
            paging.world.clock.now += waiting.next_retry_delay
        else:
            break
    assert reasons(report) == {"n-1": "gave-up"}
    assert pauses == [15, 30, 60, 120, 120, 120, 120, 15]
    assert paging.world.clock.now - began == timedelta(minutes=10)


@pytest.mark.parametrize(("point", "times"), [("marked", 1), ("handed-over", 2), ("recording", 2)])
async def test_dying_in_between_loses_no_page(paging, point, times) -> None:
    """Whoever finds the mark of a dead sender sends it again: nobody waits for a person to look."""
    await paging.queue(urgent=True)
    with pytest.raises(Died):
        await paging.world.deliver(fault=die_at(point))
    assert await paging.world.deliver() == DeliveryReport()
    row = await paging.world.notice()
    assert (row["state"], row["possible_duplicate"]) == ("accepted", True)
    assert paging.gateway.ids == ["n-1"] * times


async def test_a_mail_server_that_is_down_holds_up_no_page(paging) -> None:
    """Mail and page of one step: the page goes first, and each is tried again in its own time."""
    paging.world.office.answers["RCPT"] = "450 4.2.1 busy"
    paging.gateway.answers = ["500"]
    paging.world.clock.now = NOON
    await paging.world.queue("a-mail", "review-released", "staff")
    await paging.queue("n-1", urgent=True)
    assert (await paging.world.refused()).next_retry_delay == timedelta(seconds=15)
    paging.world.clock.now += timedelta(seconds=15)
    await paging.world.refused()
    assert await paging.world.state() == ("accepted", None)
    assert (await paging.world.notice("a-mail"))["attempts"] == 1


# --- whom it reaches -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE iehe.staff_channels SET tested_at = NULL",
        "UPDATE iehe.webhooks SET revoked_at = now()",
        "UPDATE iehe.staff SET active = false",
        "DELETE FROM iehe.staff_channels",
        "UPDATE iehe.notices SET channel = 'webhook:chat'",
        "UPDATE iehe.notices SET recipient_kind = 'applicant'",
    ],
)
async def test_who_has_no_tested_channel_is_not_guessed(paging, change) -> None:
    """An address that nobody has confirmed may be anybody's."""
    await paging.queue(urgent=True)
    await paging.world.owner.execute(change)
    assert reasons(await paging.world.deliver()) == {"n-1": "no-address"}
    assert not paging.gateway.posted


async def test_a_channel_by_name_is_that_one(paging) -> None:
    """Of two gateways the named one is used; without a name the one that was tested first."""
    async with open_gateway() as chat:
        await paging.world.owner.execute(
            "INSERT INTO iehe.webhooks (name, url) VALUES ('chat', $1)", chat.url
        )
        secret = new_secret(paging.ring, "chat")
        await paging.world.owner.execute(
            "INSERT INTO iehe.webhook_keys (key_id, webhook, sealed) VALUES ($1, 'chat', $2)",
            *(secret.key_id, secret.sealed),
        )
        await paging.world.owner.execute(
            "INSERT INTO iehe.staff_channels (staff_id, channel, address, tested_at)"
            " VALUES ('sato', 'webhook:chat', 'room-9', now() + interval '1 hour')"
        )
        await paging.queue("n-1", urgent=True)
        await paging.queue("n-2", urgent=True, channel="webhook:chat")
        await paging.world.deliver()
        assert (paging.gateway.ids, chat.ids) == (["n-1"], ["n-2"])
        assert json.loads(chat.posted[0].body)["data"]["address"] == "room-9"


async def test_tested_channels_are_those_of_today(paging) -> None:
    """A mail address that was changed since its test, or a gateway that ended, does not count."""
    owner = paging.world.owner
    await owner.execute(
        "INSERT INTO iehe.staff_channels (staff_id, channel, address, tested_at)"
        " VALUES ('sato', 'mail', 'sato@example.ac.jp', now())"
    )

    async def counted() -> set[str]:
        return {row["channel"] for row in await owner.fetch("SELECT * FROM iehe.tested_channels('sato')")}

    assert await counted() == {"mail", "webhook:pager"}
    await owner.execute("UPDATE iehe.staff SET email = 'new@example.ac.jp'")
    assert await counted() == {"webhook:pager"}
    await owner.execute("UPDATE iehe.webhooks SET revoked_at = now()")
    assert await counted() == set()


async def test_the_log_of_pages_names_nobody(paging) -> None:
    """Codes and ids; no address at the gateway, no URL."""
    paging.gateway.answers = ["500"]
    await paging.queue(urgent=True)
    with structlog.testing.capture_logs() as logs:
        refused = await paging.world.refused()
    seen = json.dumps(logs, ensure_ascii=False) + repr(refused) + str(refused)
    assert not any(canary in seen for canary in (PAGER, "127.0.0.1", "sato", "佐藤"))
    assert {entry["channel"] for entry in logs} == {"webhook"}


# --- where requests may go -----------------------------------------------------------------------------


async def post(url: str, reach: Reach, **more) -> int:
    return (await Outgoing(reach, **more).post(url, {"Content-Type": "application/json"}, b"{}")).status


async def test_no_redirect_is_followed(paging) -> None:
    """Not to a private address, nor anywhere: it is a refusal."""
    async with open_gateway() as inner:
        paging.gateway.answers = [f"307\nLocation: {inner.url}"]
        await paging.queue(urgent=True)
        assert reasons(await paging.world.deliver()) == {"n-1": "http-307"}
        assert not inner.posted


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"]
)
async def test_private_addresses_are_not_asked(host) -> None:
    """Outside the embedded stack a webhook leads to the open internet only; no connection is made."""
    async with open_gateway() as inner:
        with pytest.raises(RefusedError, match="address-not-allowed"):
            await post(f"https://{host}:{inner.port}/", Reach())
        assert not inner.posted


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("http://gateway.example.com/", Reach()),
        ("http://127.0.0.1/", Reach()),
        ("http://gateway.example.com/", Reach(local=True)),
        ("https://user:secret@gateway.example.com/", Reach()),
        ("ftp://gateway.example.com/", Reach()),
        ("https:///nowhere", Reach()),
        ("gateway", Reach()),
        ("https://[::1", Reach()),
    ],
)
async def test_unsafe_addresses_are_refused_by_their_looks(url, reach) -> None:
    """Only https; http to this machine alone, on the embedded stack; no password in it."""
    with pytest.raises(RefusedError, match="url-unsafe"):
        await post(url, reach)


async def test_a_listed_host_may_be_private_and_shows_its_certificate(tmp_path) -> None:
    """The connection goes to the checked address, the certificate has to be the name's."""
    certificate = make_certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate.path))
    async with open_gateway(certificate.server) as inner:
        listed = Reach(hosts=("local*", "127.0.0.1"))
        assert await post(f"https://localhost:{inner.port}/x", listed, context=trusting) == 200
        assert inner.posted[0].headers["host"] == f"localhost:{inner.port}"
        for url, context in (
            (f"https://127.0.0.1:{inner.port}/", trusting),
            (f"https://localhost:{inner.port}/", None),
        ):
            with pytest.raises(DeferredError, match="no-secure-connection"):
                await post(url, listed, context=context)
        assert len(inner.posted) == 1


async def test_an_authority_of_ones_own_is_trusted_by_the_environment(tmp_path, monkeypatch) -> None:
    """Where a university signs its own certificates, `SSL_CERT_FILE` names its authority."""
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    async with open_gateway(certificate.server) as inner:
        assert await post(f"https://localhost:{inner.port}/x", Reach(local=True)) == 200


async def test_in_staging_only_listed_hosts_get_anything() -> None:
    """What is tried out pages nobody."""
    with pytest.raises(WithheldError, match="not-on-allow-list"):
        await post("https://gateway.example.com/", Reach(hosts=("other.example.com",), everybody=False))


async def test_a_name_is_looked_up_once(monkeypatch, tmp_path) -> None:
    """A name that leads elsewhere at the second look gains nothing: it is not looked up twice."""
    asked: list[str] = []
    loop = asyncio.get_running_loop()
    async with open_gateway(make_certificate(tmp_path).server) as inner:

        async def answer(host, port, **_more):
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        with monkeypatch.context() as patched:
            patched.setattr(loop, "getaddrinfo", answer)
            with pytest.raises(RefusedError, match="address-not-allowed"):
                await post(f"https://rebinding.example.com:{inner.port}/", Reach())
            assert asked == ["rebinding.example.com"]
            with pytest.raises(DeferredError, match="no-secure-connection"):  # nor is its certificate known
                await post(f"https://listed.example.com:{inner.port}/", Reach(hosts=("listed.example.com",)))
        assert asked.count("listed.example.com") == 1


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch) -> None:
    """It would look the name up anew, where nobody checks."""
    async with open_gateway() as closed:
        pass
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed.port}")
    async with open_gateway() as gateway:
        assert await post(gateway.url, Reach(local=True)) == 200


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("192.0.32.8", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.1", False),
        ("224.0.1.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:192.168.0.1", False),
        ("64:ff9b::c0a8:1", False),
        ("64:ff9b::c000:2008", True),
        ("2002:c0a8:1::", False),
    ],
)
def test_private_addresses_are_known_in_every_dress(address, public) -> None:
    """Private, shared, link-local, multicast, and an IPv4 address inside an IPv6 one."""
    assert is_public(address) == public


def test_a_new_secret_does_not_show(ring) -> None:
    """A secret does not show in what a program prints of it."""
    secret = new_secret(ring, "pager")
    assert secret.text not in repr(secret)
