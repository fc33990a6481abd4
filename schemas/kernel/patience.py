"""How long anybody waits for a server before saying that it does not answer: one bound, and its parts."""

from datetime import timedelta
from typing import Final

ANSWER_WITHIN: Final = timedelta(seconds=15)
"""For a decision, a command's question and all of `iehe doctor`."""
CONNECT_WITHIN: Final = ANSWER_WITHIN / 3
"""For the first answer of a server: a frozen one takes connections and says nothing."""
PROBE_WITHIN: Final = ANSWER_WITHIN / 6
"""For each question of `/readyz`, which somebody else asks every few seconds."""
