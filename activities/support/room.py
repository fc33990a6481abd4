"""The room of support cases."""

from typing import Final

from activities.kernel.room import Room, Search
from activities.support.case_page import own_part
from activities.support.kinds import KINDS_WORK
from activities.support.lookups import LOOKUPS
from activities.support.messages import ASKING, MESSAGES
from activities.support.rota import GAPS_WORK
from workflows.support.process import SUPPORT
from workflows.support.sight import ADMINISTRATION, SIGHT

ROOM: Final = Room(
    process=SUPPORT,
    lookups=LOOKUPS,
    messages=MESSAGES,
    page=own_part,
    sight=SIGHT,
    open_to_all=True,
    administration=ADMINISTRATION,
    asking=ASKING,
    search=Search.PERSON,
    schedules=(GAPS_WORK, KINDS_WORK),
)
