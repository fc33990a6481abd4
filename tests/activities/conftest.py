"""What the tests of notices share."""

import uuid
from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest

from activities.kernel.mailer import SmtpSettings
from tests.activities.letters import CASE, NOON, World
from tests.activities.post_office import open_post_office


@pytest.fixture(scope="module")
async def database_name(postgres, template) -> AsyncIterator[str]:
    """One database for all of this file: a copy for each test would take longer than the tests."""
    name = f"notices_{uuid.uuid4().hex[:16]}"
    await postgres.create_database(name, template=template)
    yield name
    await postgres.drop_database(name)


@pytest.fixture
async def world(postgres, database_name) -> AsyncIterator[World]:
    owner = await asyncpg.connect(postgres.url("owner", database_name))
    # of what only grows, as retention takes it away
    for table in ("notice_acts", "case_notes"):
        await owner.execute("SELECT set_config('iehe.erasing', $1, false)", table)
        await owner.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own names
    kept = ("texts", "case_keys", "case_shut_out", "tasks", "notices")
    for table in (*kept, "cases", "applications", "rounds", "people", "staff"):
        await owner.execute(f"DELETE FROM iehe.{table}")  # noqa: S608 - our own names
    person = uuid.uuid4()
    await owner.execute(
        "INSERT INTO iehe.people (person_id, identity_key, family_name, given_name, family_kana, given_kana,"
        " birth_date, email, postal_code, address)"
        " VALUES ($1, 'k', '山田', '太郎', 'ヤマダ', 'タロウ', $2, 'taro@example.com', '100-0001', '東京都')",
        *(person, date(2008, 4, 2)),
    )
    await owner.execute(
        "INSERT INTO iehe.rounds VALUES ('r-2027', 'general', '一般', 'General', $1, $2, NULL, $3, $3)",
        *(NOON, NOON + timedelta(days=30), date(2027, 3, 31)),
    )
    await owner.execute(
        "INSERT INTO iehe.applications (application_no, case_id, round_id, programme, person_id, school_name,"
        " school_contact_email, submitted_on, row_sha256)"
        " VALUES ('A27-0001', $1, 'r-2027', 'law', $2, '東高校', 'office@school.example.jp', $3, 'x')",
        *(CASE, person, date(2027, 1, 10)),
    )
    await owner.execute(
        "INSERT INTO iehe.staff (staff_id, name, email, language, roles)"
        " VALUES ('sato', '佐藤', 'sato@example.ac.jp', 'en', '{reviewer}')"
    )
    await owner.execute(
        "INSERT INTO iehe.cases (case_id, process, version, stage, stage_since, opened_at, state)"
        " VALUES ($1, 'admission-review', 3, 'review', $2, $2, '{}')",
        *(CASE, NOON),
    )
    async with (
        asyncpg.create_pool(postgres.url("worker", database_name), min_size=1, max_size=3) as pool,
        open_post_office() as office,
    ):
        settings = SmtpSettings(
            host="127.0.0.1", port=office.port, sender="noreply@example.ac.jp", tls="none", timeout_seconds=5
        )
        yield World(pool, owner, office, settings)
    await owner.close()
