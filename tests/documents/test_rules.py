"""What becomes of a document by the rules alone."""

import pytest

from schemas.kernel.document_commands import (
    AcceptDocument,
    ChaseDocuments,
    RejectDocument,
    RevokeDocument,
    WaiveDocument,
)
from schemas.kernel.documents import DocumentStage
from tests.documents.desk import DOCUMENTED, DOCUMENTED_ROOM, LETTER, PLAN
from tests.pure import jst, refused
from tests.workflows.outreach.builder import Pure
from workflows.kernel.documents import DOCUMENTS_MISSING, MOST_BYTES, DocumentKind, missing

HASH = "a" * 64


class Documented(Pure):
    """A request that asks for a letter and a plan."""

    process = DOCUMENTED
    messages = {  # noqa: RUF012 - as the base declares it
        **DOCUMENTED_ROOM.every_message,
        DOCUMENTS_MISSING: DOCUMENTED_ROOM.messages["request-received"].__class__(
            "school", frozenset({"documents"})
        ),
    }

    def received(self, name: str = LETTER, version: int = 1):
        return self.event(
            "document-received",
            document=name,
            version=version,
            sha256=HASH,
            size=9,
            media_type="application/pdf",
        )

    def missing(self) -> list[str]:
        return [each.name for each in missing(self.state.documents.values())]


def test_a_case_asks_for_its_documents_and_names_all_that_are_missing() -> None:
    """Wanted from the first step on, with the time where one was given."""
    case = Documented()
    assert case.missing() == [LETTER, PLAN]
    letter = case.state.documents[LETTER]
    assert (letter.state, letter.version, letter.due_at) == (DocumentStage.WANTED, 0, jst(2026, 6, 6, 10))


def test_what_is_received_is_somebodys_task_until_it_is_decided_on() -> None:
    """Version and hash are in the state, and the task goes with the decision."""
    case = Documented()
    case.received()
    letter = case.state.documents[LETTER]
    assert (letter.state, letter.version, letter.hash) == (DocumentStage.RECEIVED, 1, HASH)
    assert f"check-document:{LETTER}" in case.state.tasks
    assert LETTER in case.missing()
    case.decide(AcceptDocument, "office-1", document=LETTER)
    assert case.state.documents[LETTER].state is DocumentStage.ACCEPTED
    assert f"check-document:{LETTER}" not in case.state.tasks
    assert case.missing() == [PLAN]


def test_what_is_sent_back_is_received_again_under_the_next_version() -> None:
    """The reason is a code, which goes with the next version."""
    case = Documented()
    case.received()
    step = case.decide(RejectDocument, "office-1", document=LETTER, why="illegible")
    assert step.details["reason"] == "illegible"
    assert case.state.documents[LETTER].reason == "illegible"
    case.received(version=2)
    again = case.state.documents[LETTER]
    assert (again.state, again.version, again.reason) == (DocumentStage.RECEIVED, 2, None)


def test_an_older_version_that_comes_late_changes_nothing() -> None:
    """The state stays that of the newest."""
    case = Documented()
    case.received(version=2)
    case.received(version=1)
    assert case.state.documents[LETTER].version == 2


def test_what_is_done_without_is_not_missing_and_not_received() -> None:
    """A fact about it is refused, and it can be asked for no more."""
    case = Documented()
    case.decide(WaiveDocument, "office-1", document=PLAN)
    assert case.missing() == [LETTER]
    with refused("document-settled"):
        case.received(PLAN)
    with refused("nothing-missing"):
        case.decide(ChaseDocuments, "office-1", document=PLAN)


def test_what_was_accepted_can_be_taken_back_and_is_wanted_anew() -> None:
    """The host's own record says which version counts no more."""
    case = Documented()
    case.received()
    case.decide(AcceptDocument, "office-1", document=LETTER)
    step = case.decide(RevokeDocument, "office-1", document=LETTER)
    assert step.records == ({"kind": "host-document-revoked", "document": LETTER, "version": 1},)
    assert case.state.documents[LETTER].state is DocumentStage.REVOKED
    assert LETTER in case.missing()


@pytest.mark.parametrize("command", [AcceptDocument, RejectDocument, RevokeDocument])
def test_nothing_is_decided_on_what_was_not_received(command) -> None:
    """A document that is only wanted has nothing to look at."""
    case, more = Documented(), {"why": "incomplete"} if command is RejectDocument else {}
    with refused("document-not-received"):
        case.decide(command, "office-1", document=LETTER, **more)


def test_a_document_that_a_case_does_not_have_is_refused_by_name() -> None:
    """Whatever is decided on it."""
    with refused("unknown-document"):
        Documented().decide(WaiveDocument, "office-1", document="passport")


def test_a_chaser_asks_whoever_provides_it_for_what_waits_for_them() -> None:
    """Not for what waits for the office; with state, reason and time of each."""
    case = Documented()
    case.received()
    case.decide(RejectDocument, "office-1", document=LETTER, why="incomplete")
    case.received(PLAN)
    case.decide(ChaseDocuments, "office-1")
    (notice,) = case.sent(DOCUMENTS_MISSING)
    assert (notice.to, notice.once_a_day) == ("school", True)
    assert notice.facts["documents"] == [
        {
            "name": LETTER,
            "ja": "依頼状",
            "en": "Letter of request",
            "state": "rejected",
            "reason": "incomplete",
            "due_at": "2026-06-06T10:00:00+09:00",
        }
    ]


def test_who_has_no_part_in_it_decides_nothing() -> None:
    """The lines of the table are the office's."""
    case = Documented()
    case.received()
    with refused("role-missing"):
        case.decide(AcceptDocument, "lecturer-1", document=LETTER)


def test_no_kind_may_be_larger_than_what_is_opened_whole() -> None:
    """Said when the process is declared."""
    with pytest.raises(ValueError, match="bytes"):
        DocumentKind(("a", "b"), "school", limit_bytes=MOST_BYTES + 1)
