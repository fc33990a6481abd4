"""The running institute, for recording."""

from tests.workflows.conftest import institute, mail, notices, pool, vacant, worker_pool

__all__ = ["institute", "mail", "notices", "pool", "vacant", "worker_pool"]
