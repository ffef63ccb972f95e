"""A PgBouncer of a test's own, in transaction mode, set up as docs/how-to/pgbouncer.md says."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from objectry_runtime.store.embedded.account import account_for
from tests.server import free_port

VERSION_MIN = (1, 21)

_SETTINGS = """
[databases]
* = host=127.0.0.1 port={server} connect_query='{session}'

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 6
max_client_conn = 100
max_prepared_statements = {prepared}
ignore_startup_parameters = options
"""
# What the runtime otherwise asks of each session itself.
_SESSION = (
    "set role objectry_runtime; set search_path = pg_catalog; "
    "set client_min_messages = warning; set statement_timeout = 30000; "
    "set idle_in_transaction_session_timeout = 60000"
)


def program() -> str:
    """Where PgBouncer is: `OBJECTRY_TEST_PGBOUNCER`, or on the path; "" when it is too old."""
    found = os.environ.get("OBJECTRY_TEST_PGBOUNCER") or shutil.which("pgbouncer")
    if not found:
        return ""
    told = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    version = re.search(r"(\d+)\.(\d+)", told)
    new = version and (int(version[1]), int(version[2])) >= VERSION_MIN
    return found if new else ""


@contextmanager
def pgbouncer(
    folder: Path, server_port: int, *, prepared: int, session: str = _SESSION
) -> Generator[int]:
    """Run one in front of the server at that port; the port it listens on."""
    account = account_for(folder, folder / "users.txt")
    port = free_port()
    (folder / "users.txt").write_text('"objectry" ""\n')
    (folder / "pgbouncer.ini").write_text(
        _SETTINGS.format(
            server=server_port, session=session, port=port, folder=folder, prepared=prepared
        )
    )
    for file in ("users.txt", "pgbouncer.ini"):
        (folder / file).chmod(0o644)
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen(
            [program(), str(folder / "pgbouncer.ini")],
            stdout=log,
            stderr=log,
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=[] if account.switch else None,
        )
        try:
            _wait(process, port, folder / "pgbouncer.log")
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(500):
        assert process.poll() is None, log.read_text()
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=objectry dbname=objectry").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.02)
    raise AssertionError(log.read_text())
