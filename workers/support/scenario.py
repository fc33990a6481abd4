"""The demonstration of support cases: 見本 (sample) students are referred, units work, some fall silent."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from activities.kernel.staff import store_staff
from gateway.cloudevents import arrival_of
from gateway.inbox import Inbox
from schemas.kernel.case import Actor
from schemas.kernel.identifiers import event_type
from schemas.kernel.japan import TOKYO
from schemas.kernel.people import StaffRow
from schemas.support import commands
from schemas.support.roles import Role
from schemas.support.stages import Stage, Unit, Way
from schemas.support.state import SupportState
from workers.demo import scenario
from workers.demo.scenario import Turn
from workflows.support import crisis
from workflows.support.process import SUPPORT

CaseTurn = Turn[SupportState]
TRIAGE: Final = Actor(id="triage-1", roles=(Role.TRIAGE,))
DUTY: Final = Actor(id="duty-1", roles=(Role.DUTY,))
OTHERS: Final = {
    TRIAGE.id: Role.TRIAGE,
    DUTY.id: Role.DUTY,
    "duty-2": Role.DUTY,
    "lead-1": Role.LEAD,
    "head-1": Role.HEAD,
    "vice-president-1": Role.VICE_PRESIDENT,
}
UNITS: Final = {Unit.COUNSELLING: ("counsellor-1", "counsellor-2"), Unit.HEALTH: ("nurse-1", "nurse-2")}
VISITED_AFTER: Final = 5
"""Calls in vain."""
HELPDESK: Final = "urn:example:helpdesk"
ARRIVED: Final = event_type(SUPPORT.name, "referral-received")


class Scenario(scenario.Scenario[SupportState]):
    """Those who refer, the students and the office."""

    process = SUPPORT
    settled: ClassVar = frozenset({Stage.RESOLVED})
    step: ClassVar = timedelta(days=2)

    @property
    def turns(self) -> Mapping[str, Callable[[CaseTurn], Awaitable[None]]]:
        """What happens to a case, by its stage."""
        return {
            Stage.REFERRED: self._triage,
            Stage.TRIAGED: self._assign,
            Stage.ASSIGNED: self._contact,
            Stage.IN_CONTACT: self._work,
            Stage.WAITING: self._answer,
            Stage.REFERRED_ON: self._contact,
            Stage.REOPENED: self._contact,
        }

    async def prepare(self) -> None:
        """People, units and the rota; every tenth referral says that somebody is in danger."""
        owners = {who: Role.COUNSELLOR for each in UNITS.values() for who in each}
        staff = [
            StaffRow(staff_id=who, name=f"見本 {who}", email=f"{who}@example.ac.jp", roles=frozenset({role}))
            for who, role in (OTHERS | owners).items()
        ]
        pool, now = self.servers.pool, datetime.now(TOKYO)
        async with pool.acquire() as connection:
            await store_staff(connection, staff)
            members = [(unit, who, False) for unit, each in UNITS.items() for who in each]
            members += [(unit, "lead-1", True) for unit in UNITS]
            await connection.executemany("INSERT INTO iehe.support_members VALUES ($1, $2, $3)", members)
            await connection.executemany(
                "INSERT INTO iehe.support_rota (place, staff_id, during, noted_by)"
                " VALUES ($1, $2, tstzrange($3, $4), 'demo')",
                [
                    ("first", DUTY.id, now, now + timedelta(days=900)),
                    ("second", "duty-2", now, now + timedelta(days=900)),
                ],
            )
        inbox = Inbox(pool, self.servers.vault)
        for place in range(self.cases):
            number = f"MIHON-{place + 1:04}"
            event = {"specversion": "1.0", "id": number, "source": HELPDESK, "type": ARRIVED}
            arrival = arrival_of(event | {"subject": number, "data": self._form(place)})
            await inbox.store(HELPDESK, [arrival])

    def _form(self, place: int) -> dict[str, Any]:
        form: dict[str, Any] = {
            "way": list(Way)[place % 5],
            "words": "最近元気がなく、授業を休みがちです（見本）。",
            "danger": place % 10 == 9,  # noqa: PLR2004
        }
        form["contact"] = f"student-{place}@student.example.ac.jp"
        if place % 4:
            form["person"] = f"MIHON{place:04}"
        if place % 3:
            form["referrer"] = {"name": "見本 太郎", "email": f"referrer-{place}@example.ac.jp"}
        return form

    async def act(self, case: Any) -> None:
        """Whoever is paged comes first."""
        state = SupportState.model_validate_json(case["state"])
        if crisis.is_open(state):
            turn = Turn(case["case_id"], state, self.chance_of(case["case_id"]))
            await self._attend(turn)
        else:
            await super().act(case)

    async def _attend(self, turn: CaseTurn) -> None:
        await self.decide(turn, commands.RecordContact, DUTY, channel="phone", outcome="reached")
        if turn.happens(0.8):
            reason = await self.words(turn, "家族と合流し、安全を確認した（見本）")
            owner = turn.state.owner or "counsellor-1"
            unit = turn.state.unit or Unit.COUNSELLING
            await self.decide(turn, commands.StandDown, DUTY, owner=owner, unit=unit, reason_id=reason)

    async def _triage(self, turn: CaseTurn) -> None:
        lot = turn.lot("triage")
        if lot < 0.05:  # noqa: PLR2004 - the clock calls it urgent
            if turn.happens(0.3):
                await self._score(turn, 3)
        elif lot < 0.12:  # noqa: PLR2004
            await self.decide(turn, commands.Misdirect, TRIAGE, code="library")
        elif lot < 0.2:  # noqa: PLR2004
            reason = await self.words(turn, "助言で足りる（見本）")
            await self.decide(turn, commands.Advise, TRIAGE, reason_id=reason)
        else:
            await self._score(turn, turn.chance.choice((0, 1, 2, 2, 2, 3)))

    async def _score(self, turn: CaseTurn, distress: int) -> None:
        reasons = [await self.words(turn, "面談での様子（見本）") for _ in range(2)]
        scores = {"distress": distress, "hostility": 0}
        why = {"distress_reason_id": reasons[0], "hostility_reason_id": reasons[1]}
        await self.decide(turn, commands.Triage, TRIAGE, **scores, **why)

    async def _assign(self, turn: CaseTurn) -> None:
        unit = turn.state.unit or turn.chance.choice(list(UNITS))
        owner = turn.chance.choice(UNITS.get(unit, UNITS[Unit.COUNSELLING]))
        if turn.state.unit is not None and "take" in turn.state.tasks:
            await self.decide(turn, commands.Take, Actor(id=owner, roles=(Role.COUNSELLOR,)))
        elif turn.happens(0.8):
            named = owner if turn.happens(0.6) else None
            await self.decide(turn, commands.Assign, TRIAGE, unit=unit, owner=named)

    async def _contact(self, turn: CaseTurn) -> None:
        owner = self._owner(turn)
        if owner is None:
            await self._assign(turn)
        elif turn.lot("silent owner") < 0.1:  # noqa: PLR2004 - does nothing, and loses it
            if turn.happens(0.2):
                await self._speak(turn, owner)
        elif turn.happens(0.7):
            await self._speak(turn, owner)

    async def _speak(self, turn: CaseTurn, owner: Actor) -> None:
        # whom no call reaches: what is not urgent the clock closes, the others are looked for at home
        called = turn.lot("reached") > 0.15 and turn.happens(0.7)  # noqa: PLR2004
        visited = turn.state.attempts >= VISITED_AFTER
        outcome, channel = "reached" if called or visited else "missed", "meeting" if visited else "phone"
        await self.decide(turn, commands.RecordContact, owner, channel=channel, outcome=outcome)

    async def _work(self, turn: CaseTurn) -> None:
        owner, lot = self._owner(turn), turn.chance.random()
        if owner is None:
            await self._assign(turn)
        elif lot < 0.2:  # noqa: PLR2004
            until = datetime.now(TOKYO) + self.moved + timedelta(days=10)
            await self.decide(turn, commands.Wait, owner, on="student", until=until)
        elif lot < 0.25:  # noqa: PLR2004
            reason = await self.words(turn, "身体の相談が必要（見本）")
            other = Unit.HEALTH if turn.state.unit != Unit.HEALTH else Unit.COUNSELLING
            await self.decide(turn, commands.ReferOn, owner, unit=other, moves=True, reason_id=reason)
        elif lot < 0.28:  # noqa: PLR2004
            reason = await self.words(turn, "危険を示す連絡があった（見本）")
            if await self.decide(turn, commands.SignalDanger, owner, reason_id=reason):
                await self._attend(turn)
        elif lot < 0.75:  # noqa: PLR2004
            await self.decide(turn, commands.Resolve, owner, code="helped")
        else:
            await self._speak(turn, owner)

    async def _answer(self, turn: CaseTurn) -> None:
        if turn.happens(0.6):
            await self.event(turn, "message-arrived", {"thread": "t1", "direction": "in"})

    def _owner(self, turn: CaseTurn) -> Actor | None:
        owner = turn.state.owner
        return Actor(id=owner, roles=(Role.COUNSELLOR,)) if owner is not None else None
