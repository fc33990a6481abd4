"""The people of the demonstrated round at the pages: each decision is a question, a check, and done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2

from embedded.home import Home
from schemas.kernel.case import Actor, Command, Receipt
from schemas.kernel.japan import TOKYO
from tests.office_pages.browser import Browser
from tests.office_pages.desks import Desk, desk_of, send, text_of
from workers.demo.scenario import WentWrongError
from workers.demo.servers import Servers
from workers.round.office import RoundOffice

TRIES = 10
WORDS = "見本: 理由"
STANDS = "SELECT version, stage FROM iehe.cases WHERE case_id = $1"
OF_TEXT = "_id"
"""Ends the name of a field whose words are typed on a page, and stand elsewhere in a decision."""


@dataclass
class ByPages(RoundOffice):
    """Decides at the pages; all else by commands."""

    desk: Desk | None = None
    _browsers: dict[str, Browser] = field(default_factory=dict)

    async def decide(self, command: type[Command], by: Actor, **values: Any) -> Receipt:
        """A decision; one that is refused ends the demonstration.

        Raises:
            WentWrongError: a page says something else than what was asked for.
        """
        for tried in range(TRIES):
            done = await self._asked(command, by, values)
            if done.status_code == 303:
                break
            # the case has changed since the form was asked for: a person looks, and sends it again
            if done.status_code != 409 or tried == TRIES - 1:
                raise WentWrongError(f"{command.step}: {done.status_code}: {text_of(done)[:600]}")
            await asyncio.sleep(0.5)
        self.decisions += 1
        row = await self.servers.pool.fetchrow(STANDS, self.case_id)
        return Receipt(case_id=self.case_id, step=command.step, **row)

    async def _asked(self, command: type[Command], by: Actor, values: dict[str, Any]) -> httpx2.Response:
        """A question, a check, and what comes of it; or the page that has kept it from coming so far."""
        browser, typed = await self._at(by), {}
        path = f"/cases/{self.case_id}/do/{command.step}"
        question = await browser.get(path)
        if question.status_code != 200:
            return question
        for name, value in values.items():
            typed |= _typed(name, value)
        check = await send(browser, path, question, **typed, step="check")
        return await send(browser, path, check, step="do") if check.status_code == 200 else check

    async def _at(self, by: Actor) -> Browser:
        assert self.desk is not None
        if by.id not in self._browsers:
            self._browsers[by.id] = await self.desk.of(by.id, "ja")
        return self._browsers[by.id]


def _typed(name: str, value: Any) -> dict[str, str]:
    if name.endswith(OF_TEXT):
        return {name.removesuffix(OF_TEXT): WORDS}
    if isinstance(value, datetime):
        return {name: f"{value.astimezone(TOKYO):%Y-%m-%dT%H:%M}"}
    return {name: str(value)}


@asynccontextmanager
async def pages_of(servers: Servers) -> AsyncIterator[Desk]:
    """The pages over the servers of a demonstration."""
    home = Home(Path(servers.environment["IEHE_HOME"]))
    url = servers.environment["IEHE_OFFICE_DATABASE_URL"]
    database = SimpleNamespace(url=lambda _role: url, server=SimpleNamespace(home=home))
    async with desk_of(database, servers.client) as desk:
        yield desk
