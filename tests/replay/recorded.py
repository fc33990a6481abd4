"""The histories that are held fixed, in a folder for each process; each is named `<process>/<scenario>`."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client, WorkflowHistory

from workers.temporal import DATA_CONVERTER, register_search_attributes

HISTORIES: Final = Path(__file__).parent / "histories"
RECORDED: Final = sorted(
    str(path.relative_to(HISTORIES).with_suffix("")) for path in HISTORIES.glob("*/*.json")
)


@pytest.fixture
async def client(temporal) -> Client:
    """Without encryption, so that a recording needs no key."""
    client = await Client.connect(temporal.address, data_converter=DATA_CONVERTER)
    await register_search_attributes(client)
    return client


def text_of(name: str) -> str:
    """A recorded history as JSON."""
    return (HISTORIES / f"{name}.json").read_text(encoding="utf-8")


def missing(process: str, scenarios: Iterable[str]) -> list[str]:
    """The scenarios of a process that have no history yet."""
    return [name for name in scenarios if f"{process}/{name}" not in RECORDED]


def keep(process: str, scenario: str, history: WorkflowHistory) -> None:
    """Write a history down, without whose machine it was and where that has its files."""
    text = re.sub(r'"identity": "[^"]*"', '"identity": "recorder"', history.to_json())
    text = text.replace(f"{Path(__file__).parents[2]}/", "")
    text = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    (HISTORIES / process).mkdir(exist_ok=True)
    (HISTORIES / process / f"{scenario}.json").write_text(text + "\n", encoding="utf-8")
