"""How long a delivery of notices may take, and starting one that no case waits for."""

from datetime import timedelta
from typing import Final

from temporalio.client import Client
from temporalio.common import ActivityIDConflictPolicy, RetryPolicy

from schemas.kernel.transition import Delivery, DeliveryReport

DELIVER: Final = "deliver-notices"
NOTICE_TIMEOUT: Final = timedelta(minutes=10)
NOTICE_HEARTBEAT: Final = timedelta(minutes=3)
NOTICE_RETRY: Final = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(hours=1))


async def start_delivery(
    client: Client, queue: str, delivery: Delivery, activity_id: str, summary: str
) -> None:
    """Have it carried out beside the cases, on the notices' queue of a home.

    One of this id that is under way goes on instead.
    """
    await client.start_activity(
        DELIVER,
        delivery,
        id=activity_id,
        task_queue=queue,
        result_type=DeliveryReport,
        id_conflict_policy=ActivityIDConflictPolicy.USE_EXISTING,
        start_to_close_timeout=NOTICE_TIMEOUT,
        heartbeat_timeout=NOTICE_HEARTBEAT,
        retry_policy=NOTICE_RETRY,
        summary=summary,
    )
