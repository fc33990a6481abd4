"""Where the institute's clock stands."""

from typing import Final
from zoneinfo import ZoneInfo

TOKYO: Final = ZoneInfo("Asia/Tokyo")
"""Every day, deadline and hour that people are told is counted here."""
