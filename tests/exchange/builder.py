"""A mobility without servers: the real rules through the kernel's own steps.

`Pure` keeps the state as the database does, answers the rules' questions, and moves its own clock. What must
hold for every step of every mobility is checked after each of them.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from activities.exchange.messages import MESSAGES
from activities.kernel.message_templates import message
from schemas.exchange import commands
from schemas.exchange.policy import ExchangePolicy
from schemas.exchange.roles import Role
from schemas.exchange.stages import Housing, Scholarship, Stage, Track
from schemas.exchange.state import ExchangeState
from schemas.kernel.document_commands import AcceptDocument
from schemas.kernel.refusals import Refusal
from schemas.kernel.transition import Transition
from tests.pure import REASON, TOKYO, PureCase, default_policy_of, jst, refused
from workflows.exchange.process import EXCHANGE
from workflows.kernel.draft import BY_HAND

__all__ = ["IN_WINDOW", "REASON", "ROLES", "SHA", "TOKYO", "Pure", "default_policy", "jst", "refused"]

ROLES = {
    "office-1": (Role.OFFICE,),
    "office-2": (Role.OFFICE,),
    "head-1": (Role.HEAD,),
    "advisor-1": (Role.ADVISOR,),
    "advisor-2": (Role.ADVISOR,),
    "advisor-3": (Role.ADVISOR,),
    "advisor-4": (Role.ADVISOR,),
    "faculty-1": (Role.COORDINATOR,),
    "both-1": (Role.COORDINATOR, Role.OFFICE),
    "committee-1": (Role.COMMITTEE,),
    "head-committee": (Role.HEAD, Role.COMMITTEE),
    "registrar-1": (Role.REGISTRAR,),
}
IN_WINDOW = jst(2026, 10, 20, 10)
"""When nominations for April 2027 are taken."""
ARRIVAL = jst(2027, 4, 1, 10)
SHA = "0" * 64
OTHER_SHA = "1" * 64
DOCUMENTS = ("passport", "transcript", "enrolment", "motivation", "language", "photo")
_numbers = count(1)


def default_policy() -> ExchangePolicy:
    """The policy that comes with the system."""
    policy: ExchangePolicy = default_policy_of("exchange", "incoming")
    return policy


class Pure(PureCase[ExchangeState]):
    """One mobility, driven by the rules alone."""

    process, source, roles = EXCHANGE, "portal", ROLES
    messages = MESSAGES | {"documents-missing": message("student", "documents")}

    def __init__(self, *, now: datetime = IN_WINDOW, **facts: Any) -> None:
        self.places: dict[str, dict[str, Any]] = {}
        self.full: set[str] = set()
        """Frames in which nothing is left."""
        self.room_latest: date | None = None
        """The last day on which the bed that is offered is left."""
        self.queued: list[str] = []
        self.tutors = {"tutor-1", "tutor-2"}
        self.taken_units: set[str] = set()
        self.chain: list[str] = []
        usual = {
            "term": "27S",
            "partner": "uni-a",
            "agreement": "a1",
            "faculty": "law",
            "first": "2027-04-01",
            "last": "2027-08-20",
            "months": "5",
            "needs_coe": True,
            "language": "en",
            "revision": 1,
            "deferred_from": None,
        }
        super().__init__(f"exchange/27S-ABCD{next(_numbers):04}", now, default_policy(), usual | facts)

    # what the database answers

    def look_up(self, name: str, terms: Mapping[str, Any]) -> Any:
        answers: dict[str, Callable[[], Any]] = {
            "nomination": lambda: self.facts,
            "closures": list,
            "quota-frames": self._quota_frames,
            "advisor": lambda: {"active": terms["staff_id"] in ROLES},
            "tutor": lambda: terms["staff_id"] in self.tutors,
            "person-key": lambda: "E10001",
            "place": lambda: self.places.get(terms["place"]),
            "chain": lambda: self.chain,
            "staff-of": list,
            "unreached": list,
        }
        return answers[name]()

    def _quota_frames(self) -> list[dict[str, str]]:
        agreement = self.facts["agreement"]
        if agreement == "none":
            return []
        frame = f"exchange/27S/{agreement}"
        return [{"frame": f"{frame}:{measure}", "measure": measure} for measure in ("months", "persons")]

    def check(self, before: Mapping[str, Any], step: Transition) -> None:
        """What holds for every step of every mobility."""
        state = self.state
        for change in step.places:
            self._change(change.model_dump(mode="json"))
        if state.closed:
            lasting = BY_HAND | EXCHANGE.outlasting
            assert {task.kind for task in state.tasks.values()} <= lasting
        if state.closed and not state.owes:
            assert not self.live(), "an ended case holds a place"
        assert set(state.paid) <= set(state.confirmed), "paid without a signature"
        assert state.stage != Stage.READY or state.tracks[Track.DORMITORY] in (
            Housing.CONFIRMED,
            Housing.ALTERNATIVE,
            *((Housing.WAITLISTED, Housing.RELEASED) if step.stage == Stage.READY else ()),
        )

    def _change(self, change: dict[str, Any]) -> None:
        place, how = change["place"], change["how"]
        if how == "claim":
            for line in change["lines"]:
                if line["frame"] in self.full:
                    raise Refusal("frame-full", frame=line["frame"], free=0, amount=line["amount"])
            self.places[place] = {"place": place, "state": change["state"], "lines": change["lines"]}
        elif how == "take":
            if self.places[place]["state"] not in ("held", "offered"):
                raise Refusal("place-over", place=place, state=self.places[place]["state"])
            self.places[place]["state"] = "taken"
        elif how == "release":
            self.places[place]["state"] = "released"
        elif how == "move":
            self.places[place]["lines"] = change["lines"]
        elif how == "queue":
            self.queued.append(change["frame"])
        elif how == "leave-queue":
            self.queued.remove(change["frame"])

    def live(self) -> list[str]:
        """The places that are held, offered or (of a bed) taken."""
        completed = self.state.stage == Stage.COMPLETED
        return [
            name
            for name, each in self.places.items()
            if each["state"] in ("held", "offered", "taken")
            and not (completed and name.endswith("#quota"))
            and not (each["state"] == "taken" and self._is_over(each))
        ]

    def _is_over(self, place: Mapping[str, Any]) -> bool:
        ends = [line["until"] for line in place["lines"] if line.get("until")]
        return bool(ends) and max(ends) <= f"{self.now + timedelta(days=8):%Y-%m-%d}"

    # the way of a student

    @property
    def days(self) -> tuple[date, date]:
        """First and last day of the stay."""
        return self.state.stay

    def verify(self) -> "Pure":
        self.decide(commands.Verify, "office-1", version=self.state.revision)
        return self

    def receive(self, *names: str) -> "Pure":
        """Documents come in, and are accepted."""
        for name in names or DOCUMENTS:
            self.event(
                "document-received",
                document=name,
                version=self.state.documents[name].version + 1,
                sha256=SHA,
                size=1000,
                media_type="application/pdf",
            )
            self.decide(AcceptDocument, "office-1", document=name)
        return self

    def apply(self) -> "Pure":
        """To screening."""
        self.verify().receive()
        self.event("application-submitted")
        return self

    def consented(self) -> "Pure":
        """Applied, an advisor agrees, the faculty has validated."""
        self.apply()
        self.decide(commands.AskAdvisor, "office-1", advisor="advisor-1")
        self.decide(commands.Consent, "advisor-1", answer="yes")
        self.decide(commands.Validate, "faculty-1", version=self.state.revision)
        return self

    def accepted(self) -> "Pure":
        """Accepted, and told so at its hour."""
        self.consented()
        self.decide(commands.Accept, "office-1", version=self.state.revision)
        self.wait_until(jst(2026, 12, 20, 10, 1))
        return self

    def coming(self) -> "Pure":
        """With the student's yes."""
        self.accepted()
        self.event("offer-answered", offer="place", answer="yes")
        return self

    def with_status(self) -> "Pure":
        """With certificate and visa, in March."""
        self.coming()
        self.decide(commands.RecordCoeData, "office-1")
        self.decide(commands.FileCoe, "office-1", batch="b1")
        self.wait_until(jst(2027, 3, 1, 10))
        self.event("coe-result", batch="b1", result="issued", on=date(2027, 3, 1))
        self.event("visa-result", result="applied", on=date(2027, 3, 1))
        self.event("visa-result", result="granted", on=date(2027, 3, 1))
        return self

    def request_bed(self, **changes: Any) -> "Pure":
        asked = {"house": "north", "types": ["single"], "first": date(2027, 4, 1), "until": date(2027, 8, 21)}
        self.event("dormitory-requested", **(asked | changes))
        return self

    def bed_told(self, fact: str, **data: Any) -> Transition:
        """What the house tells, as the link brings it."""
        return self.linked(f"jp.ac.iehe.dormitory-allocation.{fact}", case=self.case_id, **data)

    def offer_bed(self, place: str = "dormitory/north/27S#bed-1", days: int = 10) -> "Pure":
        until = self.now + timedelta(days=days)
        lines = [
            {
                "frame": "dormitory/north",
                "amount": "1",
                "unit": "dormitory/north/101",
                "first": "2027-04-01",
                "until": "2027-08-24",
            }
        ]
        self.places[place] = {"place": place, "state": "offered", "lines": lines}
        told = {"place": place, "house": "north", "until": until, "gap_days": 3, "latest": self.room_latest}
        self.bed_told("bed-offered", **told)
        return self

    def with_bed(self) -> "Pure":
        self.request_bed().offer_bed()
        self.event("offer-answered", offer="bed", answer="yes")
        return self

    def ready(self, slot: datetime = ARRIVAL, port: str = "nrt") -> "Pure":
        self.with_status().with_bed()
        self.event("arrival-planned", slot=slot, port=port)
        return self

    def arrived(self, **changes: Any) -> "Pure":
        self.ready(**changes)
        self.wait_until(jst(2027, 4, 1, 12))
        self.decide(commands.RecordArrival, "office-1", on=date(2027, 4, 1))
        self.event("checked-in", on=date(2027, 4, 1))
        return self

    def in_term(self) -> "Pure":
        self.arrived()
        self.wait(days=5)
        for item in list(self.state.asked_for):
            self.event("proof-received", item=item, on=date(2027, 4, 5))
        return self

    def granted(self) -> "Pure":
        """A scholarship, before the arrival."""
        self.decide(commands.ApplyScholarship, "office-1", what="interest")
        self.decide(commands.ApplyScholarship, "office-1", what="nominate")
        self.event("scholarship-result", result="granted", months=5)
        assert self.on(Track.SCHOLARSHIP) in (Scholarship.GRANTED, Scholarship.ACTIVE)
        return self

    def departing(self) -> "Pure":
        self.in_term()
        self.wait_until(jst(2027, 7, 24, 10))
        return self

    def departed(self) -> "Pure":
        self.departing()
        self.wait_until(jst(2027, 8, 20, 12))
        self.event("checked-out", on=date(2027, 8, 20))
        self.decide(commands.RecordWardOffice, "office-1")
        self.decide(commands.RecordDeparture, "office-1", on=date(2027, 8, 20))
        return self

    def completed(self) -> "Pure":
        self.departed()
        self.event("grades-ready")
        self.decide(commands.ReleaseTranscript, "registrar-1", version=self.state.revision)
        return self

    # what tests ask

    def on(self, track: str) -> str:
        """Where it stands on a track."""
        return self.state.tracks[track]

    def told_facts(self, fact: str) -> list[dict[str, Any]]:
        """What it has told other processes."""
        kind = f"jp.ac.iehe.exchange-onboarding.{fact}"
        return [each.data for step in self.log for each in step.facts if each.type == kind]

    def owed(self) -> list[str]:
        return [each.key for each in self.state.owes]

    @property
    def amount(self) -> Decimal:
        return Decimal(self.state.months)
