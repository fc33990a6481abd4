"""The room of admission review."""

from typing import Final

from activities.admission.case_page import own_part
from activities.admission.lookups import LOOKUPS
from activities.admission.messages import ASKING, MESSAGES
from activities.admission.rounds import Rounds
from activities.kernel.room import Room, Search
from workflows.admission.process import ADMISSION_REVIEW
from workflows.admission.sight import ADMINISTRATION, SIGHT

ROOM: Final = Room(
    process=ADMISSION_REVIEW,
    lookups=LOOKUPS,
    messages=MESSAGES,
    page=own_part,
    policy_tables=Rounds,
    sight=SIGHT,
    administration=ADMINISTRATION,
    shared=frozenset({"round_text"}),
    asking=ASKING,
    search=Search.TEXTS,
)
