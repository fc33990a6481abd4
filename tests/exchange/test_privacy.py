"""Canaries: what is personal of a student stands in the database's own rows and nowhere else."""

from google.protobuf.json_format import MessageToJson
from temporalio.client import WorkflowHistory

from embedded.mail import MailCatcher, caught_mails
from schemas.exchange import commands
from tests.exchange.office import STUDENT, Institute
from tests.payloads import opened, readable

CANARY = "カナリア"
ASCII_CANARY = "canary-7f3a"
PERSON = STUDENT | {
    "family": CANARY,
    "given": f"{CANARY}名",
    "number": ASCII_CANARY,
    "mail": f"{ASCII_CANARY}@example.com",
    "born": "1999-12-31",
}


async def test_dfe_apply_9412_canaries_stay_in_the_database(
    institute: Institute, mail: MailCatcher, capsys, caplog
) -> None:
    """Names, birth, numbers, addresses and words reach no history, search attribute, log or subject."""
    case = await institute.nominate(student=PERSON)
    await case.in_term()
    await case.decide(commands.AssignTutor, "office-1", tutor="tutor-1")
    await case.event("student-withdrew", reason="illness")
    await case.until("closed_at IS NOT NULL AND state -> 'owes' = '[]'")
    codec = institute.skipper.client.data_converter.payload_codec
    events = await opened([event async for event in case.handle.fetch_history_events()], codec)
    history = readable(WorkflowHistory(case.handle.id, events).to_json())
    (description,) = await opened([(await case.handle.describe()).raw_description], codec)
    log = await institute.owner.fetch("SELECT * FROM iehe.case_log")
    facts = await institute.owner.fetch("SELECT * FROM iehe.facts")
    tasks = await institute.owner.fetch("SELECT * FROM iehe.tasks")
    places = await institute.owner.fetch("SELECT * FROM iehe.place_log")
    output = capsys.readouterr()
    shown = {
        "history": history,
        "description": readable(MessageToJson(description)),
        "log": str([dict(row) for row in log]),
        "facts": str([dict(row) for row in facts]),
        "tasks": str([dict(row) for row in tasks]),
        "places": str([dict(row) for row in places]),
        "state": str(dict(await case.until("true"))),
        "output": output.out + output.err + caplog.text,
        "subjects": str([caught.subject for caught in caught_mails(mail.folder)]),
    }
    for where, text in shown.items():
        for canary in (CANARY, ASCII_CANARY, "1999-12-31"):
            assert canary not in text, where
    assert case.handle.id in history
    assert "E10001" not in shown["history"], "the number here is for other processes, not for Temporal"
