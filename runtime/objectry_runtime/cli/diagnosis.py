"""The checks of `objectry doctor`, each a small function; a failed one never hides the next."""

import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import msgspec

from objectry_runtime.cli.definitions import check_project
from objectry_runtime.cli.failure import Failure
from objectry_runtime.cli.output import counted
from objectry_runtime.cli.project import open_settings
from objectry_runtime.services.settings import Settings, SettingsProblem, unknown_variables
from objectry_runtime.services.topology import declared_services, topology_of
from objectry_runtime.store.database import SERVER_VERSION_MIN, Database

PYTHON_MIN = (3, 11)
CLOCK_SKEW_S_MAX = 2.0
FREE_BYTES_MIN = 512 * 1024 * 1024


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """How one thing is, and what to do about it."""

    subject: str
    verdict: Literal["ok", "warn", "fail"]
    message: str
    remedy: str = ""


def diagnose(project: Path | None, state: Path | None) -> Iterator[Finding]:
    """Look at everything, from the ground up."""
    yield _python()
    yield from _packages()
    yield _printing()
    yield from _variables()
    try:
        settings = open_settings(project, state)
    except SettingsProblem as problem:
        for wrong in problem.findings:
            yield _fail("settings", str(wrong), "`objectry explain " + wrong.code + "`")
        return
    except Failure as failure:
        yield _fail("project", failure.message, failure.hint)
        return
    yield _ok("project", str(settings.project))
    yield _definitions(settings)
    yield _topology(settings)
    yield from _state(settings)
    yield from _database(settings)


def _python() -> Finding:
    found = platform.python_version()
    if sys.version_info < PYTHON_MIN:
        return _fail("python", f"{found} is too old", "Use Python 3.11 or newer.")
    return _ok("python", f"{found} on {platform.system()} {platform.machine()}")


def _packages() -> Iterator[Finding]:
    yield _ok("objectry", _version("objectry"))
    if sys.platform == "win32":
        return
    for name in ("uvloop", "httptools"):
        if not _version(name):
            yield _warn(name, "is not installed: requests take longer", f"pip install {name}")


def _printing() -> Finding:
    from objectry_runtime.reports.worker import first_engine

    engine = first_engine()
    if engine is None:
        remedy = (
            "Install Pango (`apt install libpango-1.0-0 libpangoft2-1.0-0`, `brew install pango`)"
            " or what brings it along: `pip install objectry[pdf]`."
        )
        return _warn("printing", "no PDF can be made: WeasyPrint finds no Pango", remedy)
    return _ok("printing", (engine.__doc__ or "").splitlines()[0])


def _variables() -> Iterator[Finding]:
    for name, near in unknown_variables(os.environ).items():
        hint = f"Did you mean {near}?" if near else "docs/reference/settings.md lists them all."
        yield _warn("environment", f"nothing reads {name}", hint)


def _definitions(settings: Settings) -> Finding:
    checked = check_project(settings.project)
    if checked.errors:
        mistakes = counted(len(checked.errors), "mistakes")
        return _fail("definitions", mistakes, "`objectry validate` lists them.")
    return _ok("definitions", f"{len(checked.loaded.definitions.objects)} objects, no mistakes")


def _topology(settings: Settings) -> Finding:
    if settings.text("topology.mode") == "one":
        return _ok("topology", "all services share one database")
    topology = topology_of(settings, declared_services(settings.project))
    parts = [f"{', '.join(group)} in {topology.placed[group[0]]}" for group in topology.groups]
    return _ok("topology", f"services apart: {'; '.join(parts)}; keys: {topology.identity}")


def _state(settings: Settings) -> Iterator[Finding]:
    folder = settings.state
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield _fail(
            "state",
            f"{folder} can't be written: {error.strerror}",
            "Name a folder of yours with --state or OBJECTRY_STATE.",
        )
        return
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < FREE_BYTES_MIN:
        yield _warn("state", f"{folder}: only {free // 2**20} MB are free", "Make room.")
    else:
        yield _ok("state", f"{folder} ({free // 2**30} GB free)")
    key = folder / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield _fail("secret key", f"{key} can be read by others", f"chmod 600 {key}")


def _database(settings: Settings) -> Iterator[Finding]:
    # Imported here: a broken driver shall fail this check and not the whole command.
    from objectry_runtime.services.database import open_database
    from objectry_runtime.store.database import DatabaseUnusable

    try:
        with open_database(settings) as database:
            for check in (_server, _role, _clock, _release):
                yield check(database, settings)
    except DatabaseUnusable as error:
        remedy = (
            "Check OBJECTRY_DATABASE_URL, or unset it to use the embedded PostgreSQL."
            if settings.database_url
            else f"The log is {settings.state / 'postgres.log'}."
        )
        yield _fail("database", str(error), remedy)
    except OSError as error:
        yield _fail("database", str(error), "Name another state folder with --state.")


def _server(database: Database, settings: Settings) -> Finding:
    with database.connect_owner() as connection:
        number = connection.info.server_version
    kind = "embedded" if not settings.database_url else "configured"
    if number < SERVER_VERSION_MIN * 10_000:
        return _fail("database", f"PostgreSQL {number // 10_000} is too old", "Use 15 or newer.")
    return _ok("database", f"PostgreSQL {number // 10_000}.{number % 10_000}, {kind}")


def _role(database: Database, settings: Settings) -> Finding:
    with database.connect_owner() as connection:
        row = connection.execute(
            "select rolsuper or rolbypassrls from pg_roles where rolname = 'objectry_runtime'"
        ).fetchone()
    if row is None or row[0]:
        return _fail(
            "runtime role",
            "objectry_runtime is missing or has rights it must not have",
            "alter role objectry_runtime nosuperuser nobypassrls",
        )
    return _ok("runtime role", "objectry_runtime owns nothing")


def _clock(database: Database, settings: Settings) -> Finding:
    with database.connect_owner() as connection:
        before = datetime.now(UTC)
        row = connection.execute("select clock_timestamp()").fetchone()
        after = datetime.now(UTC)
    assert row is not None, "a select without FROM has a row"
    there: datetime = row[0]
    skew = (there - (before + (after - before) / 2)).total_seconds()
    if abs(skew) > CLOCK_SKEW_S_MAX:
        return _warn(
            "clock",
            f"the database's clock is {skew:+.1f} s from this machine's",
            "Synchronise both (NTP).",
        )
    return _ok("clock", f"{after:%Y-%m-%d %H:%M:%S} UTC, as the database's")


def _release(database: Database, settings: Settings) -> Finding:
    from objectry_runtime.cli.definitions import release_of
    from objectry_runtime.publishing import live_release

    found = live_release(database)
    if found is None:
        return _warn("release", "nothing is published", "`objectry serve` or `objectry apply`")
    live = found[0].id
    try:
        files = release_of(settings.project).id
    except Failure:
        return _ok("release", f"{live[:12]} is live; the files have mistakes")
    if files != live:
        return _warn(
            "release", f"{live[:12]} is live, the files differ", "`objectry plan` shows how."
        )
    return _ok("release", f"{live[:12]} is live, the same as the files")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _ok(subject: str, message: str) -> Finding:
    return Finding(subject=subject, verdict="ok", message=message)


def _warn(subject: str, message: str, remedy: str) -> Finding:
    return Finding(subject=subject, verdict="warn", message=message, remedy=remedy)


def _fail(subject: str, message: str, remedy: str) -> Finding:
    return Finding(subject=subject, verdict="fail", message=message, remedy=remedy)
