"""The room of requests of high schools."""

from typing import Final

from activities.kernel.room import Room
from activities.outreach.lookups import LOOKUPS
from activities.outreach.messages import ASKING, MESSAGES
from workflows.outreach.process import OUTREACH

ROOM: Final = Room(process=OUTREACH, lookups=LOOKUPS, messages=MESSAGES, asking=ASKING)
