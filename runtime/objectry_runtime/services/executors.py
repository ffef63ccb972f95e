"""The executor that the settings ask for: of one server, or of a primary with its replicas."""

from functools import partial

from objectry_runtime.services.settings import Settings
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.hosts import Hosts, replica_dsns
from objectry_runtime.store.kinds import EXECUTORS
from objectry_runtime.store.pooler import pooler_dsn


def new_executor(settings: Settings, database: Database) -> Executor:
    """In the runtime role, not opened yet; each server gets `limits.connections`."""
    make = partial(
        EXECUTORS[settings.text("executor")],
        size=settings.number("limits.connections"),
        statement_timeout=settings.number("limits.statement_timeout_ms") / 1000,
    )
    pooler = settings.text("pooler_url")
    primary = pooler_dsn(pooler) if pooler else database.runtime_dsn
    if pooler:
        # What the pooler keeps prepared outlives what a publisher changes.
        make = partial(make, prepared_max=0)
    replicas = replica_dsns(settings.text("replica_urls"))
    if not replicas:
        return make(primary)
    stale_s_max = settings.number("limits.stale_seconds_max")
    return Hosts(primary, replicas, make, stale_s_max)
