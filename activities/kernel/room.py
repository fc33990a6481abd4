"""A room: a process together with what it needs of the database and of letters."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import asyncpg

from activities.kernel.database import Connection
from activities.kernel.errands import Errand
from activities.kernel.message_templates import Message, message
from activities.kernel.policy_tables import PolicyTables
from activities.kernel.scheduled import ScheduledWork
from workflows.kernel.documents import DOCUMENTS_MISSING, FACTS
from workflows.kernel.process import Process
from workflows.kernel.sight import Administration, Sight

HOST_MESSAGES: Final[Mapping[str, Message]] = {DOCUMENTS_MISSING: message("provider", FACTS)}
"""Of a process with documents: to whoever provides them."""
OWN_PAGE: Final = "own-page"
"""Of a process with pages for readers who are no staff: the link again, on a person's order."""
Lookup = Callable[[Connection, Mapping[str, Any]], Awaitable[Any]]
"""Answers a rule's question in the transaction of its step; takes its terms, gives JSON values.

Raises Refusal where the question itself is wrong."""


OwnPage = Callable[[asyncpg.Pool, str, Any, bool], Awaitable[dict[str, Any]]]
"""What the page of a case shows beside what every case has: from its id and state, and whether what is
personal is asked for too."""


async def nothing_of_its_own(
    _pool: asyncpg.Pool, _case_id: str, _state: Any, _personal: bool
) -> dict[str, Any]:
    """The page of a process that adds nothing to it."""
    return {}


class Search(StrEnum):
    """By what a case of a room is found beside its number."""

    NUMBER = "number"
    """By nothing else."""
    TEXTS = "texts"
    """By any part of what the room keeps in `iehe.search_texts`, by triggers on its own records."""
    PERSON = "person"
    """By the whole number of whom it is about, by its keyed hash (`iehe.<room>_about`)."""


@dataclass(frozen=True)
class Room:
    """Everything that the host needs to know of one process.

    In the database its functions are named after its room: `iehe.<room>_record_<kind>` writes a record of a
    step, `iehe.<room>_recipient` tells who gets a message.
    """

    process: Process[Any]
    lookups: Mapping[str, Lookup]
    messages: Mapping[str, Message]
    page: OwnPage = nothing_of_its_own
    policy_tables: type[PolicyTables] = PolicyTables
    """What a policy file of it brings beside its rules."""
    sight: Sight = field(default_factory=dict)
    """Who sees what of its cases; nobody anything by default."""
    open_to_all: bool = False
    """Whether any member of staff may start a case of it, also who sees none; else who enters its facts."""
    administration: Administration = field(default_factory=dict)
    """Who may change what all its cases go by."""
    shared: frozenset[str] = field(default=frozenset())
    """Parts of its page that are shown to everybody who sees the case, also without the work of others."""
    asking: frozenset[str] = field(default=frozenset())
    """Messages that ask for something, and are pointless when it is done or no longer wanted."""
    schedules: tuple[ScheduledWork, ...] = ()
    """What is done for it by the clock, beside what its cases do by their own deadlines."""
    search: Search = Search.NUMBER
    """By what its cases are found, by who sees whom they are about."""
    errands: tuple[Errand, ...] = ()
    """What is done for it as soon as rows of its own wait for it."""

    @property
    def every_message(self) -> Mapping[str, Message]:
        """Its messages with those of the host that follow from what it declares."""
        documents = HOST_MESSAGES if self.process.documents else {}
        pages = {OWN_PAGE: message("provider")} if self.process.own_views else {}
        return {**documents, **pages, **self.messages}
