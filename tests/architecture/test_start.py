"""What a start may import: each of these costs every server what only a few ask for."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from objectry_runtime.cli.definitions import release_of
from objectry_runtime.publishing import ensure_first_release
from objectry_runtime.store.database import Database
from tests.server import clean_environment, free_port, objectry

# Package → when it is imported instead.
LATER = {
    "alembic": "when the system tables are migrated",
    "hypothesis": "never: a test's",
    "jsonschema": "never: a test's",
    "litestar": "when a page is first asked for",
    "prometheus_client": "when metrics are first asked for",
    "pydantic": "never: Litestar's, where it is installed",
    "rich": "never: Litestar's, where it is installed",
    "ruamel": "when YAML is formatted",
    "sqlalchemy": "when a release is planned",
    "yaml": "when definitions are read",
    "objectry.metadata.checks": "when definitions are read",
    "objectry.metadata.loader": "when definitions are read",
    "objectry.planner": "when a release is planned",
}
# Serves, asks itself once whether it is ready and for a record, tells what is imported, and stops.
SERVE = """
import json, os, signal, sys, threading, urllib.request
from objectry_runtime.cli import serving
from objectry_runtime.cli.program import run

key, port = sys.argv.pop(), int(sys.argv[-1])
serve = serving.run

def ask():
    headers = {"Authorization": f"Bearer {key}"}
    for path in ("/readyz", "/api/v1/customers"):
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        urllib.request.urlopen(asked).read()
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
    os.kill(os.getpid(), signal.SIGTERM)

serving.run = lambda app, listener, ready, *more: serve(
    app, listener, lambda: threading.Thread(target=ask).start(), *more
)
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def imported(database: Database, tmp_path: Path) -> set[str]:
    """The modules of a server on a published release that has answered for a record."""
    project = tmp_path / "desk"
    objectry("init", str(project))
    ensure_first_release(database, release_of(project), "test")
    settings = {"OBJECTRY_DATABASE_URL": database.owner_dsn, "OBJECTRY_STATE": str(tmp_path / "s")}
    folder = ("--project", str(project))
    key = objectry("key", "create", "a", "--role", "admin", *folder, extra=settings).strip()
    done = subprocess.run(
        [sys.executable, "-c", SERVE, "serve", *folder, "--port", str(free_port()), key],
        env={**clean_environment(), **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[0]))


def test_a_server_that_answers_has_imported_nothing_it_did_not_need(imported: set[str]) -> None:
    """A page, a plan or a migration pays for what only it needs."""
    assert {"objectry_runtime.api.records", "uvicorn"} <= imported
    assert {} == {name: when for name, when in LATER.items() if name in imported}
