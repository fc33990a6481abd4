"""Whole rounds at random, with workers that die at any point of any step: what must hold holds after each.

Of I1 to I5: offers within the limit, and later ones within the places; who was called is a prefix of the
waitlist; a freed place is given once; what is out has the confirmed hash; one place an applicant.
"""

import asyncio
import copy
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activities.kernel.database import open_pool
from activities.round.waitlist import is_prefix
from schemas.kernel.refusals import Refusal
from schemas.round import commands
from tests.conftest import Database
from tests.pure import jst
from tests.round import bureau as small
from tests.round.bureau import CASE, CLOSES, HEAD, RELEASE, Bureau, furnish
from tests.round.calling import BEGINS, Desk

FULL: Final = os.environ.get("IEHE_TESTS") == "full"
EXAMPLES: Final = 40 if FULL else 4
POINTS: Final = ("step-applied", "step-committed")
PROGRAMMES: Final = ("elec", "law", "mech")
CHOICES: Final = (("law-a",), ("law-b",), ("law-a", "law-b"), ("mech", "elec"), ("elec",))
ACTS: Final = ("call", "call", "call", "take", "decline", "withdraw", "elsewhere", "wait")
OUTCOMES: Final = ("accepts", "accepts", "declines", "no-answer")
