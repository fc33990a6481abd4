"""Three small processes that know each other by types alone: notes tell, and take; readers take."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.kernel.database import Connection
    from activities.kernel.room import Room
    from schemas.kernel.case import CaseState, Command
    from schemas.kernel.identifiers import Code
    from schemas.kernel.payload import Payload
    from schemas.kernel.policies import ProcessPolicy
    from schemas.kernel.step import CaseStart
    from workflows.kernel.case import CaseWorkflow
    from workflows.kernel.draft import Draft
    from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, step
    from workflows.kernel.links import Absent, ByCase, ByRoom, Closed, Takes, Tells
    from workflows.kernel.process import EventKind, Process
    from workflows.kernel.sight import EVERYTHING
    from workflows.kernel.steps import COMMON_DECISIONS, common_steps

    CLERK = "links_clerk"
    OTHER_CLERK = "links_reader"
    PAPER = "jp.ac.iehe.links-note.paper"
    NEWS = "jp.ac.iehe.links-note.news"
    DAY = "jp.ac.iehe.links-note.day"
    ORDER = "jp.ac.iehe.links-note.order"
    ANSWER = "jp.ac.iehe.links-reader.answer"

    Number = Annotated[str, Field(pattern=r"^[a-z]+/[A-Z0-9-]{1,40}$")]

    class Listed(Payload):
        """What every fact of these tests says: a code, and perhaps a case."""

        code: Code
        case: Number | None = None
        back: Number | None = None

    class NoteState(CaseState):
        """What a case of these tests remembers: the codes that it was told, in order."""

        heard: list[str] = Field(default_factory=list)
        undone: list[str] = Field(default_factory=list)
        found: str | None = None
        reported: bool = False

    class Tell(Command):
        """Tell a fact."""

        step: ClassVar[str] = "tell"
        fact: str
        code: str
        case: str | None = None
        back: str | None = None
        key: str = ""
        revision: int | None = None
        withdrawn: bool = False
        extra: str | None = None

    class End(Command):
        """End the case."""

        step: ClassVar[str] = "end"

    class Report(Command):
        """What was heard has been reported."""

        step: ClassVar[str] = "report"

    class Slip(Payload):
        """What starts a case."""

        code: Code

    class NotePolicy(ProcessPolicy):
        """Nothing of its own."""

    def opened(draft: Draft[Any]) -> None:
        draft.goto("open")
        found = draft.facts.standing(DAY, key="2027-04-01") if DAY in draft.process.takes else None
        draft.state.found = found["data"]["code"] if found else None

    def tell(draft: Draft[Any], command: Tell) -> None:
        data = command.model_dump(include={"code", "case", "back", "extra"}, exclude_none=True)
        draft.facts.tell(
            command.fact, data, command.key, revision=command.revision, withdrawn=command.withdrawn
        )

    def end(draft: Draft[Any], _command: End) -> None:
        draft.goto("ended")

    def report(draft: Draft[Any], _command: Report) -> None:
        draft.state.reported = True

    def hear(draft: Draft[Any], fact: Listed) -> None:
        """Note it; what holds no more is undone, or asked of a person where it was reported."""
        origin = draft.facts.origin
        assert origin is not None
        draft.details["code"] = fact.code
        if not origin.withdrawn and origin.revision == 1:
            draft.state.heard.append(fact.code)
        elif draft.state.reported:
            draft.open_task("correct-report", draft.process.office, whose=str(origin.revision), keep=True)
        else:
            draft.state.undone.append(fact.code)

    def answer(draft: Draft[Any], fact: Listed) -> None:
        """Tell back what was told: a circle."""
        hear(draft, fact)
        if fact.back is not None:
            told = Listed(code=fact.code, case=fact.back, back=draft.state.case_id)
            draft.facts.tell(next(iter(draft.process.tells)), told, key=str(draft.state.version))

    STAGES = {"open": StageInfo("受付", "open", CLERK), "ended": StageInfo("終了", "ended", final=True)}

    def process(name: str, office: str, **changes: Any) -> Process[NoteState]:
        lines = (
            step("open", at=[""], by=By.SYSTEM, to=["open"]),
            step("slip", at=STAGES, by=By.EVENT),
            step("tell", at=["open"], by={office}),
            step("report", at=["open"], by={office}),
            step("end", at=["open"], by={office}, to=["ended"]),
            step("hear", at=["open"], by=By.EVENT),
            *common_steps(tuple(STAGES), ("open",), frozenset({office})),
        )
        values: dict[str, Any] = {
            "name": f"links-{name}",
            "room": name,
            "title": (name, name),
            "state": NoteState,
            "policy": NotePolicy,
            "lifecycle": Lifecycle(STAGES, lines),
            "open": opened,
            "enter": {},
            "decisions": {Tell: tell, End: end, Report: report, **COMMON_DECISIONS},
            "events": {"slip": EventKind("slip", Slip, lambda _draft, _fact: None, starts=True)},
            "expiries": {},
            "office": office,
            "roles": {office: (office, office)},
        }
        return Process(**(values | changes))

    KEPT = timedelta(days=900)
    LISTED = Tells(Listed, keep=KEPT)
    NOTE = process(
        "note",
        CLERK,
        tells={
            "paper": LISTED,
            "news": Tells(Listed, keep=KEPT, expected=("links-absent",)),
            "day": Tells(Listed, keep=KEPT, key="the day"),
            "order": LISTED,
        },
        takes={
            ANSWER: Takes(ByCase("case"), Absent.WAIT, Closed.NOTE, Listed, "hear", answer),
        },
    )
    READER = process(
        "reader",
        OTHER_CLERK,
        tells={"answer": LISTED},
        takes={
            # waits for its case; of one that has ended a person decides
            PAPER: Takes(ByCase("case"), Absent.WAIT, Closed.TASK, Listed, "hear", answer, wait_days=30),
            # those that hear news; an ended one has a successor
            NEWS: Takes(ByRoom(), Absent.WAIT, Closed.NEXT, Listed, "hear", hear),
            DAY: Takes(ByCase("case"), Absent.STANDING, Closed.NOTE, Listed, "hear", hear),
            ORDER: Takes(
                ByCase("case"),
                *(Absent.START, Closed.NOTE, Listed, "hear", hear),
                start=lambda fact: Slip(code=fact.code),
            ),
        },
    )
    OTHER = process(
        "other",
        OTHER_CLERK,
        takes={NEWS: Takes(ByRoom(), Absent.WAIT, Closed.NOTE, Listed, "hear", hear)},
    )

    async def _nothing(_connection: Connection, _terms: Mapping[str, Any]) -> None:
        return None

    ROOMS = {
        each.name: Room(process=each, lookups={}, messages={}, sight={each.office: EVERYTHING})
        for each in (NOTE, READER, OTHER)
    }


@workflow.defn(name=NOTE.name)
class NoteWorkflow(CaseWorkflow, process=NOTE):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        return await self.live(start)


@workflow.defn(name=READER.name)
class ReaderWorkflow(CaseWorkflow, process=READER):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        return await self.live(start)


@workflow.defn(name=OTHER.name)
class OtherWorkflow(CaseWorkflow, process=OTHER):
    @workflow.init
    def __init__(self, start: CaseStart) -> None:
        super().__init__(start)

    @workflow.run
    async def run(self, start: CaseStart) -> str | None:
        return await self.live(start)


WORKFLOWS = (NoteWorkflow, ReaderWorkflow, OtherWorkflow)

SQL = """
INSERT INTO iehe.rooms (room, process, starts_by) VALUES
    ('note', 'links-note', 'jp.ac.iehe.links-note.slip'),
    ('reader', 'links-reader', 'jp.ac.iehe.links-reader.slip'),
    ('other', 'links-other', 'jp.ac.iehe.links-other.slip');
CREATE TABLE iehe.test_slips (case_id text PRIMARY KEY, hears text, successor text);
CREATE FUNCTION iehe.note_store(subject text, form jsonb) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO iehe.test_slips VALUES ('note/' || subject, form ->> 'code') ON CONFLICT DO NOTHING $$;
CREATE FUNCTION iehe.reader_store(subject text, form jsonb) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO iehe.test_slips VALUES ('reader/' || subject, form ->> 'code') ON CONFLICT DO NOTHING $$;
CREATE FUNCTION iehe.other_store(subject text, form jsonb) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO iehe.test_slips VALUES ('other/' || subject, form ->> 'code') ON CONFLICT DO NOTHING $$;
CREATE FUNCTION iehe.reader_takes(type text, data jsonb, key text) RETURNS SETOF text LANGUAGE sql STABLE AS
    $$ SELECT case_id FROM iehe.test_slips WHERE case_id LIKE 'reader/%' AND hears = data ->> 'code' $$;
CREATE FUNCTION iehe.other_takes(type text, data jsonb, key text) RETURNS SETOF text LANGUAGE sql STABLE AS
    $$ SELECT case_id FROM iehe.test_slips WHERE case_id LIKE 'other/%' AND hears = data ->> 'code' $$;
CREATE FUNCTION iehe.reader_successor(of_case text) RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT successor FROM iehe.test_slips WHERE case_id = of_case $$;
GRANT SELECT ON iehe.test_slips TO iehe_worker;
"""
