"""The room of incoming exchange students."""

from typing import Final

from activities.exchange.case_page import own_part
from activities.exchange.fetching import FETCHING, RECONCILIATION
from activities.exchange.lookups import LOOKUPS
from activities.exchange.messages import ASKING, MESSAGES
from activities.exchange.telling import TELLING
from activities.exchange.views import LIST_WORK
from activities.kernel.room import Room, Search
from workflows.exchange.process import EXCHANGE
from workflows.exchange.sight import ADMINISTRATION, SIGHT

ROOM: Final = Room(
    process=EXCHANGE,
    lookups=LOOKUPS,
    messages=MESSAGES,
    page=own_part,
    sight=SIGHT,
    administration=ADMINISTRATION,
    shared=frozenset({"faculty", "first", "last", "arrival"}),
    asking=ASKING,
    search=Search.TEXTS,
    schedules=(RECONCILIATION, LIST_WORK),
    errands=(FETCHING, TELLING),
)
