"""init, new, validate, fmt, schema, openapi, explain: the commands without a database."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from .conftest import Objectry


def test_a_new_project_validates_and_is_formatted(project: Path, objectry: Objectry) -> None:
    validated = objectry("validate", project)
    formatted = objectry("fmt", "--check", "--project", project)
    assert (validated.code, validated.out) == (
        0,
        f"{project}: 2 objects, 0 errors, 0 warnings\n",
    )
    assert (formatted.code, formatted.out) == (0, "3 files, 0 to change\n")


def test_init_overwrites_nothing(project: Path, objectry: Objectry) -> None:
    before = {path: path.read_text() for path in project.rglob("*") if path.is_file()}
    again = objectry("init", project)
    assert (again.code, again.err.splitlines()[0]) == (
        1,
        f"Error: {project} is a project already: it has objects/.",
    )
    assert before == {path: path.read_text() for path in project.rglob("*") if path.is_file()}


def test_a_new_object_validates_is_formatted_and_never_overwritten(
    project: Path, objectry: Objectry
) -> None:
    made = objectry("new", "object", "company", "--service", "crm", "--project", project)
    assert (made.code, made.out.splitlines()[0]) == (0, f"{project}/objects/crm/company.yaml")
    assert objectry("validate", project).out.endswith("3 objects, 0 errors, 0 warnings\n")
    assert objectry("fmt", "--check", "--project", project).code == 0
    source = (project / "objects/crm/company.yaml").read_text()
    assert "plural: companies" in source
    again = objectry("new", "object", "company", "--service", "desk", "--project", project)
    assert (again.code, again.err) == (1, 'Error: There is an object "company" already, in crm.\n')


@pytest.mark.parametrize("name", ["Contract", "1a", "a-b", "a__b", "x" * 49, "../etc", ""])
def test_an_object_has_a_name_of_the_language(project: Path, objectry: Objectry, name: str) -> None:
    refused = objectry("new", "object", name, "--service", "desk", "--project", project)
    assert (refused.code, "can't be the name of an object" in refused.err) == (2, True)


def test_a_taken_path_asks_for_another(project: Path, objectry: Objectry) -> None:
    refused = objectry(
        *("new", "object", "client", "--service", "desk"),
        *("--plural", "customers", "--project", project),
    )
    assert (refused.code, refused.err) == (
        1,
        'Error: The path "customers" belongs to the object "customer".\n'
        "Name another with --plural.\n",
    )


def test_validate_tells_every_mistake_and_fails(project: Path, objectry: Objectry) -> None:
    file = project / "objects/desk/customer.yaml"
    source = file.read_text().replace("type: email", "type: emial")
    file.write_text(source.replace("title: name", "title: nmae"))
    for_people = objectry("validate", project)
    for_machines = objectry("validate", project, "--json")
    assert (for_people.code, for_machines.code) == (1, 1)
    assert for_machines.out.startswith('{"format":"objectry.validate/1"}\n')
    *findings, summary = for_machines.lines
    places = [(one["file"], one["line"], one["severity"]) for one in findings]
    assert places == [(str(file), 11, "error"), (str(file), 14, "error")]
    assert summary == {"summary": {"objects": 2, "errors": 2, "warnings": 0}}
    assert for_people.out.endswith("2 objects, 2 errors, 0 warnings\n")
    assert "customer.yaml:" in for_people.out


def test_a_folder_without_objects_is_no_project(tmp_path: Path, objectry: Objectry) -> None:
    refused = objectry("validate", tmp_path)
    assert (refused.code, refused.err.splitlines()) == (
        1,
        [
            f"Error: {tmp_path} is no project: it has no folder objects/.",
            f"`objectry init {tmp_path}` makes one.",
        ],
    )


def test_fmt_writes_and_check_only_tells(project: Path, objectry: Objectry) -> None:
    file = project / "objects/desk/ticket.yaml"
    right = file.read_text()
    file.write_text(right.replace("label: Ticket\n", "label:    Ticket\n"))
    told = objectry("fmt", "--check", "--project", project)
    assert (told.code, told.out.splitlines()[0]) == (1, f"{file}: would be formatted")
    assert objectry("fmt", "--project", project).code == 0
    assert file.read_text() == right


def test_fmt_goes_on_after_a_file_that_is_no_yaml(project: Path, objectry: Objectry) -> None:
    (project / "objects/desk/broken.yaml").write_text("object: [")
    told = objectry("fmt", "--project", project, "--json")
    assert told.code == 1
    assert told.lines[-1] == {"summary": {"files": 4, "changed": 0, "failed": 1}}


def test_schema_prints_kinds_and_objects(project: Path, objectry: Objectry) -> None:
    decode = msgspec.json.Decoder(dict[str, object]).decode
    names = decode(objectry("schema", "--project", project).out)
    kind = decode(objectry("schema", "object", "--project", project).out)
    record = objectry("schema", "ticket", "--project", project).out
    assert names["objects"] == ["customer", "ticket"]
    assert "$schema" in kind
    assert '"subject"' in record
    wrong = objectry("schema", "tiket", "--project", project)
    assert (wrong.code, wrong.err.splitlines()[1]) == (1, "Did you mean ticket?")


def test_openapi_is_valid(project: Path, objectry: Objectry) -> None:
    document = msgspec.json.decode(
        objectry("openapi", "--project", project).out, type=dict[str, Any]
    )
    validate(document)
    assert "/api/v1/tickets" in document["paths"]


def test_explain_knows_findings_and_http_errors(objectry: Objectry) -> None:
    finding = objectry("explain", "obj0802")
    error = objectry("explain", "validation_failed")
    unknown = objectry("explain", "validaton_failed")
    assert finding.out.startswith("OBJ0802  Unknown setting\n")
    assert error.out.startswith("validation_failed  HTTP 422  The record has errors.\n")
    assert (unknown.code, unknown.err.splitlines()[1]) == (1, "Did you mean validation_failed?")
    assert objectry("explain", "OBJ0802", "--json").lines[0]["title"] == "Unknown setting"


def test_settings_with_mistakes_stop_a_command(project: Path, objectry: Objectry) -> None:
    (project / "objectry.toml").write_text("prot = 1\nport = 'x'\n")
    refused = objectry("plan", "--project", project)
    assert refused.code == 1
    assert refused.err.startswith("Error: The settings have mistakes.\n")
    assert [line.count("error OBJ080") for line in refused.err.splitlines()[1:3]] == [1, 1]
