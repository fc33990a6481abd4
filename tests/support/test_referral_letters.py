"""A letter of referral: by consent or on a ground, and on record before it is on paper."""

from datetime import timedelta

import pytest

from schemas.kernel.case import Actor, Receipt
from schemas.support import commands
from schemas.support.letters import WriteLetter
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401 - fixtures
from tests.support.builder import REASON, Pure, jst, refused
from tests.support.office import Office

BY = "counsellor-1"
CONSENT = {"unit": "health", "purpose": "treatment", "form": "2026-1"}


def told(case: Pure) -> list[tuple[str, str]]:
    """Grounds and receivers on record."""
    return [(each["ground"], each["to"]) for each in case.records("disclosed")]


def test_p04_a_letter_needs_consent_or_a_ground_of_the_list_with_its_reason() -> None:
    """To a hospital, which no consent names, only a ground leads."""
    case = Pure().in_contact()
    with refused("no-consent"):
        case.decide(WriteLetter, BY, unit="health", parts=["case"], reason_id=REASON)
    with refused("no-consent"):
        case.decide(WriteLetter, BY, unit="hospital", parts=["case"], reason_id=REASON)
    with refused("unknown-code"):
        case.decide(WriteLetter, BY, unit="hospital", parts=["case"], ground="curious", reason_id=REASON)
    with refused("unknown-code"):
        case.decide(WriteLetter, BY, unit="newspaper", parts=["case"], ground="danger", reason_id=REASON)
    with refused("reason-missing"):
        case.decide(WriteLetter, BY, unit="hospital", parts=["case"], ground="danger")
    with refused("letter-empty"):
        case.decide(WriteLetter, BY, unit="hospital", ground="danger", reason_id=REASON)
    assert told(case) == []
    case.decide(WriteLetter, BY, unit="hospital", parts=["person"], ground="danger", reason_id=REASON)
    assert told(case) == [("danger", "hospital")]


@pytest.mark.parametrize(
    ("content", "fits", "beyond"),
    [("case", ["case"], ["contacts"]), ("work", ["case", "scores"], ["person"])],
)
def test_p07_a_letter_tells_no_more_than_consent_covers(
    content: str, fits: list[str], beyond: list[str]
) -> None:
    """Neither a part beyond it, nor words, which say whatever they say."""
    case = Pure().in_contact()
    case.decide(commands.GiveConsent, BY, **CONSENT, content=content, until=jst(2027, 3, 31))
    case.decide(WriteLetter, BY, unit="health", parts=fits, reason_id=REASON)
    assert told(case) == [("consent", "health")]
    for more in ({"parts": beyond}, {"parts": fits, "remark_id": REASON}):
        with refused("beyond-consent"):
            case.decide(WriteLetter, BY, unit="health", **more, reason_id=REASON)
    case.decide(commands.WithdrawConsent, BY, unit="health")
    with refused("no-consent"):
        case.decide(WriteLetter, BY, unit="health", parts=fits, reason_id=REASON)


async def test_a_letter_holds_what_was_chosen_in_both_languages(
    office: Office,
    iehe: CommandLine,  # noqa: F811
    tmp_path,
) -> None:
    """On record as told, as a read, and in a file that only its owner reads; nobody else writes one."""
    case = await office.refer()
    await case.assign()
    await case.decide(commands.RecordContact, BY, channel="phone", outcome="reached")
    until = (await case.until("true"))["opened_at"] + timedelta(days=100)
    await case.decide(commands.GiveConsent, BY, **CONSENT, content="personal", until=until)
    file, case_id = tmp_path / "letter.txt", case.handle.id
    words = "眠れないとのことです。"
    actor = Actor(id=BY, roles=("counsellor",))
    made = WriteLetter(
        command_id="letter-1",
        actor=actor,
        unit="health",
        parts=["person"],
        reason_id=await case.text("受診のため"),
        remark_id=await case.text(words),
    )
    await case.handle.execute_update(made.step, made, id=made.cause, result_type=Receipt)
    # asked for again it is what was decided, whatever is said this time
    said = ("--reason", "受診のため", "--remark", "別の話", "--parts", "scores", "--command-id", "letter-1")
    write = ("support", "letter", case_id, "--unit", "hospital", "--to", file, *said)
    assert (await iehe.refused(*write, by="counsellor-2"))[1] == "no-such-case"
    await iehe.ok(*write, by=BY)
    text = file.read_text()
    for there in ("紹介状 / Letter of referral", "To: health", "S2026-0042", words):
        assert there in text
    for hidden in ("受診のため", "別の話", "Scores", "太郎", "欠席", "phone", BY):
        assert hidden not in text
    assert file.stat().st_mode & 0o777 == 0o600
    rows = await office.owner.fetch(
        "SELECT ground, receiver, by FROM iehe.support_disclosures WHERE case_id = $1", case_id
    )
    assert [tuple(row) for row in rows] == [("consent", "health", BY)]
    read = "SELECT count(*) FROM iehe.case_reads WHERE case_id = $1 AND staff_id = $2 AND what = 'letter'"
    assert await office.owner.fetchval(read, case_id, BY) == 1
