"""The rules of exchange students that are in force on a day, for what is of no case."""

from datetime import date
from typing import Final

import asyncpg

from activities.kernel.policies import read_policy
from activities.kernel.queries import queries
from schemas.exchange.policy import ExchangePolicy
from schemas.kernel.refusals import Refusal
from workflows.exchange.process import EXCHANGE

SQL: Final = queries("exchange/views")


async def policy_on(pool: asyncpg.Pool, day: date) -> ExchangePolicy:
    """The policy in force.

    Raises:
        Refusal: there is none.
    """
    async with pool.acquire() as connection:
        row = await connection.fetchrow(SQL["policy"], day)
        if row is None:
            raise Refusal("policy-unknown", policy=EXCHANGE.name)
        policy = await read_policy(connection, EXCHANGE, dict(row))
    if not isinstance(policy, ExchangePolicy):
        raise TypeError(EXCHANGE.name)
    return policy
