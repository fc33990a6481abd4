"""The channels of a person on their page: added, sent a code, tested by giving it back, taken away."""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx2
import pytest

from activities.kernel.mailer import Mailer, SmtpSettings
from activities.kernel.outgoing import Outgoing, Reach
from activities.kernel.webhooks import Webhooks
from cases.channel_codes import CodeSender
from encryption.webhook_secrets import Signer, new_secret
from office import channels
from tests.activities.pager import Gateway, open_gateway
from tests.activities.post_office import PostOffice, open_post_office
from tests.office_pages.house import House, Reading, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

WHO = "counsellor-1"
PAGE = f"/people/{WHO}"
PAGER = {"channel": "webhook:pager", "address": "pager-0815"}
MAIL = {"channel": "mail"}


@pytest.fixture
async def post() -> AsyncIterator[PostOffice]:
    async with open_post_office() as post:
        yield post


@pytest.fixture
async def pager(house: House, ring) -> AsyncIterator[Gateway]:
    """A registered gateway, and another one that was revoked."""
    async with open_gateway() as pager:
        for name, revoked in (("pager", False), ("old", True)):
            await house.rows.execute(
                "INSERT INTO iehe.webhooks (name, url, revoked_at) "
                "VALUES ($1, $2, CASE WHEN $3 THEN now() END)",
                *(name, pager.url, revoked),
            )
            secret = new_secret(ring, name)
            await house.rows.execute(
                "INSERT INTO iehe.webhook_keys (key_id, webhook, sealed) VALUES ($1, $2, $3)",
                *(secret.key_id, name, secret.sealed),
            )
        yield pager


@pytest.fixture
def sending(house: House, ring, post: PostOffice, set_office: Callable[..., None]) -> None:
    """The pages send by a mail server and to gateways of the test."""
    settings = SmtpSettings(host="127.0.0.1", port=post.port, sender="iehe@example.ac.jp", tls="none")
    webhooks = Webhooks(house.office.gateway.pool, Outgoing(Reach(local=True)), Signer(ring))
    set_office(CodeSender(Mailer(settings), webhooks))


@pytest.fixture
def set_office(house: House) -> Callable[..., None]:
    """Have codes sent by something else."""

    def set_to(sender: CodeSender | None) -> None:
        house.app.state.office = replace(house.office, send_code=sender)

    return set_to


def code_in(letter: str) -> str:
    return re.search(r"\d{8}", letter)[0]


def mailed(post: PostOffice) -> str:
    return code_in(post.accepted[-1].get_body(("plain",)).get_content())


async def add(reader: Reading, **channel: str) -> None:
    sent = await reader.send(f"{PAGE}/channels", channel)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}?said=changed")


async def ask_for_code(reader: Reading, channel: str = "mail") -> None:
    sent = await reader.send(f"{PAGE}/channels/test", {"channel": channel})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}?said=code-sent")


async def give_back(reader: Reading, code: str) -> httpx2.Response:
    return await reader.send(f"{PAGE}/channels/confirm", {"code": code})


def beside(page: httpx2.Response, field: str) -> str:
    """What is said beside a field; the summary leads to it."""
    assert page.status_code == 422
    assert f'href="#f-{field}"' in page.text
    found = re.search(f'id="f-{field}-fault">(.*?)</p>', page.text)
    assert found is not None
    return found[1]


async def counted(house: House) -> list[str]:
    rows = await house.rows.fetch("SELECT channel FROM iehe.tested_channels($1) ORDER BY 1", WHO)
    return [row["channel"] for row in rows]


@pytest.mark.usefixtures("sending")
async def test_both_channels_count_when_their_codes_were_given_back(
    house: House, post: PostOffice, pager: Gateway
) -> None:
    """By mail and at the gateway; every act is on record, no address and no code on a page or in the log."""
    reader = await house.reader(WHO)
    page = main_of(await reader.text(PAGE))
    assert "There is none yet." in page
    assert "webhook:pager" in page
    assert "webhook:old" not in page
    await add(reader, **MAIL)
    await add(reader, **PAGER)
    assert main_of(await reader.text(PAGE)).count("not tested") == 2
    await ask_for_code(reader)
    assert post.recipients == [f"{WHO}@example.ac.jp"]
    await ask_for_code(reader, "webhook:pager")
    data = json.loads(pager.posted[0].body)["data"]
    assert data["address"] == "pager-0815"
    for code, said in ((mailed(post), ["mail"]), (f" {data['code']} ", ["mail", "webhook:pager"])):
        sent = await give_back(reader, code)
        assert (sent.status_code, sent.headers["location"]) == (303, f"{PAGE}?said=channel-tested")
        assert await counted(house) == said
    page = await reader.text(f"{PAGE}?said=channel-tested")
    assert "the channel is tested" in page
    assert "not tested" not in page
    assert "pager-0815" not in page
    assert f"{WHO}@example.ac.jp" not in page
    removed = await reader.send(f"{PAGE}/channels/remove", {"channel": "webhook:pager"})
    assert removed.status_code == 303
    assert await counted(house) == ["mail"]
    rows = await house.rows.fetch(
        "SELECT actor, act, subject, details::text FROM iehe.administration_log ORDER BY entry"
    )
    assert {(row["actor"], row["subject"]) for row in rows} == {(WHO, WHO)}
    assert [row["act"] for row in rows] == [
        *("add-channel", "add-channel", "test-channel", "test-channel"),
        *("confirm-channel", "confirm-channel", "remove-channel"),
    ]
    for secret in ("0815", mailed(post), data["code"], "example.ac.jp"):
        assert secret not in str([tuple(row) for row in rows])


@pytest.mark.usefixtures("sending")
async def test_a_wrong_code_is_refused_beside_its_field(house: House, post: PostOffice) -> None:
    """With how many tries are left; after the last one, or when it is old, with what to do."""
    reader = await house.reader(WHO)
    assert "Have a new one sent." in beside(await give_back(reader, "12345678"), "code")
    await add(reader, **MAIL)
    await ask_for_code(reader)
    first = mailed(post)
    await ask_for_code(reader)
    assert mailed(post) != first
    assert "Give this." in beside(await give_back(reader, " "), "code")
    assert "Tries left: 4." in beside(await give_back(reader, first), "code")
    for left in (3, 2, 1):
        assert f"Tries left: {left}." in beside(await give_back(reader, "x"), "code")
    for code in ("x", mailed(post)):
        told = beside(await give_back(reader, code), "code")
        assert "Have a new one sent." in told
        assert "iehe" not in told
    await ask_for_code(reader)
    await house.rows.execute("UPDATE iehe.staff_channels SET code_expires_at = now()")
    assert "Have a new one sent." in beside(await give_back(reader, mailed(post)), "code")
    assert await counted(house) == []
    await ask_for_code(reader)
    assert (await give_back(reader, mailed(post))).status_code == 303
    assert "Have a new one sent." in beside(await give_back(reader, mailed(post)), "code")
    assert await counted(house) == ["mail"]


@pytest.mark.usefixtures("sending")
async def test_a_code_of_somebody_else_is_a_wrong_one(house: House, post: PostOffice) -> None:
    """What came to a colleague proves nothing of one's own channels."""
    reader, other = await house.reader(WHO), await house.reader("triage-1")
    await add(reader, **MAIL)
    await ask_for_code(reader)
    for act in ("channels", "channels/test"):
        assert (await other.send(f"/people/triage-1/{act}", MAIL)).status_code == 303
    assert "Tries left: 4." in beside(await give_back(reader, mailed(post)), "code")
    assert await counted(house) == []


async def test_what_cannot_be_added_comes_back_in_the_form(house: House, pager: Gateway) -> None:
    """No channel, a gateway that is revoked or none, an address that is missing, too long, or two lines."""
    reader = await house.reader(WHO)
    for sent, field, words in (
        ({"address": "x"}, "channel", "Give this."),
        ({"channel": "webhook:old", "address": "x"}, "channel", "no webhook &#39;old&#39; in use."),
        ({"channel": "pigeon", "address": "x"}, "channel", "no webhook &#39;pigeon&#39; in use."),
        ({"channel": "webhook:pager"}, "address", "Say what the gateway knows the person by."),
        ({"channel": "webhook:pager", "address": "x" * 201}, "address", "1 to 200 characters"),
        ({"channel": "webhook:pager", "address": "a\nb"}, "address", "one line"),
    ):
        answer = await reader.send(f"{PAGE}/channels", sent)
        assert words in beside(answer, field)
        assert "iehe " not in main_of(answer.text)
        assert "--" not in main_of(answer.text)
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.staff_channels") == 0
    for act in ("test", "remove"):
        answer = await reader.send(f"{PAGE}/channels/{act}", MAIL)
        assert answer.status_code == 409
        assert "has no channel &#39;mail&#39; that is in use." in answer.text
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.administration_log") == 0


@pytest.mark.usefixtures("sending")
async def test_another_address_is_tested_anew_and_a_revoked_gateway_is_named(
    house: House, pager: Gateway
) -> None:
    """A channel that no longer counts says why; to one that is out of use no code is sent."""
    reader = await house.reader(WHO)
    await add(reader, **PAGER)
    await ask_for_code(reader, "webhook:pager")
    assert (await give_back(reader, json.loads(pager.posted[0].body)["data"]["code"])).status_code == 303
    await house.rows.execute("UPDATE iehe.webhooks SET gone_at = now() WHERE name = 'pager'")
    assert "no longer: test it again" in await reader.text(PAGE)
    await add(reader, channel="webhook:pager", address="pager-4711")
    assert "not tested" in await reader.text(PAGE)
    await house.rows.execute("UPDATE iehe.webhooks SET revoked_at = now() WHERE name = 'pager'")
    page = main_of(await reader.text(PAGE))
    assert "the gateway is no longer in use" in page
    assert "Send a code" not in page
    assert "Address at the gateway" not in page


@pytest.mark.usefixtures("sending")
async def test_when_the_other_side_does_not_take_a_code_the_page_says_so(
    house: House, post: PostOffice, pager: Gateway, set_office, monkeypatch
) -> None:
    """Later, refused for good, or no answer; the channels are kept, and what is sent afterwards counts."""
    reader = await house.reader(WHO)
    await add(reader, **MAIL)
    await add(reader, **PAGER)
    ask = f"{PAGE}/channels/test"
    post.answers = {"MAIL": "451 later"}
    pager.answers = ["503", "400"]
    for channel, status, words in (
        (MAIL, 503, "Try again in some minutes"),
        (PAGER, 503, "Try again in some minutes"),
        (PAGER, 409, "Tell the administrators"),
    ):
        answer = await reader.send(ask, channel)
        assert (answer.status_code, words in answer.text) == (status, True)
    post.answers = {}
    post.silent_on = {"DATA"}
    monkeypatch.setattr(channels, "SEND_WITHIN", 0.3)
    silent = await reader.send(ask, MAIL)
    assert silent.status_code == 503
    assert "If a code arrives, give it back" in silent.text
    assert (await give_back(reader, mailed(post))).status_code == 303
    assert await counted(house) == ["mail"]
    monkeypatch.undo()
    await ask_for_code(reader, "webhook:pager")
    set_office(None)
    assert "Try again in some minutes" in (await reader.send(ask, PAGER)).text


@pytest.mark.usefixtures("sending")
async def test_ones_own_or_the_administrators(house: House, post: PostOffice) -> None:
    """A colleague who sees the person sees no channels and keeps none; an administrator does."""
    admin = await house.reader("admin-1")
    await add(admin, **MAIL)
    await ask_for_code(admin)
    assert (await give_back(admin, mailed(post))).status_code == 303
    assert 'id="h-channels"' in await admin.text(PAGE)
    acts = (
        ("channels", MAIL),
        ("channels/test", MAIL),
        ("channels/confirm", {"code": mailed(post)}),
        ("channels/remove", MAIL),
    )
    colleague = await house.reader("triage-1")
    assert 'id="h-channels"' not in await colleague.text(PAGE)
    for who in ("triage-1", "office-1", "auditor-1"):
        other = await house.reader(who)
        for act, form in acts:
            assert (await other.send(f"{PAGE}/{act}", form)).status_code == 404
    reader = await house.reader(WHO)
    for act, form in acts:
        assert (await reader.send(f"{PAGE}/{act}", form, token="x")).status_code == 403
    for act, form in acts:
        assert (await admin.send(f"/people/no-such/{act}", form)).status_code == 404
    assert len(post.accepted) == 1
    assert await counted(house) == ["mail"]


@pytest.mark.usefixtures("sending", "pager")
async def test_it_is_told_in_both_languages(house: House, post: PostOffice) -> None:
    """The section, what is wrong with a code, and the letter in the person's own language."""
    reader = await house.reader(WHO, language="ja")
    await add(reader, **MAIL)
    await house.rows.execute("UPDATE iehe.staff SET language = 'en' WHERE staff_id = $1", WHO)
    await ask_for_code(reader)
    assert "The code is" in post.accepted[0].get_body(("plain",)).get_content()
    page = main_of(await reader.text(PAGE))
    for words in ("連絡手段", "未確認", "確認コードを送信", "ゲートウェイ pager"):
        assert words in page
    told = beside(await give_back(reader, "x"), "code")
    assert "あと 4 回" in told


async def test_everybody_gets_to_their_own_page(house: House) -> None:
    """From the head of every page; who has no role has none. It leads to no list that they do not see."""
    for who, leads in ((WHO, True), ("nobody-1", False)):
        reader = await house.reader(who)
        assert (f'href="/people/{who}"' in await reader.text("/help")) == leads
    for who, lists in ((WHO, False), ("office-1", True)):
        page = main_of(await (await house.reader(who)).text(f"/people/{who}"))
        assert ('href="/people"' in page) == lists


async def test_who_is_not_reached_is_led_to_the_page_where_that_is_mended(house: House) -> None:
    """The refusal of a shift leads the head, and who is on duty, to the page of that person."""
    for staff_id, role in (("support-head", "head_of_support"), ("duty-1", "duty_officer")):
        await house.rows.execute(
            "INSERT INTO iehe.staff (staff_id, name, email, roles) "
            "VALUES ($1, $1, $1 || '@example.ac.jp', $2)",
            *(staff_id, [role]),
        )
    shift = {"place": "first", "staff_id": "duty-1", "step": "do", "key": f"page-{'0' * 32}"}
    shift |= {"begins_at": "2099-04-01T09:00", "ends_at": "2099-04-01T17:00"}
    for who, language, words in (
        ("support-head", "en", "add another one on their page"),
        ("duty-1", "ja", "本人のページで連絡手段を追加し"),
    ):
        reader = await house.reader(who, language=language)
        refused = await reader.send("/boards/support/plan-support-shift", shift)
        assert refused.status_code == 409
        page = main_of(refused.text)
        assert words in page
        assert "iehe" not in page
        assert 'href="/people/duty-1"' in page
        assert ('id="h-channels"' in await reader.text("/people/duty-1")) == (who == "duty-1")
    unknown = await (await house.reader("support-head")).send(
        "/boards/support/plan-support-shift", shift | {"staff_id": "nobody-9"}
    )
    assert unknown.status_code == 409
    assert 'href="/people/nobody-9"' not in unknown.text
