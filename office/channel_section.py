"""What the page of a person shows of their channels: which there are, tested or not, and the forms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from cases.staff_channels import (
    ADD,
    CODE_MINUTES,
    CODE_TRIES,
    keeps_channels,
    list_channels,
    webhooks_in_use,
)
from office.forms import Input
from office.pages import Reader
from office.words import Tongue
from schemas.kernel.identifiers import MAIL, WEBHOOK


@dataclass(frozen=True)
class ChannelSection:
    """The channels of somebody in words, never with an address, and the fields of both forms."""

    rows: tuple[dict[str, Any], ...]
    adding: tuple[Input, ...]
    code: Input
    minutes: int = CODE_MINUTES
    tries: int = CODE_TRIES

    @property
    def faulty(self) -> tuple[Input, ...]:
        """The fields of which something is wrong."""
        return tuple(each for each in (*self.adding, self.code) if each.fault)


async def channel_section(
    pool: asyncpg.Pool,
    reader: Reader,
    staff_id: str,
    given: Mapping[str, str],
    faults: Mapping[str, str],
) -> ChannelSection | None:
    """The section of somebody for who may keep it, with a form as it was sent; None for all others."""
    if not keeps_channels(reader.actor, ADD, staff_id):
        return None
    t, webhooks = reader.tongue, await webhooks_in_use(pool)
    choices = (MAIL, *(f"{WEBHOOK}:{name}" for name in webhooks))
    channel = Input(
        "channel",
        "select",
        t("Channel"),
        hint=t("Mail goes to the address on record. Another address is tested anew."),
        required=True,
        choices=tuple((each, channel_name(t, each), "") for each in choices),
        value=given.get("channel", ""),
        fault=faults.get("channel", ""),
    )
    address = Input(
        "address",
        "text",
        t("Address at the gateway"),
        hint=t("What the gateway knows the person by, such as the number of a pager. Not needed for mail."),
        value=given.get("address", ""),
        fault=faults.get("address", ""),
    )
    code = Input("code", "number", t("Code that came"), required=True, fault=faults.get("code", ""))
    rows = tuple(_row(t, each) for each in await list_channels(pool, staff_id))
    return ChannelSection(rows, (channel, address) if webhooks else (channel,), code)


def channel_name(t: Tongue, channel: str) -> str:
    """What a channel is called."""
    return t("Mail") if channel == MAIL else t("Gateway {name}", name=channel.partition(":")[2])


def _row(t: Tongue, row: Mapping[str, Any]) -> dict[str, Any]:
    if not row["in_use"]:
        tested = t("the gateway is no longer in use")
    elif row["tested"]:
        tested = t.moment(row["tested_at"])
    else:
        tested = t("not tested") if row["tested_at"] is None else t("no longer: test it again")
    return {
        "channel": row["channel"],
        "name": channel_name(t, row["channel"]),
        "added": t.moment(row["added_at"]),
        "tested": tested,
        "counts": row["tested"],
        "in_use": row["in_use"],
    }
