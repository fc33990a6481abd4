"""The demonstration of an admission round: 見本 (sample) applicants, from the score files to the hand-over.

People act by the commands and decisions that they have. The applications alone are played
(`workers/round/applications.py`); what the round does about them is all its own.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from activities.kernel.staff import store_staff
from cases.texts import keep_text
from schemas.kernel.case import Actor, CompleteTask
from schemas.kernel.japan import TOKYO
from schemas.round import commands
from schemas.round.rejudgment import ConfirmRejudgment, OpenRejudgment
from schemas.round.state import RoundState
from workers.demo.scenario import Course, WentWrongError
from workers.round.applications import Applications
from workers.round.candidates import candidates, common_test_file, elsewhere_file, written_file
from workers.round.office import CHECKER, HEAD, OFFICE, RoundOffice, people
from workers.round.sample_policy import PROGRAMMES, policy_file, version_of
from workers.round.telephone import Telephone
from workflows.round.outputs import HAND_OVER, OF_RESULTS
from workflows.round.process import ROUND

MINUTE: Final = "MIHON-12"
LAW_BEYOND: Final = 1.1
"""The meeting offers so many times the places of law, as some will not come (R3)."""
LAW: Final = "law"
FULL: Final = 150
"""Marks of the written Japanese, which one applicant is found to have reached."""
STRANGER: Final = "999999"
DECLINE: Final = 0.12
LAPSE: Final = 0.02
LAST_DAY: Final = 31
"""Of March, on which promotions end."""
ELSEWHERE: Final = 0.03
"""Shares of those who are admitted, and of those who wait, in whose lives something else happens."""


class Scenario(Course[RoundState]):
    """One round of ten faculties, whatever number of applicants it has."""

    process = ROUND

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        today = datetime.now(TOKYO)
        self.year = today.year + 1
        self.those = candidates(self.applicants, self.seed)
        self.office = RoundOffice(self.servers, f"{self.year}-MIHON", self.folder)
        self.cases = 1
        self.applications = Applications(self.office)
        self.elsewhere: set[str] = set()
        self.found: dict[str, int] = {}
        """What must hold, as commands have found it."""
        self._show: Callable[[], Awaitable[None]] | None = None

    async def prepare(self) -> None:
        """Staff, a policy of the year by the command that loads it, and the round announced by its own."""
        async with self.servers.pool.acquire() as connection:
            await store_staff(connection, people())
        office = self.office
        policy = self._file("policy.toml", policy_file(self.year, self.applicants).encode())
        await office.command(HEAD, "policy", "load", policy)
        # moved days have no nights to wait through
        await self.servers.pool.execute(
            "UPDATE iehe.policies SET body = regexp_replace(body::text, "
            """'("quiet_(from|until)": *)"[0-9:]+"', '\\1"00:00"', 'g')::jsonb"""
        )
        await office.command(
            OFFICE,
            *("round", "start", "--number", office.number, "--rules", "general"),
            *("--closes-at", self._said(2, 3, 23, 59), "--exam-on", f"{self.year}-02-25"),
            *("--release-at", self._said(3, 8, 12), "--enrol-by", self._said(3, 15, 17)),
        )

    async def run(self, show: Callable[[], Awaitable[None]]) -> None:
        """All stages, in their order."""
        self._show = show
        for name, part in (
            ("applications", self._applications),
            ("score files", self._scores),
            ("lists judged and confirmed", self._lists),
            ("release and telling", self._release),
            ("answers", self._answers),
            ("re-judgment", self._rejudgment),
            ("promotions", self._promotions),
            ("settled", self._settled),
            ("hand-over and outputs", self._hand_over),
            ("disclosure", self._disclosure),
            ("checks and close", self._close),
        ):
            async with self._phase(name):
                await part()

    @asynccontextmanager
    async def _phase(self, name: str) -> AsyncIterator[None]:
        started, self.phase = time.monotonic(), name
        await self._shown()
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            self.phases[name] = round(time.monotonic() - started, 1)

    async def _beat(self) -> None:
        """Something is seen to go on while a part takes long."""
        while True:
            await asyncio.sleep(5)
            await self._shown()

    async def _shown(self) -> None:
        self.moved, self.events = self.office.ahead, self.applications.told
        self.decisions = self.office.decisions
        if self._show is not None:
            await self._show()

    # what happens, in its order

    async def _applications(self) -> None:
        office = self.office
        await office.decide(commands.FixRules, HEAD, version=version_of(self.year))
        await self.applications.rank(self.those)
        await self.applications.stand("ranked", [each.number for each in self.those])
        leaving = [each.number for each in self.those if each.withdraws]
        await self.applications.withdraw(leaving)
        await self.applications.stand("withdrawn", leaving)
        await office.goes_on(self._at(2, 4))
        await office.until_stage("scoring")

    async def _scores(self) -> None:
        """Files with faults are refused whole; the mended ones count when somebody has accepted them."""
        await self._refused("zeros.csv", self._faulty(), {"batch-zeros-lost", "batch-number-unknown"})
        await self._refused(
            "last-year.csv",
            written_file(self.those, self.year - 1),
            {"batch-head-differs", "batch-year-wrong"},
        )
        await self._load("common-test.csv", common_test_file(self.those, self.year), "common-test")
        await self._load("written.csv", written_file(self.those, self.year), "written")
        started = time.monotonic()
        await self.office.until("stage = 'judging' FROM iehe.cases WHERE case_id = $1")
        self.phases["  of it, until the lists are made"] = round(time.monotonic() - started, 1)

    def _faulty(self) -> bytes:
        first, second = self.those[0].number, self.those[1].number
        return written_file(self.those, self.year, {first: str(int(first)), second: STRANGER})

    async def _refused(self, name: str, body: bytes, codes: set[str]) -> None:
        told = await self.office.command(
            *(OFFICE, "round", "scores", "check", self.office.case_id, self._file(name, body)),
            *("--mapping", "written"),
            refused=True,
        )
        found = {each["code"] for each in told["error"]["faults"]}
        if not found & codes:
            raise WentWrongError(f"{name} ought to have {codes} and has {found}")

    async def _load(self, name: str, body: bytes, mapping: str) -> None:
        file = self._file(name, body)
        words = (self.office.case_id, file, "--mapping", mapping)
        await self.office.command(OFFICE, "round", "scores", "check", *words)
        batch = await self.office.command(OFFICE, "round", "scores", "load", *words)
        await self.office.decide(commands.AcceptBatch, OFFICE, batch=batch["batch"], hash=batch["hash"])
        for task in await self.office.tasks("check-distribution"):
            await self.office.decide(CompleteTask, CHECKER, task=task)

    async def _lists(self) -> None:
        """The meeting offers more of law than there are places; the lists are made anew by it."""
        office = self.office
        places = await self.servers.pool.fetchval(
            "SELECT places FROM iehe.frames WHERE frame = $1", f"{office.case_id}/{LAW}"
        )
        before = {each["programme"]: each["hash"] for each in await self._told("lists")}
        beyond = max(int(places) + 1, round(int(places) * LAW_BEYOND))
        await office.decide(commands.SetOfferLimit, HEAD, frame=LAW, number=beyond, minute_no=MINUTE)
        await office.until(
            "EXISTS (SELECT FROM iehe.result_lists l WHERE l.case_id = $1 AND l.name = $2"
            " AND l.hash <> $3 AND l.state = 'made') AND (SELECT stage = 'judging' AND"
            " (state ->> 'inputs')::int = (SELECT looked FROM iehe.round_inputs i WHERE i.case_id = $1)"
            " FROM iehe.cases WHERE case_id = $1)",
            *(LAW, before[LAW]),
        )
        hashes = {each["programme"]: each["hash"] for each in await self._told("lists")}
        for programme in (each.key for each in PROGRAMMES):
            seen = {"programme": programme, "hash": hashes[programme]}
            await office.decide(commands.PrepareList, OFFICE, **seen)
            await office.decide(commands.RecordJudgement, OFFICE, **seen, minute_no=MINUTE)
            await office.decide(commands.ConfirmList, CHECKER, **seen)

    async def _release(self) -> None:
        """Nothing is out a second before the hour; afterwards everybody is told."""
        office, hour = self.office, self._at(3, 8, 12)
        await office.decide(commands.ScheduleRelease, HEAD, hour=hour)
        await office.goes_on(hour - timedelta(minutes=1))
        self.found["numbers on the board before the hour"] = len(await self._told("board", by=OFFICE))
        started = time.monotonic()
        await office.goes_on(hour)
        await office.until_stage("enrolling")
        self.phases["  of it, telling"] = round(time.monotonic() - started, 1)
        told = await self.servers.pool.fetchval(
            "SELECT count(*) - count(DISTINCT data ->> 'case') FROM iehe.facts"
            " WHERE type LIKE '%.outcome-released'"
        )
        self.found["applications told twice"] = told

    async def _answers(self) -> None:
        """Most enrol; some decline, and some let the hour go by."""
        offered, waiting = await self._offered(), await self._waiting()
        declining = [each for each in offered if self._lot(each, "declines") < DECLINE]
        lapsing = [each for each in offered if DECLINE <= self._lot(each, "declines") < DECLINE + LAPSE]
        taking = [each for each in offered if each not in {*declining, *lapsing}]
        others = [each.number for each in self.those if not each.withdraws]
        of_lists = {*offered, *waiting}
        await self.applications.stand("rejected", [each for each in others if each not in of_lists])
        await self.applications.stand("waitlisted", [each for each in waiting if each not in set(offered)])
        await self._enrol(taking)
        await self.applications.give_back(declining)
        await self.applications.stand("declined", declining)
        self.lapsing = lapsing

    async def _rejudgment(self) -> None:
        """A mark of the first who waits for law was wrong: a place beyond the limit is theirs."""
        office = self.office
        lines = (await self._told("list", LAW))["lines"]
        first = min(
            (each for each in lines if each["verdict"] == "waitlisted"),
            key=lambda each: each["waitlist_place"],
        )["application"]
        await office.decide(
            OpenRejudgment, HEAD, error="score-wrong", reason_id=await self._words("採点の誤り")
        )
        proposed = await office.command(
            *(OFFICE, "round", "scores", "propose", office.case_id, first, "japanese", FULL),
            *("--reason", "見本: 答案の再確認", "--kind", "written"),
        )
        await office.decide(commands.CorrectScore, OFFICE, proposal=proposed["proposal"])
        await office.decide(commands.ConfirmScore, CHECKER, proposal=proposed["proposal"])
        await office.until(
            "EXISTS (SELECT FROM iehe.tasks t WHERE t.case_id = $1 AND t.closed_at IS NULL"
            " AND starts_with(t.key, 'confirm-rejudgment:'))"
            # computed with the right mark, and not as it stood when the re-judgment was opened
            " AND EXISTS (SELECT FROM iehe.round_rejudgments j JOIN iehe.round_inputs i USING (case_id)"
            " WHERE j.case_id = $1 AND j.state = 'recomputed' AND j.revision = i.revision)"
        )
        shown = await self._told("rejudgment")
        if first not in {each["number"] for each in shown["wronged_ones"]}:
            raise WentWrongError(f"{first} was wronged and is not among them")
        await office.decide(ConfirmRejudgment, CHECKER, hash=shown["hash"])
        while await self.servers.pool.fetchval(
            "SELECT state ->> 'rejudgment' IS NOT NULL FROM iehe.cases WHERE case_id = $1", office.case_id
        ):
            await office.goes_on(office.now + timedelta(seconds=10))
        self.found["wronged without a place"] = int(first not in await self._offered())
        await self._enrol([first])

    async def _promotions(self) -> None:
        """Places lapse, others enrol elsewhere; the office telephones down the waitlist."""
        office = self.office
        await office.goes_on(self._at(3, 15, 17, 1))
        await self.applications.lapse(self.lapsing)
        await self.applications.stand("lapsed", self.lapsing)
        await office.goes_on(self._at(3, 27, 18))
        placed = await self._holders("taken")
        known = [*placed, *await self._waiting()]
        self.elsewhere = {each for each in known if self._lot(each, "elsewhere") < ELSEWHERE} or {known[-1]}
        await self._elsewhere()
        await office.goes_on(self._at(3, 28, 9) + timedelta(seconds=1))
        await office.until_stage("supplementing")
        telephone = Telephone(office, self._lot)
        for day in (28, 29, 30, 31):
            if not await telephone.day(until=self._at(3, day, 16), promoted=self._enrol):
                break
            if day < LAST_DAY:
                await office.goes_on(self._at(3, day + 1, 9, 1))
                await self._elsewhere()
        if not telephone.promoted:
            raise WentWrongError("nobody was promoted from a waitlist")

    async def _elsewhere(self) -> None:
        """The newest list; whoever has a place here gives it back."""
        office = self.office
        name = f"elsewhere-{office.now:%m%d}.csv"
        # every day somebody more is on it
        more = [each for each in await self._waiting() if each not in self.elsewhere]
        self.elsewhere |= set(more[-1:])
        await self._load(name, elsewhere_file(self.elsewhere, self.year), "enrolled-elsewhere")
        await office.goes_on(office.now + timedelta(seconds=5))
        leaving = [each for each in await self._holders("offered", "taken") if each in self.elsewhere]
        await self.applications.give_back(leaving, "enrolled-elsewhere")
        await self.applications.stand("withdrawn", leaving)
        await office.goes_on(office.now + timedelta(seconds=5))

    async def _settled(self) -> None:
        """The last day is over; nobody waits any more."""
        await self.office.goes_on(self._at(4, 1))
        await self.office.until_stage("settled", "disclosing", beat=timedelta(minutes=5))
        released = await self.servers.pool.fetch(
            "SELECT DISTINCT data ->> 'case' AS who FROM iehe.facts WHERE type LIKE '%.waitlist-released'"
        )
        await self.applications.stand("released", [row["who"].partition("/")[2] for row in released])

    async def _hand_over(self) -> None:
        """The registrar's file, and what went out of the results, each compared by a second person."""
        office = self.office
        await office.decide(commands.HandOverEnrolled, OFFICE)
        for output in (*OF_RESULTS, HAND_OVER):
            if f"compare-output:{output}" not in await office.tasks("compare-output"):
                continue
            file = self.folder / f"{output}.csv"
            await office.command(CHECKER, "round", "output", office.case_id, output, "--to", file)
            compared = await office.command(CHECKER, "round", "compare", office.case_id, output, file)
            await office.decide(commands.CompareOutput, CHECKER, output=output, content=compared["content"])

    async def _disclosure(self) -> None:
        """In June three applicants ask for their scores, and are shown them."""
        office = self.office
        await office.goes_on(self._at(6, 1, 9))
        await office.until_stage("disclosing")
        asking = [each.number for each in self.those if each.written and not each.withdraws][:3]
        for number in asking:
            await office.portal_tells("disclosure-requested", {"application": number})
        await office.until(
            "count(*) >= $2 FROM iehe.case_log WHERE case_id = $1 AND step = 'disclosure-requested'",
            len(asking),
        )
        shown = [await self._told("disclosure", number) for number in asking]
        self.found["disclosures without a score"] = sum(not each["parts"] for each in shown)

    async def _close(self) -> None:
        """All lists again, the proof, the sums; then the head closes the round, in July."""
        office = self.office
        verified = await self._told("verify")
        self.found["lists that are made otherwise"] = sum(
            each["found"] == "differs" for each in verified["lists"]
        )
        self.found["ranks skipped on a waitlist"] = len((await self._told("proof"))["skipped"])
        sums = (await self._told("summary"))["sums"]
        self.found["places that the sums do not explain"] = (
            sums["given"] - sums["enrolled"] - sums["declined"] - sums["lapsed"]
        )
        await office.goes_on(self._at(7, 1, 9))
        await office.until(
            "EXISTS (SELECT FROM iehe.tasks WHERE case_id = $1 AND key = 'close-round' AND closed_at IS NULL)"
        )
        await office.decide(commands.CloseRound, HEAD)

    async def invariants(self) -> dict[str, int]:
        """What commands have found, and what the ledger says."""
        frames = await self.servers.pool.fetchval(
            "SELECT count(*) FROM iehe.frames WHERE held + offered + taken - extra > greatest(places, excess)"
            " AND starts_with(frame, $1 || '/')",
            self.office.case_id,
        )
        twice = await self.servers.pool.fetchval(
            "SELECT count(*) FROM (SELECT FROM iehe.places WHERE state IN ('held', 'offered', 'taken')"
            " GROUP BY case_id HAVING count(*) > 1) AS t"
        )
        return self.found | {"frames with more than they have": frames, "applicants with two places": twice}

    # what it is made of

    def _at(self, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
        return datetime(self.year, month, day, hour, minute, tzinfo=TOKYO)

    def _said(self, month: int, day: int, hour: int, minute: int = 0) -> str:
        return f"{self._at(month, day, hour, minute):%Y-%m-%d %H:%M}"

    def _file(self, name: str, body: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(body)
        return path

    def _lot(self, number: str, what: str) -> float:
        return random.Random(f"{self.seed}/{number}/{what}").random()  # noqa: S311 - a play

    async def _told(self, command: str, *words: object, by: Actor = CHECKER) -> Any:
        return await self.office.command(by, "round", command, self.office.case_id, *words)

    async def _words(self, text: str) -> str:
        text_id = uuid4()
        await keep_text(self.servers.pool, self.servers.vault, text_id, self.office.case_id, HEAD.id, text)
        return str(text_id)

    async def _enrol(self, numbers: list[str]) -> None:
        # who is promoted from a choice that they had taken has taken this one with it
        offered = set(await self._offered())
        await self.applications.take([each for each in numbers if each in offered])
        await self.applications.stand("enrolled", numbers, "paid")

    async def _holders(self, *states: str) -> list[str]:
        rows = await self.servers.pool.fetch(
            "SELECT split_part(place, '#', 2) AS number FROM iehe.places"
            " WHERE state = ANY ($2) AND starts_with(place, $1 || '#') ORDER BY 1",
            *(self.office.case_id, list(states)),
        )
        return [row["number"] for row in rows]

    async def _offered(self) -> list[str]:
        return await self._holders("offered")

    async def _waiting(self) -> list[str]:
        rows = await self.servers.pool.fetch(
            "SELECT DISTINCT number FROM iehe.round_waitlist WHERE case_id = $1"
            " AND state IN ('waiting', 'calling') ORDER BY 1",
            self.office.case_id,
        )
        return [row["number"] for row in rows]
