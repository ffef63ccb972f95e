"""A project that stands on the shipped suite: it adds to the suite's objects and is published."""

from pathlib import Path

import psycopg
import pytest

from objectry_runtime.cli.definitions import check_project, release_of
from objectry_runtime.publishing import ensure_first_release, make_plan
from objectry_runtime.store.database import Database

from .conftest import Objectry

EXTENSION = """\
extend: customer
fields:
  loyalty: {type: select, options: [bronze, silver, gold], default: "'bronze'"}
checks:
  - {rule: loyalty != 'gold' or credit_limit > 0, message: Gold has credit.}
indexes: [[loyalty, name]]
permissions:
  sales: {fields: {loyalty: read}}
  fan: {read: loyalty == 'gold'}
layouts:
  customer.form: [{label: Loyalty, fields: [loyalty]}]
  customer.list: [loyalty]
---
role: fan
label: Fan
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "objects").mkdir()
    (tmp_path / "objectry.toml").write_text('packages = ["suite"]\n')
    (tmp_path / "objects" / "customer.yaml").write_text(EXTENSION)
    return tmp_path


def told(project: Path, extension: str) -> list[tuple[str, str]]:
    (project / "objects" / "customer.yaml").write_text(extension)
    checked = check_project(project)
    return [
        (one.code, str(one.position).removeprefix(f"{project}/objects/"))
        for one in checked.findings
        if one.severity == "error"
    ]


def test_the_suite_is_published_with_what_the_project_adds(
    project: Path, objectry: Objectry, database: Database, owner: psycopg.Connection
) -> None:
    assert objectry("validate", project).code == 0
    assert objectry("fmt", project / "objects" / "customer.yaml").code == 0
    release = release_of(project)
    customer = release.definitions.objects["customer"]
    assert "loyalty" in customer.fields
    assert "credit_limit" in customer.permissions["sales"].fields
    assert "read" == customer.permissions["sales"].fields["loyalty"]
    layouts = release.definitions.layouts
    assert ("loyalty",) == layouts["customer.form"].sections[-1].fields
    assert "loyalty" == layouts["customer.list"].columns[-1]
    ensure_first_release(database, release, author="test")
    assert not make_plan(database, release).steps
    found = owner.execute(
        "select column_name from information_schema.columns"
        " where table_schema = 'customers' and table_name = 'customer' and column_name = 'loyalty'"
    ).fetchall()
    assert [("loyalty",)] == found


def test_what_is_wrong_in_an_extension_is_told_in_its_file(project: Path) -> None:
    wrong = EXTENSION.replace("credit_limit > 0", "credit_limt > 0").replace(
        "fields: [loyalty]", "fields: [loyalti]"
    )
    found = told(project, wrong.replace("read: loyalty ==", "read: loyalti =="))
    assert [
        ("OBJ0404", "customer.yaml:5:33"),
        ("OBJ0404", "customer.yaml:9:15"),
        ("OBJ0312", "customer.yaml:11:45"),
    ] == found


def test_only_what_is_new_can_be_added_and_only_to_another_package(project: Path) -> None:
    assert [("OBJ0601", "customer.yaml:2:10")] == told(
        project, "extend: customer\nfields: {name: {type: text}}\n"
    )
    assert [("OBJ0311", "customer.yaml:1:9")] == told(project, "extend: custmer\n")
    own = "object: note\nservice: customers\nfields: {text: {type: text}}\n---\nextend: note\n"
    assert [("OBJ0613", "customer.yaml:5:9")] == told(project, own)
    assert [("OBJ0614", "customer.yaml:2:11")] == told(
        project, "extend: customer\nlayouts: {customer.page: [name]}\n"
    )


def test_two_packages_that_add_one_field_are_told_apart(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "objects").mkdir(parents=True)
    (other / "objects" / "customer.yaml").write_text(
        "extend: customer\nfields: {loyalty: {type: text}}\n"
    )
    (project / "objectry.toml").write_text('packages = ["suite", "other"]\n')
    (project / "objects" / "customer.yaml").write_text(
        "extend: customer\nfields: {loyalty: {type: text}}\n"
    )
    (found,) = [one for one in check_project(project).findings if one.severity == "error"]
    assert "`customer` has the field `loyalty` already, from other." == found.message


def test_a_package_that_is_not_there_is_told(project: Path, objectry: Objectry) -> None:
    (project / "objectry.toml").write_text('packages = ["../nowhere"]\n')
    ran = objectry("validate", project)
    assert (1, True) == (ran.code, "nowhere" in ran.err)
