"""The mail catcher keeps what it is sent, readable."""

import stat
from email.message import EmailMessage

import aiosmtplib
import pytest

from embedded.faults import PortsTaken
from embedded.mail import MailCatcher, caught_mails
from embedded.ports import free_port


@pytest.fixture
async def catcher(tmp_path):
    catcher = MailCatcher(tmp_path / "mail", free_port())
    await catcher.start()
    yield catcher
    await catcher.stop()


def letter(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "office@example.ac.jp"
    message["To"] = "hanako@example.org"
    message["Subject"] = subject
    message.set_content("出願を受け付けました。\n.\n期限は三月です。\n")
    message.add_alternative("<p>出願</p>", subtype="html")
    return message


async def test_keeps_mails_in_order_with_their_envelope(catcher):
    """Japanese subjects and texts come back as sent, in order, with blind copies visible."""
    for subject in ("受付のお知らせ", "結果のお知らせ"):
        await aiosmtplib.send(
            letter(subject),
            hostname="127.0.0.1",
            port=catcher.port,
            recipients=["hanako@example.org", "blind@example.org"],
        )
    mails = caught_mails(catcher.folder)
    assert [mail.subject for mail in mails] == ["受付のお知らせ", "結果のお知らせ"]
    assert mails[0].recipients == ("hanako@example.org", "blind@example.org")
    assert mails[0].sender == "office@example.ac.jp"
    assert mails[0].text.splitlines()[:3] == ["出願を受け付けました。", ".", "期限は三月です。"]


async def test_mails_of_one_second_are_in_order(catcher):
    """The names of their files do not sort as they came: a number in them has as many digits as it needs."""
    times = ("1795682818.M98765P7Q1", "1795682818.M123456P7Q2", "1795682818.M123456P7Q10")
    for number, name in enumerate(times):
        file = catcher.folder / "new" / f"{name}.host"
        file.write_bytes(letter(f"letter {number}").as_bytes())
    assert [mail.subject for mail in caught_mails(catcher.folder)] == ["letter 0", "letter 1", "letter 2"]


async def test_the_folder_is_private(catcher):
    """Nobody else may look into the mail."""
    assert stat.S_IMODE(catcher.folder.stat().st_mode) == 0o700


def test_no_folder_is_no_mail(tmp_path):
    """Before the first start there is no mail."""
    assert caught_mails(tmp_path / "nothing") == []


async def test_a_taken_port_is_named(catcher, tmp_path):
    """A port in use is named with its setting."""
    second = MailCatcher(tmp_path / "other", catcher.port)
    with pytest.raises(PortsTaken, match="IEHE_SMTP_PORT"):
        await second.start()
