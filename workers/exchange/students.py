"""What sample students, partners and offices do when it is their turn."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final

from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.exchange import commands
from schemas.exchange.roles import Role
from schemas.exchange.stages import Agreement, Coe, Housing, Scholarship, Stage, Track, Tutor, Visa
from schemas.exchange.state import ExchangeState
from schemas.kernel.case import Actor
from schemas.kernel.document_commands import AcceptDocument
from schemas.kernel.identifiers import event_type
from schemas.kernel.japan import TOKYO
from workers.demo import scenario
from workers.demo.scenario import Turn
from workers.exchange.fates import Fate, fate_of
from workers.exchange.world import (
    ADVISORS,
    COMMITTEE,
    FACULTY,
    HEAD,
    HOUSES,
    OFFICE,
    REGISTRAR,
)
from workflows.exchange.process import EXCHANGE

StudentTurn = Turn[ExchangeState]
A_DAY: Final = timedelta(days=1)
PORTAL: Final = "urn:example:exchange-portal"
SHA: Final = "0" * 64
BOTH: Final = ("student", "partner")


class Students(scenario.Scenario[ExchangeState]):
    """Students, partners and offices: each has a turn by the stage that a case is in."""

    process = EXCHANGE
    settled: ClassVar = frozenset()
    step: ClassVar = timedelta(days=6)

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.begun = datetime.now(TOKYO)
        self.begins = self.begun.date() + timedelta(days=130)
        self.last = self.begins + timedelta(days=140)
        self.term = f"{self.begins:%y}S"
        self._requested: set[str] = set()
        self._days: dict[str, date] = {}

    @property
    def turns(self) -> Mapping[str, Callable[[StudentTurn], Awaitable[None]]]:
        """What happens to a student, by the stage."""
        return {
            Stage.NOMINATED: self._look_at_nomination,
            Stage.RETURNED: self._correct,
            Stage.APPLYING: self._apply,
            Stage.INCOMPLETE: self._complete,
            Stage.SCREENING: self._screen,
            Stage.WAITLISTED: self._wait,
            Stage.ACCEPTED: self._answer,
            Stage.REJECTED: self._appeal,
            Stage.PRE_ARRIVAL: self._prepare_arrival,
            Stage.READY: self._arrive,
            Stage.ARRIVED: self._prove,
            Stage.IN_TERM: self._study,
            Stage.DEPARTING: self._leave,
            Stage.DEPARTED: self._finish,
            Stage.MISSING: self._look_for,
        }

    @property
    def now(self) -> datetime:
        """The time of the cases."""
        return datetime.now(TOKYO) + self.moved

    @property
    def today(self) -> date:
        """The day of the cases."""
        return self.now.date()

    def day_of(self, turn: StudentTurn) -> date:
        """The day of a case's last step, which lies ahead of no clock: each case has its own."""
        return self._days[turn.case_id]

    def fate_of(self, case_id: str) -> Fate:
        """What is to become of a student."""
        return fate_of(self.seed, case_id)

    # to the acceptance

    async def _look_at_nomination(self, turn: StudentTurn) -> None:
        fate, state = self.fate_of(turn.case_id).name, turn.state
        if state.deferred_from is not None:
            await self.event(turn, "student-withdrew", {"reason": "studies"})
        elif fate in ("returned", "returned-fixed") and state.revision == 1:
            seen = {"version": 1, "reason": "data-wrong"}
            await self.decide(turn, commands.ReturnNomination, OFFICE, **seen)
        elif not await self.decide(turn, commands.Verify, OFFICE, version=state.revision):
            seen = {"version": state.revision, "reason": "over-quota"}
            await self.decide(turn, commands.Waitlist, OFFICE, **seen)

    async def _correct(self, turn: StudentTurn) -> None:
        if self.fate_of(turn.case_id).name == "returned-fixed":
            await self.event(turn, "mobility-changed", {"revision": 2, "fields": ["mail"]})

    async def _wait(self, turn: StudentTurn) -> None:
        """Somebody may give a place back."""

    async def _apply(self, turn: StudentTurn) -> None:
        fate, state = self.fate_of(turn.case_id).name, turn.state
        if fate == "home-cancels":
            await self.event(
                turn, "mobility-changed", {"revision": state.revision + 1, "status": "cancelled"}
            )
            return
        if fate == "not-submitted":
            return
        names = list(state.documents)
        await self._send(turn, names[:-1] if fate in ("not-completed", "documents-late") else names)
        if state.submitted_at is None:
            await self.event(turn, "application-submitted", {})

    async def _complete(self, turn: StudentTurn) -> None:
        if self.fate_of(turn.case_id).name != "not-completed":
            await self._send(turn, list(turn.state.documents))

    async def _send(self, turn: StudentTurn, names: list[str]) -> None:
        for name in names:
            document = turn.state.documents[name]
            if document.state in ("accepted", "waived"):
                continue
            if document.state != "received":
                told = {"document": name, "version": document.version + 1, "sha256": SHA}
                await self.event(
                    turn, "document-received", told | {"size": 9, "media_type": "application/pdf"}
                )
            await self.decide(turn, AcceptDocument, OFFICE, document=name)

    async def _screen(self, turn: StudentTurn) -> None:
        fate, state = self.fate_of(turn.case_id).name, turn.state
        if fate == "rejected" or (fate == "appeals" and state.rejected_by is None):
            await self.decide(turn, commands.Reject, OFFICE, version=state.revision, reason="level")
            if fate == "appeals":
                await self._appeal(turn)
            return
        asked = next((each.staff_id for each in state.advisors if each.answer == "asked"), None)
        if asked is not None:
            answer = "no" if fate == "no-advisor" else "yes"
            by = Actor(id=asked, roles=(Role.ADVISOR,))
            await self.decide(turn, commands.Consent, by, answer=answer)
            return
        if not any(each.answer == "yes" for each in state.advisors):
            free = [who for who in ADVISORS if who not in {each.staff_id for each in state.advisors}]
            await self.decide(turn, commands.AskAdvisor, OFFICE, advisor=turn.chance.choice(free))
            return
        await self.decide(turn, commands.Validate, FACULTY, version=state.revision)
        await self.decide(turn, commands.Accept, HEAD, version=state.revision)

    async def _appeal(self, turn: StudentTurn) -> None:
        if self.fate_of(turn.case_id).name == "appeals" and not turn.state.closed:
            reason = await self.words(turn, "異議に理由がある（見本）")
            decided = {"filed": self.day_of(turn), "result": "upheld", "reason_id": reason}
            await self.decide(turn, commands.DecideAppeal, COMMITTEE, **decided)

    async def _answer(self, turn: StudentTurn) -> None:
        fate = self.fate_of(turn.case_id).name
        if not turn.state.released or fate == "not-answered":
            return
        answer = "no" if fate == "declined" else "yes"
        await self.event(turn, "offer-answered", {"offer": "place", "answer": answer})

    # to the arrival

    async def _prepare_arrival(self, turn: StudentTurn) -> None:
        fate = self.fate_of(turn.case_id).name
        if fate == "withdraws" and self.today > self.begins - timedelta(days=10 + int(turn.lot("when") * 50)):
            await self.event(turn, "student-withdrew", {"reason": "family"})
            return
        await self._certificate(turn, fate)
        await self._bed(turn, fate)
        await self._money(turn)
        await self._plan(turn)
        state = turn.state
        if state.tracks[Track.TUTOR] == Tutor.UNASSIGNED and turn.happens(0.5):
            tutor = f"tutor-{1 + int(turn.lot('tutor') * (1 + self.cases // 2))}"
            await self.decide(turn, commands.AssignTutor, OFFICE, tutor=tutor)
        if state.arrival is None and self.today > self.begins - timedelta(days=40):
            await self.event(turn, "arrival-planned", self._slot(self.begins))

    def _slot(self, day: date) -> dict[str, str]:
        while day.weekday() > 4:  # noqa: PLR2004 - Saturday and Sunday
            day += A_DAY
        return {"slot": datetime.combine(day, time(10), TOKYO).isoformat(), "port": "nrt"}

    async def _certificate(self, turn: StudentTurn, fate: str) -> None:
        state, day = turn.state, self.day_of(turn).isoformat()
        coe, visa = state.tracks[Track.COE], state.tracks[Track.VISA]
        known = {"batch": "batch-1", "on": day}
        if coe == Coe.DATA_DUE:
            await self.decide(turn, commands.RecordCoeData, OFFICE)
        elif coe in (Coe.DATA_RECEIVED, Coe.MORE_DOCUMENTS):
            await self.decide(turn, commands.FileCoe, OFFICE, batch="batch-1")
        elif coe == Coe.FILED and self.today > self.begins - timedelta(days=50):
            tried = any(task.kind == "more-documents" for task in state.tasks.values())
            denied = fate in ("coe-denied", "coe-deferred")
            more = fate == "more-documents" and not tried and turn.happens(0.5)
            result = "denied" if denied else "more-documents" if more else "issued"
            await self.event(turn, "coe-result", known | {"result": result})
        elif coe in (Coe.DENIED, Coe.EXPIRED):
            choice = "defer" if fate == "coe-deferred" else "cancel" if fate == "coe-denied" else "refile"
            await self.decide(turn, commands.ChooseAfterDenial, HEAD, choice=choice)
        elif coe == Coe.ISSUED and visa == Visa.WAITING_COE:
            await self.event(turn, "visa-result", {"result": "applied", "on": day})
        elif visa == Visa.APPLIED:
            refused = fate == "visa-refused"
            told = {"result": "refused" if refused else "granted", "on": day}
            await self.event(turn, "visa-result", told)
        elif visa == Visa.REFUSED:
            await self.decide(turn, commands.ChooseAfterDenial, HEAD, choice="cancel")

    async def _bed(self, turn: StudentTurn, fate: str) -> None:
        state = turn.state
        at = state.tracks[Track.DORMITORY]
        if at == Housing.NOT_APPLIED and turn.case_id not in self._requested:
            await self._request_bed(turn)
        elif at == Housing.OFFERED:
            if fate == "bed-lapsed" and turn.case_id in self._requested:
                self._requested.discard(turn.case_id)  # the first offer is not answered
                return
            if fate == "bed-lapsed" and not turn.happens(0.4):
                return
            answer = "no" if turn.lot("bed") < 0.08 else "yes"  # noqa: PLR2004
            await self.event(turn, "offer-answered", {"offer": "bed", "answer": answer})
        elif at == Housing.RELEASED or self.today > self.begins - timedelta(days=14):
            settled = (Housing.CONFIRMED, Housing.ALTERNATIVE, Housing.CHECKED_IN)
            if at not in settled:
                await self.decide(turn, commands.FindHousing, OFFICE)

    async def _request_bed(self, turn: StudentTurn) -> None:
        self._requested.add(turn.case_id)
        house = list(HOUSES.values())[int(turn.lot("house") * len(HOUSES))]
        first, last = turn.state.stay
        person = {
            "mobility": turn.case_id,
            "gender": turn.chance.choice(("woman", "man")),
            "needs": ["accessible"] if turn.lot("needs") < 0.05 else [],  # noqa: PLR2004
        }
        kind = event_type("dormitory-allocation", "person-stated")
        subject = f"{house.name.upper()}-{self.term}"
        event = {"specversion": "1.0", "id": f"{turn.case_id}/person", "source": PORTAL, "type": kind}
        arrival = arrival_of(event | {"subject": subject, "data": {"person": person}})
        await Inbox(self.servers.pool, self.servers.vault).store(PORTAL, [arrival])
        asked = {
            "house": house.name,
            "types": ["single", "unit", "shared", "accessible"],
            "first": first.isoformat(),
            "until": (last + A_DAY).isoformat(),
        }
        await self.event(turn, "dormitory-requested", asked)

    async def _money(self, turn: StudentTurn) -> None:
        at = turn.state.tracks[Track.SCHOLARSHIP]
        if turn.lot("money") > 0.4:  # noqa: PLR2004
            return
        if at == Scholarship.NOT_REQUESTED:
            await self.decide(turn, commands.ApplyScholarship, OFFICE, what="interest")
        elif at == Scholarship.INTEREST:
            await self.decide(turn, commands.ApplyScholarship, OFFICE, what="nominate")
        elif at == Scholarship.NOMINATED:
            result = turn.chance.choice(("granted", "granted", "substitute", "refused"))
            await self.event(turn, "scholarship-result", {"result": result})
        elif at == Scholarship.SUBSTITUTE and turn.happens(0.3):
            await self.event(turn, "scholarship-result", {"result": "granted"})

    async def _plan(self, turn: StudentTurn) -> None:
        state, at = turn.state, turn.state.tracks[Track.AGREEMENT]
        if at in (Agreement.NONE, Agreement.COMMENTED):
            await self.event(turn, "agreement-proposed", {"sha256": SHA})
        elif state.plan is not None and at in (Agreement.PROPOSED, Agreement.CHANGE_PROPOSED):
            version = {"version": state.plan.version, "sha256": SHA}
            if len(state.plan.signed) > 1:
                await self.decide(turn, commands.SignAgreement, FACULTY, **version)
            elif turn.happens(0.2):
                await self.event(turn, "agreement-commented", {"version": state.plan.version})
            else:
                await self.event(turn, "agreement-signed", version)

    async def _arrive(self, turn: StudentTurn) -> None:
        fate, arrival = self.fate_of(turn.case_id).name, turn.state.arrival
        await self._money(turn)
        if arrival is None:
            return
        here = arrival.slot.astimezone(TOKYO)
        if fate == "withdraws":
            await self.event(turn, "student-withdrew", {"reason": "family"})
        elif fate == "delayed" and not arrival.delayed and self.now > here - 6 * A_DAY:
            await self.event(turn, "arrival-delayed", self._slot(here.date() + timedelta(days=10)))
        elif fate == "no-show":
            if self.now > here + 4 * A_DAY:
                await self.decide(turn, commands.DeclareNoShow, HEAD, contacts=BOTH)
        elif self.today > here.date():
            await self.decide(turn, commands.RecordArrival, OFFICE, on=here.date())
            if turn.state.tracks[Track.DORMITORY] == Housing.CONFIRMED:
                await self.event(turn, "checked-in", {"on": here.date().isoformat()})

    # here

    async def _prove(self, turn: StudentTurn) -> None:
        state = turn.state
        for item in state.asked_for:
            if item not in state.checklist:
                on = {"item": item, "on": self.day_of(turn).isoformat()}
                await self.event(turn, "proof-received", on)

    async def _study(self, turn: StudentTurn) -> None:
        fate, state = self.fate_of(turn.case_id).name, turn.state
        middle = self.begins + timedelta(days=50 + int(turn.lot("middle") * 40))
        await self._sign(turn)
        if self.today > middle:
            if fate in ("early", "early-excused"):
                if fate == "early-excused":
                    await self.decide(turn, commands.Excuse, COMMITTEE, ground="disaster")
                await self.decide(turn, commands.RecordEarlyReturn, OFFICE, on=self.day_of(turn))
            elif fate == "missing" or (fate == "found" and "missing" not in state.path):
                await self.decide(turn, commands.DeclareMissing, HEAD, contacts=BOTH)
            elif fate == "extends" and state.last == self.last:
                later = {"last": self.last + timedelta(days=14), "home_agrees": True}
                if not await self.decide(turn, commands.Extend, OFFICE, **later):
                    return

    async def _sign(self, turn: StudentTurn) -> None:
        state, month = turn.state, f"{self.day_of(turn):%Y-%m}"
        if turn.lot(month) > 0.1 and month not in state.confirmed:  # noqa: PLR2004 - some forget one
            await self.event(turn, "enrolment-signed", {"month": month})
        active = state.tracks[Track.SCHOLARSHIP] == Scholarship.ACTIVE
        for signed in state.confirmed:
            if active and signed not in state.paid and len(state.paid) < state.scholarship_months:
                await self.event(turn, "month-paid", {"month": signed})
                return

    async def _look_for(self, turn: StudentTurn) -> None:
        if self.fate_of(turn.case_id).name == "found":
            await self.decide(turn, commands.RecordFound, HEAD)

    async def _leave(self, turn: StudentTurn) -> None:
        state = turn.state
        await self._sign(turn)
        _, last = state.stay
        if self.today < last:
            return
        if state.tracks[Track.DORMITORY] in (Housing.CHECKED_IN, Housing.CONFIRMED):
            if state.tracks[Track.DORMITORY] == Housing.CONFIRMED:
                await self.event(turn, "checked-in", {"on": self.begins.isoformat()})
            await self.event(turn, "checked-out", {"on": last.isoformat()})
        if not state.ward_office:
            await self.decide(turn, commands.RecordWardOffice, OFFICE)
        await self.decide(turn, commands.RecordDeparture, OFFICE, on=last)

    async def _finish(self, turn: StudentTurn) -> None:
        if not turn.state.grades and turn.happens(0.5):
            await self.event(turn, "grades-ready", {})
        elif turn.state.grades:
            await self.decide(turn, commands.ReleaseTranscript, REGISTRAR, version=turn.state.revision)
