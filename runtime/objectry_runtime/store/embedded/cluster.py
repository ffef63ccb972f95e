"""Making the data folder of the embedded server, and telling whose version it is."""

import shutil
from pathlib import Path

from objectry_runtime.store.database import DatabaseUnusable
from objectry_runtime.store.embedded.places import Places

USER = "objectry"

# Written into postgresql.conf once, so that who runs it may tune it there. The log must not hold
# what people typed: no parameters, and no DETAIL (it quotes the values of a conflicting row).
_INITIAL = {
    "shared_buffers": "128MB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_duration_statement": "500",
    "log_parameter_max_length": "0",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


def make_cluster(places: Places, binaries: Path) -> None:
    """Initialise the data folder."""
    # Made aside, then renamed: whoever is killed on the way leaves no half cluster.
    parent = places.data.parent
    for remains in parent.glob("pgdata.new*"):
        shutil.rmtree(remains)
    fresh = parent / "pgdata.new"
    fresh.mkdir()
    places.account.own(fresh)
    settings = [word for name, value in _INITIAL.items() for word in ("-c", f"{name}={value}")]
    told = places.account.run(
        [
            *(binaries / "bin" / "initdb", "-D", fresh, "-U", USER, "-E", "UTF8"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=PG_UNICODE_FAST"),
            *("--auth-local=trust", "--auth-host=reject", "--no-instructions", *settings),
        ]
    )
    if told.returncode:
        raise DatabaseUnusable(
            f"the database in {places.data} could not be made: {told.stderr.strip()}"
        )
    fresh.rename(places.data)


def check_version(places: Places, binaries: Path) -> None:
    """Refuse data that another major version made."""
    data = (places.data / "PG_VERSION").read_text().strip()
    told = places.account.run([binaries / "bin" / "postgres", "--version"]).stdout
    program = told.split()[2].partition(".")[0]
    if data != program:
        raise DatabaseUnusable(
            f"{places.data} was made by PostgreSQL {data}, this is PostgreSQL {program}. "
            "Dump it with the version that made it, or name another folder with --state."
        )
