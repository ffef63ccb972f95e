"""Settings: objectry.toml, overridden by OBJECTRY_* variables; every mistake found at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import msgspec
from rapidfuzz import process

from objectry.findings import Finding, Position
from objectry.values.currencies import is_currency
from objectry.values.languages import parse_language
from objectry_runtime.services.known_settings import (
    OTHER_VARIABLES,
    PREFIX,
    SETTINGS,
    UNKNOWN,
    UNREADABLE,
    WRONG_VALUE,
    Setting,
)
from objectry_runtime.store.database import DatabaseUnusable
from objectry_runtime.store.hosts import replica_dsns

FILE = "objectry.toml"
NEAR = 70.0
_FOLDERS = ("state", "files_folder")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one project, with defaults filled in. `plugins`: plugin → key → value."""

    project: Path
    values: Mapping[str, str | int]
    plugins: Mapping[str, Mapping[str, object]]

    def text(self, name: str) -> str:
        """A setting that is a text."""
        value = self.values[name]
        assert isinstance(value, str)
        return value

    def number(self, name: str) -> int:
        """A setting that is a number."""
        value = self.values[name]
        assert isinstance(value, int)
        return value

    @property
    def database_url(self) -> str:
        """The owner's DSN, or "" for the embedded PostgreSQL."""
        return self.text("database_url")

    @property
    def state(self) -> Path:
        """The absolute state folder."""
        return (self.project / Path(self.text("state")).expanduser()).absolute()

    @property
    def files(self) -> Path:
        """The absolute folder of what files hold."""
        named = self.text("files_folder")
        if not named:
            return self.state / "files"
        return (self.project / Path(named).expanduser()).absolute()

    def listed(self, name: str) -> tuple[str, ...]:
        """The texts of a setting that is a list."""
        return tuple(one.strip() for one in self.text(name).split(",") if one.strip())

    @property
    def time_zone(self) -> tzinfo:
        """The tenant's time zone. UTC needs no time zone data on the machine."""
        name = self.text("tenant.time_zone")
        return UTC if name == "UTC" else ZoneInfo(name)

    def for_live(self) -> dict[str, Mapping[str, object]]:
        """What the live release is bound with: `company` and each plugin's settings."""
        company: dict[str, object] = {
            "currency": self.text("company.currency"),
            "language": self.text("company.language"),
            "rounding": self.text("company.rounding"),
        }
        return {"company": company, **self.plugins}


class SettingsProblem(Exception):
    """The settings have mistakes: all of them, in `findings`."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


def read_settings(
    project: Path,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, str | int] | None = None,
) -> Settings:
    """The settings of a project folder: file, then environment, then `overrides` (options).

    Raises SettingsProblem with all mistakes.
    """
    environment = os.environ if environment is None else environment
    findings: list[Finding] = []
    values: dict[str, str | int] = {name: row.default for name, row in SETTINGS.items()}
    plugins: dict[str, dict[str, object]] = {}
    for name, value, place in _file(project / FILE, plugins, findings):
        _take(name, value, place, values, findings)
    for name, text, variable in _variables(environment, plugins):
        _take(name, text, Position(f"${variable}", 1, 1), values, findings)
    values.update(overrides or {})
    if findings:
        raise SettingsProblem(findings)
    return Settings(project=project.absolute(), values=values, plugins=plugins)


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """OBJECTRY_* variables that nothing reads, each with the nearest that something does or ""."""
    known = [row.variable for row in SETTINGS.values()]
    return {
        name: _near(name, known)
        for name in environment
        if name.startswith(PREFIX)
        and name not in known
        and name not in OTHER_VARIABLES
        and not name.startswith(PREFIX + "PLUGINS_")
    }


def _file(
    path: Path, plugins: dict[str, dict[str, object]], findings: list[Finding]
) -> Iterator[tuple[str, object, Position]]:
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    try:
        tree = tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        findings.append(
            Finding(code=UNREADABLE, message=str(error), position=Position(str(path), 1, 1))
        )
        return
    for key, value in tree.items():
        inside = _table(value)
        if inside is None:
            yield key, value, _position(path, source, key)
            continue
        for inner, item in inside.items():
            settings = _table(item) if key == "plugins" else None
            if settings is not None:
                plugins[inner] = settings
            else:
                yield f"{key}.{inner}", item, _position(path, source, inner)


def _table(value: object) -> dict[str, object] | None:
    """The value where it is a table: TOML has no keys but texts."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _variables(
    environment: Mapping[str, str], plugins: dict[str, dict[str, object]]
) -> Iterator[tuple[str, str, str]]:
    for name, row in SETTINGS.items():
        if row.variable in environment:
            text = environment[row.variable]
            # A folder named on the command line or in the environment is where one stands.
            stands = text and name in _FOLDERS
            yield name, str(Path(text).absolute()) if stands else text, row.variable
    prefix = PREFIX + "PLUGINS_"
    for variable, text in environment.items():
        plugin, _, key = variable.removeprefix(prefix).lower().partition("_")
        if variable.startswith(prefix) and key:
            plugins.setdefault(plugin, {})[key] = text


def _take(
    name: str,
    value: object,
    place: Position,
    values: dict[str, str | int],
    findings: list[Finding],
) -> None:
    row = SETTINGS.get(name)
    if row is None:
        near = _near(name, SETTINGS)
        hint = f'did you mean "{near}"?' if near else "docs/reference/settings.md lists them all"
        findings.append(
            Finding(code=UNKNOWN, message=f'no setting "{name}"', hint=hint, position=place)
        )
        return
    if row.type is int and isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if row.listed:
        value = _joined(value)
    wanted = _wanted(row, value)
    if wanted:
        secret = row.name == "secret_key" or row.name.endswith(("_url", "_urls"))
        shown = "…" if secret else repr(value)
        findings.append(
            Finding(code=WRONG_VALUE, message=f"{name} is {shown}", hint=wanted, position=place)
        )
    else:
        assert isinstance(value, str | int)
        values[name] = value


def _joined(value: object) -> object:
    """A list of texts as one text; anything else as it is."""
    if not isinstance(value, list):
        return value
    items = cast("list[object]", value)
    texts = [one for one in items if isinstance(one, str) and "," not in one]
    return ",".join(texts) if len(texts) == len(items) else items


def _wanted(row: Setting, value: object) -> str:
    """What would be right, or "" where the value is."""
    if isinstance(value, bool) or not isinstance(value, row.type):
        return "it takes a whole number" if row.type is int else "it takes a text in quotes"
    if row.bounds is not None and isinstance(value, int):
        low, high = row.bounds
        return "" if low <= value <= high else f"it takes {low} to {high}"
    if row.choices and value not in row.choices:
        return "it takes " + " or ".join(f'"{one}"' for one in row.choices)
    match row.name:
        case "company.currency" if not is_currency(str(value)):
            return 'it takes an ISO 4217 code such as "EUR"'
        case "company.language" if parse_language(str(value)) != value:
            return 'it takes a language such as "en" or "pt-BR"'
        case "tenant.time_zone" if not _is_time_zone(str(value)):
            return 'it takes an IANA time zone such as "Europe/Vienna"'
        case "replica_urls" if value:
            return _wrong_replicas(str(value))
        case _:
            return ""


def _wrong_replicas(urls: str) -> str:
    try:
        replica_dsns(urls)
    except DatabaseUnusable as problem:
        return str(problem)
    return ""


def _is_time_zone(name: str) -> bool:
    try:
        return name == "UTC" or bool(ZoneInfo(name))
    except (KeyError, ValueError, OSError):  # not found is a KeyError, a path outside a ValueError
        return False


def _near(name: str, known: Mapping[str, object] | list[str]) -> str:
    near = process.extractOne(name, list(known), score_cutoff=NEAR)
    return near[0] if near else ""


def _position(path: Path, source: str, key: str) -> Position:
    """Where a key stands; tomllib keeps no marks, so: its first line."""
    for number, line in enumerate(source.splitlines(), start=1):
        stripped = line.lstrip()
        bare = stripped.lstrip("\"'")
        if bare.startswith(key) and bare[len(key) :].lstrip(" \"'").startswith(("=", ".")):
            return Position(str(path), number, len(line) - len(stripped) + 1)
    return Position(str(path), 1, 1)
