"""The room of requests of high schools."""

from typing import Final

from activities.kernel.room import Room, Search
from activities.outreach.case_page import own_part
from activities.outreach.lookups import LOOKUPS
from activities.outreach.messages import ASKING, MESSAGES
from workflows.outreach.process import OUTREACH
from workflows.outreach.sight import ADMINISTRATION, SIGHT

ROOM: Final = Room(
    process=OUTREACH,
    lookups=LOOKUPS,
    messages=MESSAGES,
    page=own_part,
    sight=SIGHT,
    administration=ADMINISTRATION,
    shared=frozenset({"title", "kind", "grade", "persons", "minutes", "dates", "date"}),
    asking=ASKING,
    search=Search.TEXTS,
)
