"""The room of dormitory allocation."""

from typing import Final

from activities.dormitory.case_page import own_part
from activities.dormitory.lookups import LOOKUPS
from activities.dormitory.messages import ASKING, MESSAGES
from activities.kernel.room import Room
from workflows.dormitory.process import DORMITORY
from workflows.dormitory.sight import ADMINISTRATION, SIGHT

ROOM: Final = Room(
    process=DORMITORY,
    lookups=LOOKUPS,
    messages=MESSAGES,
    page=own_part,
    sight=SIGHT,
    administration=ADMINISTRATION,
    shared=frozenset({"house", "term", "first", "until"}),
    asking=ASKING,
)
