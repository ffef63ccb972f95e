"""Settings: file, environment, options; all mistakes at once, none of them with a secret."""

import re
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import objectry_runtime
from objectry_runtime.services.known_settings import SETTINGS
from objectry_runtime.services.settings import (
    SettingsProblem,
    read_settings,
    unknown_variables,
)

PAGE = Path(objectry_runtime.__file__).parents[2] / "docs" / "reference" / "settings.md"


def write(folder: Path, source: str) -> Path:
    (folder / "objectry.toml").write_text(source)
    return folder


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, environment={})
    assert settings.values == {name: row.default for name, row in SETTINGS.items()}
    assert (settings.state, settings.time_zone) == (tmp_path / ".objectry", UTC)
    assert settings.for_live() == {
        "company": {"currency": "EUR", "language": "en", "rounding": "half_up"}
    }


def test_options_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'host = "a"\nport = 1\n[tenant]\ntime_zone = "Europe/Vienna"\n')
    environment = {"OBJECTRY_PORT": "2", "OBJECTRY_COMPANY_CURRENCY": "JPY"}
    settings = read_settings(tmp_path, environment=environment, overrides={"host": "c"})
    assert (settings.text("host"), settings.number("port")) == ("c", 2)
    assert settings.text("company.currency") == "JPY"
    assert settings.time_zone == ZoneInfo("Europe/Vienna")


def test_plugins_have_tables_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, '[plugins.tax]\nmode = "line"\nrate = 20\n')
    settings = read_settings(tmp_path, environment={"OBJECTRY_PLUGINS_TAX_MODE": "total"})
    assert settings.for_live()["tax"] == {"mode": "total", "rate": 20}


def test_the_states_folder_is_the_projects_unless_the_environment_names_one(tmp_path: Path) -> None:
    project = write(tmp_path, 'state = "data"\n')
    named = read_settings(project, environment={"OBJECTRY_STATE": "here"})
    assert read_settings(project, environment={}).state == tmp_path / "data"
    assert named.state == Path.cwd() / "here"


def test_all_mistakes_come_at_once_with_their_places(tmp_path: Path) -> None:
    write(
        tmp_path,
        'prot = 1\nport = 99999\nsecret_key = 5\n\n[company]\ncurrency = "EURO"\n'
        '[tenant]\ntimezone = "UTC"\ntime_zone = "Mars/Base"\n[plugins]\ntax = 3\n',
    )
    with pytest.raises(SettingsProblem) as caught:
        read_settings(tmp_path, environment={"OBJECTRY_LIMITS_CONNECTIONS": "many"})
    file = str(tmp_path / "objectry.toml")
    assert [str(finding) for finding in caught.value.findings] == [
        f'{file}:1:1: error OBJ0802 no setting "prot" (did you mean "port"?)',
        f"{file}:2:1: error OBJ0803 port is 99999 (it takes 0 to 65535)",
        f"{file}:3:1: error OBJ0803 secret_key is … (it takes a text in quotes)",
        f"{file}:6:1: error OBJ0803 company.currency is 'EURO'"
        ' (it takes an ISO 4217 code such as "EUR")',
        f'{file}:8:1: error OBJ0802 no setting "tenant.timezone"'
        ' (did you mean "tenant.time_zone"?)',
        f"{file}:9:1: error OBJ0803 tenant.time_zone is 'Mars/Base'"
        ' (it takes an IANA time zone such as "Europe/Vienna")',
        f'{file}:11:1: error OBJ0802 no setting "plugins.tax"'
        " (docs/reference/settings.md lists them all)",
        "$OBJECTRY_LIMITS_CONNECTIONS:1:1: error OBJ0803 limits.connections is 'many'"
        " (it takes a whole number)",
    ]


def test_a_file_that_is_no_toml_is_one_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match="OBJ0801"):
        read_settings(write(tmp_path, "port = three thousand\n"), environment={})


def test_a_mistyped_variable_is_noticed() -> None:
    environment = {"OBJECTRY_PROT": "1", "OBJECTRY_PORT": "1", "PATH": "/bin"}
    assert unknown_variables(environment) == {"OBJECTRY_PROT": "OBJECTRY_PORT"}


def test_the_reference_page_lists_every_setting() -> None:
    rows = re.findall(
        r"^\| `([a-z_.]+)` \| `([A-Z_]+)` \| (.*?) \| (.*) \|$", PAGE.read_text(), re.M
    )
    assert rows == [
        (row.name, row.variable, f"`{row.default}`" if row.default != "" else "empty", row.summary)
        for row in SETTINGS.values()
    ]
