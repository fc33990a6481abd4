# ruff: noqa: INP001 - Python imports it at its start
"""For programs that a test starts with this folder in PYTHONPATH: outreach lives in a home of its own."""

from workflows.outreach.process import OUTREACH

object.__setattr__(OUTREACH, "home", "schools")
