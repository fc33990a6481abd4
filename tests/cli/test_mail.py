"""`iehe mail`: what the catcher has kept."""

from email.message import EmailMessage

import aiosmtplib
import pytest

from cli.session import Exit
from embedded.home import Home
from embedded.mail import MailCatcher
from embedded.ports import free_port
from tests.cli.program import Program, clean_environment


@pytest.fixture
async def iehe(tmp_path) -> Program:
    """Two mails have been caught."""
    home = Home(tmp_path)
    catcher = MailCatcher(home.mail, free_port())
    await catcher.start()
    for number in (1, 2):
        message = EmailMessage()
        message["From"] = "admissions@example.ac.jp"
        message["To"] = f"applicant-{number}@example.com"
        message["Subject"] = f"出願を受け付けました {number}"
        message.set_content(f"見本 {number} 様")
        await aiosmtplib.send(message, hostname="127.0.0.1", port=catcher.port)
    await catcher.stop()
    return Program(clean_environment(IEHE_HOME=home.root))


async def test_caught_mails_are_listed_and_shown(iehe):
    """The list has number, recipient and subject; a mail is shown with its text, the newest by default."""
    listed = {mail["to"][0]: mail for mail in (await iehe("mail", "list", "--json")).json}
    assert listed.keys() == {"applicant-1@example.com", "applicant-2@example.com"}
    first = listed["applicant-1@example.com"]
    assert first["subject"] == "出願を受け付けました 1"
    assert "出願を受け付けました 2" in (await iehe("mail", "list")).out
    shown = (await iehe("mail", "show", first["number"])).out
    assert "To: applicant-1@example.com" in shown
    assert "見本 1 様" in shown
    assert (await iehe("mail", "show", "--json")).json["number"] == 2


async def test_the_list_can_be_narrowed(iehe):
    """Only one recipient's, and only the newest."""
    mails = (await iehe("mail", "list", "--to", "applicant-2@example.com", "--json")).json
    assert [mail["to"] for mail in mails] == [["applicant-2@example.com"]]
    assert len((await iehe("mail", "list", "--last", 1, "--json")).json) == 1


async def test_a_mail_that_is_not_there(iehe):
    """A number outside the list is not found."""
    for number in (0, 3):
        assert (await iehe("mail", "show", number)).code == Exit.NOT_FOUND


async def test_without_a_catcher(iehe):
    """Where mail is really sent there is nothing to list, and the text says where it goes."""
    ended = await iehe("mail", "list", IEHE_SMTP_EMBEDDED="false", IEHE_SMTP_HOST="mail.example.ac.jp")
    assert ended.code == Exit.REFUSED
    assert "mail.example.ac.jp" in ended.err
