"""The room of admission rounds."""

from typing import Final

from activities.kernel.room import Room
from activities.round.case_page import own_part
from activities.round.lookups import LOOKUPS
from activities.round.messages import ASKING, MESSAGES
from activities.round.ranking import RANKING_ERRAND
from activities.round.rejudgments import REJUDGING_ERRAND
from workflows.round.process import ROUND
from workflows.round.sight import ADMINISTRATION, SIGHT

ROOM: Final = Room(
    process=ROUND,
    lookups=LOOKUPS,
    messages=MESSAGES,
    page=own_part,
    sight=SIGHT,
    administration=ADMINISTRATION,
    shared=frozenset(
        {"year", "route", "closes_at", "exam_on", "make_up_on", "first_stage_at", "release_at", "enrol_by"}
    ),
    asking=ASKING,
    errands=(RANKING_ERRAND, REJUDGING_ERRAND),
)
