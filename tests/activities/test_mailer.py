"""The SMTP port against a real server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from activities.kernel.channels import DeferredError, NotDeliveredError, RefusedError, UnansweredError
from activities.kernel.mail_message import BadAddressError, Letter, mailbox
from activities.kernel.mailer import (
    Mailer,
    SmtpSettings,
)
from tests.activities.post_office import Certificate, PostOffice, make_certificate, open_post_office

LETTER = Letter(
    notice_id="n-1",
    address="taro@example.com",
    language="ja",
    subject="出願を受け付けました",
    text="山田 太郎 様\n\n.一行目\n",
    html="<p>山田 太郎 様</p>",
    date=datetime(2027, 2, 4, 3, 0, tzinfo=UTC),
)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        yield office


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


def settings(office: PostOffice, **changes) -> SmtpSettings:
    given = SmtpSettings(
        host="localhost",
        port=office.port,
        sender="入試課 <noreply@office.example.ac.jp>",
        tls="none",
        timeout_seconds=5,
    )
    return replace(given, **changes)


async def send(given: SmtpSettings, letter: Letter = LETTER) -> None:
    mailer = Mailer(given)
    async with mailer.session() as session:
        await session.prepare(letter.address)
        await session.hand_over(mailer.compose(letter))


async def failure(given: SmtpSettings, letter: Letter = LETTER) -> NotDeliveredError:
    with pytest.raises(NotDeliveredError) as caught:
        await send(given, letter)
    return caught.value


async def test_letter_arrives_whole(office) -> None:
    """A letter arrives as plain text and HTML, in Japanese, with the headers of an automatic message."""
    await send(settings(office))
    [message] = office.accepted
    assert message["Subject"] == "出願を受け付けました"
    assert message["From"] == "入試課 <noreply@office.example.ac.jp>"
    assert message["To"] == "taro@example.com"
    assert message["Message-ID"] == "<n-1@office.example.ac.jp>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "ja"
    assert message["Date"].datetime == LETTER.date
    assert message.get_content_type() == "multipart/alternative"
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == LETTER.text
    assert message.get_body(("html",)).get_content().strip() == LETTER.html


async def test_wire_is_ascii(office) -> None:
    """Every byte that is sent is ASCII, so a relay without 8BITMIME changes nothing."""
    assert Mailer(settings(office)).compose(LETTER).isascii()


async def test_one_connection_for_several_letters(office) -> None:
    """Letters of one delivery share a connection, also after a refused recipient."""
    office.answers["RCPT gone@example.com"] = "550 5.1.1 unknown"
    mailer = Mailer(settings(office))
    async with mailer.session() as session:
        for address in ("a@example.com", "gone@example.com", "b@example.com"):
            try:
                await session.prepare(address)
            except RefusedError:
                continue
            await session.hand_over(mailer.compose(replace(LETTER, address=address)))
    assert office.recipients == ["a@example.com", "b@example.com"]
    assert office.connections == 1


async def test_server_that_hung_up_between_letters_is_called_again(office) -> None:
    """A connection that the server ends between two letters costs neither of them."""
    mailer = Mailer(settings(office))
    async with mailer.session() as session:
        await session.prepare("a@example.com")
        await session.hand_over(mailer.compose(LETTER))
        office.hang_up_on.add("RSET")
        await session.prepare("b@example.com")
        await session.hand_over(mailer.compose(LETTER))
    assert office.recipients == ["a@example.com", "b@example.com"]


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "reason"),
    [
        ("MAIL", "451 4.3.0 later", DeferredError, "sender-deferred"),
        ("MAIL", "553 5.7.1 not yours", RefusedError, "sender-refused"),
        ("MAIL", "530 5.7.0 log in first", DeferredError, "login-refused"),
        ("RCPT", "450 4.2.1 busy", DeferredError, "recipient-deferred"),
        ("RCPT", "550 5.1.1 unknown", RefusedError, "recipient-refused"),
        ("RCPT", "421 4.3.2 closing", DeferredError, "recipient-deferred"),
        ("DATA", "451 4.3.0 later", DeferredError, "message-deferred"),
        ("DATA", "554 5.6.0 no", RefusedError, "message-refused"),
    ],
)
async def test_answers_of_the_server(office, verb, answer, kind, reason) -> None:
    """A refusal is lasting or passing by its code, and is named by a code of ours."""
    office.answers[verb] = answer
    fault = await failure(settings(office))
    assert (type(fault), fault.reason) == (kind, reason)
    assert office.accepted == []


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
async def test_hanging_up_before_the_text_is_passing(office, verb) -> None:
    """A connection lost before the text was sent leaves no doubt: nothing was accepted."""
    office.hang_up_on.add(verb)
    fault = await failure(settings(office))
    assert (type(fault), fault.reason) == (DeferredError, "connection-lost")


@pytest.mark.parametrize("how", ["hang_up_on", "silent_on"])
async def test_no_answer_to_the_text_is_unknown(office, how) -> None:
    """A server that takes the text and then hangs up, or says nothing, may have accepted it."""
    getattr(office, how).add("DATA")
    fault = await failure(settings(office, timeout_seconds=0.2))
    assert (type(fault), fault.reason) == (UnansweredError, "no-answer")


async def test_hanging_up_after_the_envelope_is_passing(office, eventually) -> None:
    """A connection that ends between envelope and text is known before the text is sent."""
    mailer = Mailer(settings(office))
    async with mailer.session() as session:
        await session.prepare(LETTER.address)
        session._smtp.transport.abort()
        await eventually(lambda: not session._smtp.is_connected)
        with pytest.raises(DeferredError, match="connection-lost"):
            await session.hand_over(mailer.compose(LETTER))


async def test_nobody_listens(office) -> None:
    """A server that is down is a passing fault, found once for all letters of a delivery."""
    async with open_post_office() as closed:
        pass
    mailer = Mailer(settings(closed))
    async with mailer.session() as session:
        for _ in range(2):
            with pytest.raises(DeferredError, match="connect-failed"):
                await session.prepare(LETTER.address)


async def test_silent_server_times_out() -> None:
    """A server that never greets is a passing fault after the timeout."""
    ended = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with server:
        silent = PostOffice(port=server.sockets[0].getsockname()[1])
        fault = await failure(settings(silent, host="127.0.0.1", timeout_seconds=0.2))
        ended.set()
    assert (type(fault), fault.reason) == (DeferredError, "connect-failed")


async def test_starttls(certificate) -> None:
    """The text goes over an encrypted connection whose certificate was checked."""
    async with open_post_office(tls=certificate.server) as office:
        await send(settings(office, tls="starttls", ca_file=str(certificate.path)))
    assert office.encrypted == [True]


async def test_starttls_is_the_default() -> None:
    """Whoever says nothing about encryption gets it."""
    assert SmtpSettings(host="h", port=25, sender="a@example.com").tls == "starttls"


async def test_server_without_starttls_gets_nothing(office) -> None:
    """Where encryption is asked for, a server without it is told nothing, and the letter waits."""
    fault = await failure(settings(office, tls="starttls"))
    assert (type(fault), fault.reason) == (DeferredError, "no-secure-connection")
    assert office.recipients == []


async def test_unknown_certificate_gets_nothing(certificate) -> None:
    """A certificate that no authority vouches for ends the attempt before the envelope."""
    async with open_post_office(tls=certificate.server) as office:
        fault = await failure(settings(office, tls="starttls"))
    assert (type(fault), fault.reason) == (DeferredError, "no-secure-connection")
    assert office.recipients == []


async def test_login(certificate) -> None:
    """The login of the settings is used, over the encrypted connection."""
    async with open_post_office(tls=certificate.server, login=("iehe", "right")) as office:
        given = settings(office, tls="starttls", ca_file=str(certificate.path), username="iehe")
        await send(replace(given, password="right"))
        fault = await failure(replace(given, password="wrong"))
    assert (type(fault), fault.reason) == (DeferredError, "login-refused")
    assert len(office.accepted) == 1


def test_password_is_not_shown() -> None:
    """Printing the settings does not print the password."""
    assert "hunter2" not in repr(SmtpSettings(host="h", port=25, sender="a@example.com", password="hunter2"))


def test_bad_sender_is_refused_at_the_start() -> None:
    """A sender without an address is a fault of the settings and not of each letter."""
    with pytest.raises(ValueError, match="bad-address"):
        SmtpSettings(host="h", port=25, sender="Admissions Office")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("taro@example.com", "taro@example.com"),
        (" Taro@Example.COM ", "Taro@example.com"),
        ("a..b@mobile.example.jp", '"a..b"@mobile.example.jp'),
        ("a.@mobile.example.jp", '"a."@mobile.example.jp'),
        ("info@大学.jp", "info@xn--pss25c.jp"),
    ],
)
def test_mailbox(address, expected) -> None:
    """Addresses are quoted where old mobile addresses need it, and their domain is in ASCII."""
    assert mailbox(address) == expected


@pytest.mark.parametrize(
    "address",
    [
        "",
        "taro",
        "@example.com",
        "taro@",
        "a b@example.com",
        "a@example.com, b@example.com",
        "a@b\r\nBcc: c@d",
        "太郎@example.com",
        "a@-example.com",
        "a@.jp",
        f"{'a' * 65}@example.com",
        '"a"@example.com',
    ],
)
def test_bad_addresses(address) -> None:
    """What cannot be an envelope's recipient is refused, and not repeated in the error."""
    with pytest.raises(BadAddressError) as caught:
        mailbox(address)
    assert str(caught.value) == "bad-address"


async def test_old_mobile_address_is_sent_with_quotes(office) -> None:
    """An address with two dots in a row is accepted by a strict server."""
    await send(settings(office), replace(LETTER, address="a..b@mobile.example.jp"))
    assert office.recipients in (['"a..b"@mobile.example.jp'], ["a..b@mobile.example.jp"])
    assert "a..b" in office.accepted[0]["To"]


async def test_bad_address_is_lasting(office) -> None:
    """A bad address ends the letter without a connection."""
    fault = await failure(settings(office), replace(LETTER, address="taro"))
    assert (type(fault), fault.reason) == (RefusedError, "bad-address")
    assert office.connections == 0


@pytest.mark.parametrize(
    ("allow", "production", "address", "allowed"),
    [
        (None, False, "taro@example.com", True),
        (("*@office.example.ac.jp",), False, "Staff@Office.example.ac.jp", True),
        (("*@office.example.ac.jp",), False, "taro@example.com", False),
        (("*@office.example.ac.jp",), False, "taro@office.example.ac.jp.example.com", False),
        ((), False, "taro@example.com", False),
        (("*@office.example.ac.jp",), True, "taro@example.com", True),
    ],
)
def test_allow_list(allow, production, address, allowed) -> None:
    """Outside production only addresses on the list are written to; in production everybody is."""
    given = SmtpSettings(host="h", port=25, sender="a@example.com", allow=allow, production=production)
    assert Mailer(given).allows(address) is allowed


def test_message_id_of_an_awkward_notice_id() -> None:
    """A notice id that cannot stand in a Message-ID is replaced by its digest, always the same."""
    mailer = Mailer(SmtpSettings(host="h", port=25, sender="a@example.com"))
    first = mailer.message_id("admission/A-1:3:applicant")
    assert first == mailer.message_id("admission/A-1:3:applicant")
    assert first.endswith("@example.com>")
    assert ":" not in first


def test_headers_cannot_be_injected() -> None:
    """A line break in an address ends the letter instead of making a header."""
    mailer = Mailer(SmtpSettings(host="h", port=25, sender="a@example.com"))
    with pytest.raises(RefusedError, match="bad-address"):
        mailer.compose(replace(LETTER, address="a@example.com\r\nBcc: b@example.com"))
