"""A round whose days all lie within two weeks from now, whatever day it is, those of promotion too."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

import asyncpg

from activities.round.waitlist import is_prefix, proof
from cases.batches import load_batch
from cases.finding import find_case
from cases.round.verification import verify
from schemas.admission.identifiers import PROCESS
from schemas.round import commands
from tests.office import Case
from tests.pure import TOKYO
from tests.round.bureau import Marks, application
from tests.round.calling import enrolled
from tests.round.rounds import Round, Rounds
from workflows.round.process import ROUND

DAY: Final = timedelta(days=1)
LIVE: Final = "('held', 'offered', 'taken')"


@dataclass(frozen=True)
class Days:
    """When what happens; those of promotion lie in one year, as the policy says them."""

    now: datetime
    promotes: datetime

    @classmethod
    def of(cls, now: datetime) -> Self:
        """From a moment on."""
        morning = now.replace(hour=9, minute=0, second=0, microsecond=0) + 7 * DAY
        if (morning + 4 * DAY).year != morning.year:
            morning = morning.replace(year=morning.year + 1, month=1, day=2)
        return cls(now, morning)

    @property
    def closes(self) -> datetime:
        return self.now + DAY

    @property
    def release(self) -> datetime:
        return self.now + 3 * DAY

    @property
    def enrol_by(self) -> datetime:
        return self.now + 5 * DAY

    @property
    def round_id(self) -> str:
        """The schedule of which applications come."""
        return f"{self.promotes.year}-comprehensive"

    @property
    def calling(self) -> dict[str, str]:
        """Of the policy: somebody may be called at any hour of these days."""
        moments = {
            "promote_from": self.promotes,
            "last_days_from": self.promotes + 2 * DAY,
            "enrol_until": self.promotes + 3 * DAY,
            "promote_until": self.promotes + 4 * DAY,
        }
        said = {name: f"{moment:%m-%d %H:%M}" for name, moment in moments.items()}
        return said | {"hours_from": "00:00", "hours_until": "23:59"}


@dataclass
class Soon(Round):
    """One such round."""

    days: Days

    @classmethod
    async def announced(cls, rounds: Rounds, days: Days) -> Self:
        """It begins, with its rules fixed."""
        number = days.round_id.upper()
        form = {"closes_at": days.closes, "release_at": days.release, "enrol_by": days.enrol_by}
        said = {name: moment.isoformat() for name, moment in form.items()}
        await rounds.tell(number, "round-announced", rules="general", **said)
        handle = rounds.skipper.client.get_workflow_handle(ROUND.case_id(number))
        made = cls(rounds, number, handle, days.now, days)
        await made.until_stage("planned")
        await made.fixed()
        return made

    async def onward(self, moment: datetime) -> None:
        """The workflow's time goes on to a moment; what falls due on the way happens."""
        now = await self.house.skipper.get_current_time(self.handle)
        await self.house.skipper.fast_forward(self.handle, moment - now)

    async def ready(self, marks: Marks) -> dict[str, str]:
        """Everybody has reported: to lists that are confirmed and have an hour; the hash of each."""
        await self.applied(len(marks))
        await self.onward(self.days.closes + timedelta(hours=1))
        await self.until_stage("scoring")
        await self.scores(marks)
        await self.until_stage("judging")
        await self.confirmed()
        await self.scheduled()
        return {name: await self.hash(name) for name in ("elec", "law", "mech")}

    async def scheduled(self) -> datetime:
        await self.decide(commands.ScheduleRelease, "head-1", hour=self.days.release)
        return self.days.release

    async def promoting(self) -> None:
        """The first day of promotion, with the newest list of who enrolled elsewhere."""
        await self.onward(self.days.promotes - timedelta(hours=1))
        batch = await load_batch(self.house.door, "office-1", self.case_id, ROUND.name, enrolled([]))
        await self.decide(commands.AcceptBatch, "office-1", batch=batch["batch"], hash=batch["hash"])
        await self.onward(self.days.promotes + timedelta(minutes=1))
        await self.until_stage("supplementing")

    # what is seen

    async def entries(self) -> dict[str, str]:
        """By number, where each entry stands, in the order of the waitlist."""
        rows = await self.house.owner.fetch(
            "SELECT number, state FROM iehe.round_waitlist WHERE case_id = $1 ORDER BY waits_at, number",
            self.case_id,
        )
        return {row["number"]: row["state"] for row in rows}

    async def told(self) -> int:
        """How many lines were told by now."""
        return await self.house.owner.fetchval(
            "SELECT count(*) FROM iehe.result_lines n JOIN iehe.result_lists l USING (list)"
            " WHERE l.case_id = $1 AND n.told_version IS NOT NULL",
            self.case_id,
        )

    # what holds

    async def holds(self, confirmed: dict[str, str], numbers: Iterable[str]) -> None:
        """I1, I2, I3, I4, I7 and I8 of a round that has told everybody."""
        cases = [application(number) for number in numbers]
        await self._out_is_what_was_confirmed(confirmed, cases)
        await self._each_was_told_once(cases)
        await self._no_place_is_given_twice()
        door = self.house.door
        assert is_prefix(await proof(door, self.case_id))
        again = await verify(door, "office-1", await find_case(door, self.case_id))
        assert {each["programme"]: each["found"] for each in again["lists"]} == dict.fromkeys(
            confirmed, "same"
        )

    async def _out_is_what_was_confirmed(self, confirmed: dict[str, str], cases: list[str]) -> None:
        owner = self.house.owner
        out = await owner.fetch(
            "SELECT name, hash, encode(sha256(body), 'hex') AS stored FROM iehe.result_lists"
            " WHERE case_id = $1 AND iehe.is_out(release)",
            self.case_id,
        )
        assert {row["name"]: (row["hash"], row["stored"]) for row in out} == {
            name: (hashed, hashed) for name, hashed in confirmed.items()
        }
        noted = await owner.fetch(
            "SELECT details ->> 'hash' AS hash FROM iehe.case_log"
            " WHERE case_id = $1 AND step = 'confirm-list'",
            self.case_id,
        )
        assert sorted(row["hash"] for row in noted) == sorted(confirmed.values())
        read = await self.house.door.fetch(
            "SELECT DISTINCT r.name, r.hash FROM unnest($1::text[]) AS of (case_id)"
            " CROSS JOIN iehe.released_lines(of.case_id) AS r",
            cases,
        )
        assert len(read) == len({row["name"] for row in read}) > 0
        assert {row["name"]: row["hash"] for row in read}.items() <= confirmed.items()

    async def _each_was_told_once(self, cases: list[str]) -> None:
        owner = self.house.owner
        facts = await owner.fetch(
            "SELECT data ->> 'case' AS who FROM iehe.facts"
            " WHERE case_id = $1 AND type LIKE '%.outcome-released'",
            self.case_id,
        )
        assert sorted(row["who"] for row in facts) == sorted(cases)
        lines: dict[str, Any] = await owner.fetchrow(
            "SELECT count(*) AS there, count(n.told_version) AS told FROM iehe.result_lines n"
            " JOIN iehe.result_lists l USING (list) WHERE l.case_id = $1",
            self.case_id,
        )
        assert lines["there"] == lines["told"] >= len(cases)

    async def _no_place_is_given_twice(self) -> None:
        """Neither two to a person nor more than there are, by the lines as by the sums of the ledger."""
        owner = self.house.owner
        persons = await owner.fetch(
            f"SELECT case_id FROM iehe.places WHERE state IN {LIVE} AND starts_with(place, $1 || '#')",  # noqa: S608
            self.case_id,
        )
        assert len(persons) == len(set(persons))
        frames = await owner.fetch(
            "SELECT f.frame, f.limit_::int AS most, (f.held + f.offered + f.taken)::int AS given,"  # noqa: S608
            " (SELECT count(*) FROM iehe.place_lines l JOIN iehe.places p USING (place)"
            f"  WHERE l.frame = f.frame AND l.live AND p.state IN {LIVE}) AS lines"
            " FROM iehe.frames f WHERE starts_with(f.frame, $1 || '/')",
            self.case_id,
        )
        assert [row["frame"] for row in frames if not row["lines"] == row["given"] <= row["most"]] == []
        assert sum(row["lines"] for row in frames) == len(persons)


def days_from_now() -> Days:
    """Of a round that begins now."""
    return Days.of(datetime.now(TOKYO))


async def heard(cases: Sequence[Case], times: Sequence[int]) -> None:
    """Each real case has heard so many times from its round, and has written as many letters about it."""
    for case, told in zip(cases, times, strict=True):
        steps = await case.steps()
        assert steps.count("outcome-released") == told, steps
        assert len(await case.notices("result-ready")) == told


async def with_schedule(pool: asyncpg.Pool, days: Days) -> None:
    """Applications of the year of the round have a schedule like that which comes with the system."""
    names = "route, title_ja, title_en, opens_at, closes_at, post_cutoff_at, enrol_by, waitlist_until"
    await pool.execute(
        f"INSERT INTO iehe.rounds (round_id, {names}) SELECT $1, {names} FROM iehe.rounds"  # noqa: S608
        " WHERE round_id = '2027-comprehensive' ON CONFLICT DO NOTHING",
        days.round_id,
    )
    await pool.execute(
        "INSERT INTO iehe.round_places SELECT $1, programme, places FROM iehe.round_places"
        " WHERE round_id = '2027-comprehensive' ON CONFLICT DO NOTHING",
        days.round_id,
    )


async def awake(owner: asyncpg.Connection) -> None:
    """Letters of applications go out at any hour."""
    of_admission = "FROM iehe.policies WHERE process = $1"
    body = json.loads(await owner.fetchval(f"SELECT body {of_admission}", PROCESS))
    for route in body["routes"].values():
        route["notices"] |= {"quiet_from": "00:00", "quiet_until": "00:00"}
    await owner.execute("UPDATE iehe.policies SET body = $2 WHERE process = $1", PROCESS, json.dumps(body))
