"""The demonstration of school requests: 見本 (sample) schools ask, lecturers answer or not, days are held."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from activities.kernel.staff import store_staff
from activities.outreach.topics import store_topics
from cases.forms import store_form
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import event_type
from schemas.kernel.japan import TOKYO
from schemas.kernel.people import StaffRow
from schemas.outreach import commands
from schemas.outreach.requests import SchoolRequest
from schemas.outreach.roles import Role
from schemas.outreach.stages import Answer, Kind, Stage
from schemas.outreach.state import OutreachState
from schemas.outreach.topics import TopicRow
from workers.demo import scenario
from workers.demo.scenario import Turn
from workflows.outreach.process import OUTREACH

RequestTurn = Turn[OutreachState]
OFFICE: Final = Actor(id="office-1", roles=(Role.OFFICE,))
HEAD: Final = Actor(id="head-1", roles=(Role.HEAD,))
PORTAL: Final = "urn:example:school-portal"
ARRIVED: Final = event_type(OUTREACH.name, "request-received")
TOPICS: Final = {"sea-level": "geography", "contracts": "law", "enzymes": "biology"}
ASK_AT_MOST: Final = 3
A_DAY: Final = timedelta(days=1)


class Scenario(scenario.Scenario[OutreachState]):
    """Schools, lecturers and the office."""

    process = OUTREACH
    settled: ClassVar = frozenset({Stage.DECLINED, Stage.CANCELLED, Stage.REPORTED})
    slow: ClassVar = frozenset({Stage.PREPARED, Stage.HELD})

    @property
    def turns(self) -> Mapping[str, Callable[[RequestTurn], Awaitable[None]]]:
        """What happens to a request, by its stage."""
        return {
            Stage.REQUESTED: self._check,
            Stage.CHECKED: self._name_lecturers,
            Stage.OFFERING: self._answer,
            Stage.OFFERED: self._confirm,
            Stage.CONFIRMED: self._before_the_day,
            Stage.PREPARED: self._before_the_day,
            Stage.HELD: self._report,
            Stage.WAITING_DATE: self._agree_date,
        }

    @property
    def lecturers(self) -> list[str]:
        """Enough of them that nobody is asked beyond the load of a term."""
        return [f"lecturer-{number}" for number in range(1, 9 + self.cases // 3)]

    @property
    def now(self) -> datetime:
        """The time of the requests."""
        return datetime.now(TOKYO) + self.moved

    async def prepare(self) -> None:
        """Register people and topics; two requests of three come from the portal, the others by telephone."""
        roles = {OFFICE.id: Role.OFFICE, HEAD.id: Role.HEAD} | dict.fromkeys(self.lecturers, Role.LECTURER)
        staff = [
            StaffRow(staff_id=who, name=f"見本 {who}", email=f"{who}@example.ac.jp", roles=frozenset({role}))
            for who, role in roles.items()
        ]
        topics = [
            TopicRow(
                year=year,
                topic=topic,
                field=field,
                title_ja=f"見本のテーマ {topic}",
                title_en=f"Sample topic {topic}",
                lecturers=tuple(self.lecturers[:ASK_AT_MOST]),
            )
            for year in (self.now.year - 1, self.now.year, self.now.year + 1)
            for topic, field in TOPICS.items()
        ]
        pool = self.servers.pool
        async with pool.acquire() as connection:
            await store_staff(connection, staff)
            await store_topics(connection, topics)
        for place in range(self.cases):
            number, form = f"MIHON-{place + 1:04}", self._form(place)
            if place % 3 == 0:
                filled = SchoolRequest.model_validate(form)
                await store_form(pool, OUTREACH, filled, actor=OFFICE, key=number, number=number)
            else:
                event = {"specversion": "1.0", "id": number, "source": PORTAL, "type": ARRIVED}
                arrival = arrival_of(event | {"subject": number, "data": form})
                await Inbox(pool).store(PORTAL, [arrival])

    def _form(self, place: int) -> dict[str, Any]:
        # one in seven asks too late; no two ask for the same hour, as far as there are hours
        first = (30 if place % 7 == 6 else 45) + place % 20  # noqa: PLR2004
        day = self.now.replace(hour=9 + place // 20 % 7, minute=0, second=0, microsecond=0)
        return {
            "school": f"MIHON{place % 9}",
            "school_name": "見本高等学校",
            "contact": {"name": "見本 花子", "email": f"teacher-{place}@school.example.jp"},
            "kind": list(Kind)[place % 3],
            "topic": list(TOPICS)[place // 3 % 3],
            "purpose": "探究学習の導入（見本）",
            "grade": "2",
            "persons": 30 + place % 50,
            "dates": [(day + timedelta(days=first + days)).isoformat() for days in (0, 7, 14)],
            "place": "体育館（見本）",
            "equipment": "プロジェクター",
            "travel_cost": "school",
        }

    async def _check(self, turn: RequestTurn) -> None:
        if turn.lot("declined") < 0.1:  # noqa: PLR2004
            await self.decide(turn, commands.DeclineRequest, OFFICE, reason="capacity")
        elif turn.happens(0.8) and not await self.decide(turn, commands.CheckRequest, OFFICE):
            reason = await self.words(turn, "日程に余裕があるため（見本）")
            await self.decide(turn, commands.PermitLate, HEAD, reason_id=reason)

    async def _name_lecturers(self, turn: RequestTurn) -> None:
        free = [who for who in self.lecturers if turn.state.asked.get(who, Answer.OVER) is Answer.OVER]
        if len(free) < ASK_AT_MOST:
            await self.decide(turn, commands.DeclineRequest, OFFICE, reason="no-lecturer")
        elif turn.happens(0.8):
            named = tuple(turn.chance.sample(free, ASK_AT_MOST))
            await self.decide(turn, commands.NameLecturers, OFFICE, lecturers=named)

    async def _answer(self, turn: RequestTurn) -> None:
        for who in [who for who, answer in turn.state.asked.items() if answer is Answer.ASKED]:
            if turn.lot(who) < 0.25 or not turn.happens(0.7):  # noqa: PLR2004 - some never answer
                continue
            answer = "yes" if turn.happens(0.6) else "no"
            if turn.happens(0.2):
                await self.event(turn, "lecturer-answered", {"lecturer": who, "answer": answer})
            else:
                by = Actor(id=who, roles=(Role.LECTURER,))
                await self.decide(turn, commands.AnswerLecture, by, answer=answer)

    async def _confirm(self, turn: RequestTurn) -> None:
        lot = turn.lot("confirmed")
        if lot > 0.3 and turn.happens(0.4):  # noqa: PLR2004
            await self.event(turn, "school-confirmed", {"date": turn.state.agreed.isoformat()})
        elif lot > 0.1 and "confirm-by-phone" in turn.state.tasks:  # noqa: PLR2004 - else nobody telephones
            result = "cancelled" if turn.happens(0.2) else "confirmed"
            await self.decide(turn, commands.ConfirmByPhone, OFFICE, result=result)

    async def _before_the_day(self, turn: RequestTurn) -> None:
        day, tasks, lot = turn.state.agreed, turn.state.tasks, turn.chance.random()
        if "record-held" in tasks:
            await self.decide(turn, commands.RecordHeld, OFFICE, held=turn.lot("came") > 0.05)  # noqa: PLR2004
        elif "closure-decision" in tasks:
            await self.decide(turn, commands.GoOnline, OFFICE)
        elif timedelta() < day - self.now < A_DAY and turn.happens(0.3):
            await self.event(turn, "warning-issued", {"area": "mihon", "level": "warning"})
        elif lot < 0.03:  # noqa: PLR2004 - influenza
            closed = {"where": "school", "from": f"{day:%Y-%m-%d}", "to": f"{day + 2 * A_DAY:%Y-%m-%d}"}
            await self.event(turn, "closure-announced", closed)
        elif lot < 0.05:  # noqa: PLR2004
            await self.event(turn, "school-cancelled", {})
        elif lot < 0.07:  # noqa: PLR2004
            reason = await self.words(turn, "体調不良（見本）")
            await self.decide(turn, commands.ReleaseLecturer, OFFICE, reason_id=reason)
        elif lot < 0.1:  # noqa: PLR2004
            moved = {"reason": "school-request", "school_agreed": True, "lecturer_agreed": True}
            await self.decide(turn, commands.Reschedule, OFFICE, dates=(day + 7 * A_DAY,), **moved)
        elif turn.state.stage == Stage.CONFIRMED and turn.happens(0.5):
            await self.decide(turn, commands.RecordPrepared, OFFICE)

    async def _report(self, turn: RequestTurn) -> None:
        # some lecturers never report: the office does, after the contact has been erased
        late = turn.lot("reported") < 0.2  # noqa: PLR2004
        if turn.state.erased if late else turn.happens(0.5):
            by = OFFICE if late else Actor(id=turn.state.lecturer or "", roles=(Role.LECTURER,))
            remark = await self.words(turn, "予定どおり実施した（見本）")
            await self.decide(turn, commands.SubmitReport, by, remark_id=remark)

    async def _agree_date(self, turn: RequestTurn) -> None:
        if turn.happens(0.2):
            await self.decide(turn, commands.CancelRequest, OFFICE, reason="school-request")
        elif turn.happens(0.7):
            day = self.now.replace(hour=13, minute=0, second=0, microsecond=0)
            dates = (day + 21 * A_DAY, day + 28 * A_DAY)
            agreed = {"reason": "school-request", "school_agreed": True}
            await self.decide(turn, commands.Reschedule, OFFICE, dates=dates, **agreed)
