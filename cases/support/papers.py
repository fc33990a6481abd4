"""What of a case leaves the office on paper, for who sees what is personal of it; the door notes the read."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import asyncpg

from activities.kernel.queries import queries
from activities.support.extract import extract
from activities.support.letter import letter
from cases.administration import note
from cases.page import read_page
from cases.texts import Vault, texts_of
from schemas.kernel.case import Actor
from schemas.kernel.refusals import Refusal
from schemas.kernel.schedules import local_day
from schemas.support.letters import LetterPart

SQL: Final = queries("support/support")


async def extract_of(
    pool: asyncpg.Pool, vault: Vault, case: asyncpg.Record, actor: Actor
) -> tuple[str, list[str]]:
    """The extract of a case for the student who has asked (P8), and its parts; logged by its hash.

    Raises:
        Refusal: the request is not answered, or what is disclosed has to wait.
    """
    case_id = case["case_id"]
    answer = await pool.fetchrow(SQL["answered"], case_id)
    if answer is None:
        raise Refusal("access-unanswered")
    if answer["waits"]:
        raise Refusal("access-waits", until=f"{answer['open_from'].astimezone():%Y-%m-%d %H:%M}")
    page, own = await read_page(pool, case, actor)
    words = await texts_of(pool, vault, case_id)
    content = extract(page | own, dict(answer), words, await _names(pool, case_id, words))
    await note(pool, actor.id, "extract", case_id, sha256=sha256(content.encode()).hexdigest())
    return content, list(answer["parts"])


async def _names(pool: asyncpg.Pool, case_id: str, words: Iterable[Mapping[str, Any]]) -> set[str]:
    """Of everybody but the student whose name the system knows: who has referred, and the staff."""
    said = {each["text_id"]: each["body"] for each in words}
    referrers = await pool.fetch(SQL["names_of_referrer"], case_id)
    names = {said.get(text_id) for row in referrers for text_id in row.values()}
    staff = await pool.fetch(SQL["names_of_staff"])
    return {name for name in names if name} | {each for row in staff for each in row.values()}


async def letter_of(pool: asyncpg.Pool, vault: Vault, case: asyncpg.Record, actor: Actor, cause: str) -> str:
    """A letter of referral as it was decided, by the cause of that decision.

    Raises:
        Refusal: no letter was.
    """
    case_id = case["case_id"]
    decided = await pool.fetchrow(SQL["letter"], case_id, cause)
    if decided is None:
        raise Refusal("no-such-letter")
    about = await pool.fetchval(SQL["person_text"], case_id)
    words = {str(each["text_id"]): each["body"] for each in await texts_of(pool, vault, case_id)}
    page, own = await read_page(pool, case, actor)
    return letter(
        page | own,
        decided["receiver"],
        [LetterPart(each) for each in json.loads(decided["parts"])],
        person=words.get(str(about)),
        words=words.get(decided["remark"]),
        today=local_day(datetime.now(UTC)),
    )
