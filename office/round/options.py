"""What may be chosen about a round that only the database knows: files, lists by their hashes, policies."""

from collections.abc import Mapping
from typing import Final

import asyncpg

from activities.kernel.queries import queries
from cases.round.rejudgments import rejudgments as list_rejudgments
from office.options import Asking, Found
from schemas.kernel.case import Command
from schemas.round import commands, rejudgment
from schemas.round.state import RoundState
from workflows.kernel.choices import Choice, named
from workflows.round.intake import CONFIRM_SCORE

SQL: Final = queries("round/boards")
SHORT: Final = 12
"""Characters of a hash that a person compares."""


async def _files(pool: asyncpg.Pool, state: RoundState, _found: Found) -> Found:
    """Files that wait to be accepted, and the hash of each: what is chosen has to be of one file."""
    rows = [row for row in await pool.fetch(SQL["batches"], state.case_id) if row["state"] == "loaded"]
    names = [f"{row['kind']} {row['hash'][:SHORT]}" for row in rows]
    files = zip(rows, names, strict=True)
    return {
        "batch": tuple(
            Choice(str(row["batch"]), name, name, note=(f"{row['rows']} 行", f"{row['rows']} rows"))
            for row, name in files
        ),
        "hash": tuple(Choice(row["hash"], name, name) for row, name in zip(rows, names, strict=True)),
    }


def _lists(*states: str, of_first_stage: str) -> Asking:
    """The lists that a decision can be about, by programme and hash; on a first stage's nobody judges."""

    def ready(row: asyncpg.Record, state: RoundState) -> bool:
        return row["state"] in ((of_first_stage,) if row["programme"] in state.first_stage else states)

    async def found(pool: asyncpg.Pool, state: RoundState, _found: Found) -> Found:
        rows = [row for row in await pool.fetch(SQL["lists"], state.case_id) if ready(row, state)]
        names = [f"{row['programme']} {row['hash'][:SHORT]}" for row in rows]
        return {
            "programme": tuple(named(row["programme"] for row in rows)),
            "hash": tuple(Choice(row["hash"], name, name) for row, name in zip(rows, names, strict=True)),
        }

    return found


async def _versions(pool: asyncpg.Pool, state: RoundState, _found: Found) -> Found:
    """The versions of the policy that have rules for the round, the newest first."""
    rows = await pool.fetch(SQL["policies"], state.case_id)
    return {
        "version": tuple(
            Choice(
                row["version"],
                row["version"],
                row["version"],
                note=(f"{row['valid_from']} から", f"from {row['valid_from']}"),
            )
            for row in rows
        )
    }


async def _rejudgments(pool: asyncpg.Pool, state: RoundState, _found: Found) -> Found:
    """The one that was computed and that nobody has confirmed, by its hash."""
    rows = [row for row in await list_rejudgments(pool, state.case_id) if row["state"] == "recomputed"]
    return {
        "hash": tuple(
            Choice(row["hash"], *(f"{row['rejudgment']} {row['hash'][:SHORT]}",) * 2) for row in rows
        )
    }


async def _right_rules(pool: asyncpg.Pool, state: RoundState, found: Found) -> Found:
    """What was wrong, and the versions of the policy that have rules for the round."""
    return {**found, **await _versions(pool, state, found)}


def _corrections(*, told: bool) -> Asking:
    """Scores that somebody wants put right, by part; what they are to be is on no form.

    Args:
        told: those that wait for a second person; otherwise those that nobody has told the round of.
    """

    async def found(pool: asyncpg.Pool, state: RoundState, _found: Found) -> Found:
        rows = await pool.fetch(SQL["corrections"], state.case_id)
        return {
            "proposal": tuple(
                Choice(str(row["proposal"]), *(f"{row['number']} {row['part']}",) * 2)
                for row in rows
                if (f"{CONFIRM_SCORE}:{row['proposal'].hex}" in state.tasks) == told
            )
        }

    return found


async def _calls(pool: asyncpg.Pool, state: RoundState, found: Found) -> Found:
    """Who is to be called now."""
    rows = await pool.fetch(SQL["calls"], state.case_id)
    return {**found, "number": tuple(named(dict.fromkeys(row["number"] for row in rows)))}


OPTIONS: Final[Mapping[type[Command], Asking]] = {
    commands.FixRules: _versions,
    commands.AcceptBatch: _files,
    commands.CorrectScore: _corrections(told=False),
    commands.ConfirmScore: _corrections(told=True),
    commands.RecordContact: _calls,
    rejudgment.OpenRejudgment: _right_rules,
    rejudgment.ConfirmRejudgment: _rejudgments,
    commands.PrepareList: _lists("made", of_first_stage="made"),
    commands.RecordJudgement: _lists("prepared", "judged", of_first_stage=""),
    commands.ConfirmList: _lists("judged", of_first_stage="prepared"),
}
