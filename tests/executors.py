"""The executor under test: the one `OBJECTRY_TEST_EXECUTOR` names, else the default one."""

import os

from objectry_runtime.services.known_settings import SETTINGS
from objectry_runtime.store.executor import Executor
from objectry_runtime.store.kinds import EXECUTORS

KIND = os.environ.get("OBJECTRY_TEST_EXECUTOR", str(SETTINGS["executor"].default))


def new_executor(dsn: str, *, size: int = 4, statement_timeout: float = 30.0) -> Executor:
    """An executor of that kind, not opened yet."""
    return EXECUTORS[KIND](dsn, size=size, statement_timeout=statement_timeout)
