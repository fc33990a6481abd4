"""The people and systems of the demonstration: each acts on a case when it is their turn, or forgets to."""

import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import asyncpg
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError

from schemas.admission.commands import (
    AcceptReview,
    AnswerOffer,
    CastVote,
    ConfirmEligibility,
    DeclineReview,
    RecordDecision,
    RecordEnrolment,
    Rejudge,
    ResolveDuplicate,
    SubmitScores,
)
from schemas.admission.identifiers import PROCESS
from schemas.admission.roles import Role
from schemas.admission.stages import Choice
from schemas.kernel.case import Actor, Command, EventEnvelope
from schemas.kernel.identifiers import EVENT_SIGNAL, event_type
from workers.demo.servers import Servers

OFFICE: Final = Actor(id="office-1", roles=(Role.ADMISSIONS_OFFICE,))
HEAD: Final = Actor(id="head-1", roles=(Role.HEAD_OF_ADMISSIONS,))
ITEMS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("document-received", {"item": "transcript"}),
    ("document-received", {"item": "identity"}),
    ("fee-paid", {}),
    ("recommendation-received", {}),
)


@dataclass
class Cast:
    """Everybody who acts; `chance` is seeded, so that the same cohort plays the same way."""

    servers: Servers
    chance: random.Random
    decisions: int = 0
    events: int = 0
    refused: int = 0

    async def act(self, case: asyncpg.Record) -> None:
        """Let whoever's turn it is do something, or not."""
        turns: dict[str, Callable[[asyncpg.Record, dict[str, Any]], Awaitable[None]]] = {
            "completeness": self._send_parts,
            "eligibility": self._check,
            "review": self._review,
            "committee": self._vote,
            "ranked": self._decide,
            "offered": self._answer,
            "waitlisted": self._promote,
            "accepted": self._enrol,
            "rejected": self._look_again,
        }
        if case["stage"] in turns:
            await turns[case["stage"]](case, json.loads(case["state"]))

    async def _send_parts(self, case: asyncpg.Record, state: dict[str, Any]) -> None:
        if self._happens(0.01):
            await self._event(case, "withdrawal-requested", {"reason": "other-university"})
            return
        never = case["case_id"].endswith(("3", "7")) and self._lot(case["case_id"]) < 0.35  # noqa: PLR2004
        for fact, data in ITEMS:
            key = data.get("item") or {"fee-paid": "fee"}.get(fact, "recommendation")
            there = state["items"].get(key, {}).get("present", False)
            if not there and not (never and key == "identity") and self._happens(0.45):
                await self._event(case, fact, data)

    async def _check(self, case: asyncpg.Record, state: dict[str, Any]) -> None:
        if "resolve-duplicate" in state["tasks"]:
            looked = await self._reason(case, "別人と確認（見本）")
            await self._decision(case, ResolveDuplicate, OFFICE, same_person=False, reason_id=looked)
        eligible = self._lot(case["case_id"]) > 0.04  # noqa: PLR2004
        reason = None if eligible else await self._reason(case, "出願資格を満たさない（見本）")
        await self._decision(case, ConfirmEligibility, OFFICE, eligible=eligible, reason_id=reason)

    async def _review(self, case: asyncpg.Record, state: dict[str, Any]) -> None:
        for reviewer, review in state["reviews"].items():
            actor = Actor(id=reviewer, roles=(Role.REVIEWER,))
            if review["state"] == "invited" and self._happens(0.06):
                await self._decision(case, DeclineReview, actor, conflict=True)
            elif review["state"] == "invited" and self._happens(0.7):
                await self._decision(case, AcceptReview, actor, no_conflict=True)
            elif review["state"] == "accepted" and self._happens(0.5):
                merit = self._lot(case["case_id"] + "merit")
                points = {
                    key: round(min(10.0, max(0.0, 10 * merit + self.chance.uniform(-1.5, 3))), 1)
                    for key in ("academic", "motivation", "activities")
                }
                await self._decision(case, SubmitScores, actor, points=points)

    async def _vote(self, case: asyncpg.Record, state: dict[str, Any]) -> None:
        if not state["ballots"]:
            return
        voted = state["ballots"][-1]["votes"]
        verdicts = [review["verdict"] for review in state["reviews"].values() if review["verdict"]]
        good = verdicts.count("positive") * 2 >= len(verdicts)
        casting = "casting-vote" in state["tasks"]
        for member in state["committee"]:
            if member["conflict"] or member["near"] or (casting and not member["chair"]):
                continue
            if (member["member"] in voted and not casting) or not self._happens(0.75):
                continue
            role = Role.COMMITTEE_CHAIR if member["chair"] else Role.COMMITTEE_MEMBER
            choice = Choice.ADMIT if good ^ self._happens(0.15) else Choice.REJECT
            reason = await self._reason(case, "委員会での審議による（見本）")
            actor = Actor(id=member["member"], roles=(role,))
            await self._decision(case, CastVote, actor, choice=choice, casting=casting, reason_id=reason)

    async def _decide(self, case: asyncpg.Record, state: dict[str, Any]) -> None:
        if state["result"] == Choice.REJECT:
            await self._decision(case, RecordDecision, HEAD, decision="rejected")
        elif not await self._decision(case, RecordDecision, HEAD, decision="offered"):
            await self._decision(case, RecordDecision, HEAD, decision="waitlisted")

    async def _answer(self, case: asyncpg.Record, _state: dict[str, Any]) -> None:
        lot = self._lot(case["case_id"] + "answer")
        if lot < 0.12 or not self._happens(0.4):  # noqa: PLR2004 - some never answer
            return
        answer = "accepted" if lot > 0.3 else "declined"  # noqa: PLR2004
        if self._happens(0.2):
            await self._decision(case, AnswerOffer, OFFICE, answer=answer)
        else:
            await self._event(case, "offer-answered", {"answer": answer})

    async def _promote(self, case: asyncpg.Record, _state: dict[str, Any]) -> None:
        if self._happens(0.3):
            await self._decision(case, RecordDecision, HEAD, decision="offered")

    async def _enrol(self, case: asyncpg.Record, _state: dict[str, Any]) -> None:
        if self._happens(0.3):
            lot = self._lot(case["case_id"] + "enrol")
            result = "deferred" if lot < 0.05 else "conditions_not_met" if lot < 0.1 else "enrolled"  # noqa: PLR2004
            reason = await self._reason(case, "手続の結果（見本）")
            await self._decision(case, RecordEnrolment, OFFICE, result=result, reason_id=reason)

    async def _look_again(self, case: asyncpg.Record, _state: dict[str, Any]) -> None:
        if self._lot(case["case_id"] + "again") < 0.05 and self._happens(0.5):  # noqa: PLR2004
            reason = await self._reason(case, "採点の誤りを確認（見本）")
            await self._decision(case, Rejudge, HEAD, reason_id=reason)

    async def _event(self, case: asyncpg.Record, fact: str, data: dict[str, Any]) -> None:
        envelope = EventEnvelope(id=uuid4().hex, source="demo", type=event_type(PROCESS, fact), data=data)
        try:
            await self.servers.client.get_workflow_handle(case["case_id"]).signal(EVENT_SIGNAL, envelope)
            self.events += 1
        except RPCError:
            self.refused += 1

    async def _decision(self, case: asyncpg.Record, command: type[Command], by: Actor, **values: Any) -> bool:
        message = command(command_id=uuid4().hex, actor=by, **values)
        try:
            handle = self.servers.client.get_workflow_handle(case["case_id"])
            await handle.execute_update(command.step, message, id=message.command_id)
        except (WorkflowUpdateFailedError, RPCError):
            self.refused += 1
            return False
        self.decisions += 1
        return True

    async def _reason(self, case: asyncpg.Record, text: str) -> str:
        text_id = uuid4()
        await self.servers.pool.execute(
            "INSERT INTO iehe.texts (text_id, case_id, author, body) VALUES ($1, $2, 'demo', $3)",
            text_id,
            case["case_id"],
            text,
        )
        return str(text_id)

    def _happens(self, share: float) -> bool:
        return self.chance.random() < share

    @staticmethod
    def _lot(text: str) -> float:
        """A number between 0 and 1 that belongs to a case for good."""
        return random.Random(text).random()  # noqa: S311 - lots of a play
