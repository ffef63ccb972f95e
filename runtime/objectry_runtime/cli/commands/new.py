"""`objectry new object NAME`: a definition to start from."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option


@click.group(epilog="Example:  objectry new object contract --service sales")
def command() -> None:
    """Write a new definition into the project."""


@command.command("object", epilog="Example:  objectry new object contract --service sales")
@click.argument("name")
@click.option("--service", required=True, help="The service that owns it; declared if it is new.")
@click.option("--plural", default="", help="Its REST path  [default: NAME in the plural]")
@project_option
@json_option
def new_object(name: str, service: str, plural: str, project: Path | None, as_json: bool) -> int:
    """Write objects/SERVICE/NAME.yaml: an object with sensible fields, ready to be edited."""
    from objectry_runtime.cli.drafting import draft_object
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.project import find_project

    path = draft_object(find_project(project), name, service, plural)
    Output("new", json=as_json).record(
        {"file": str(path)}, f"{path}\nEdit it, then `objectry validate` and `objectry plan`."
    )
    return 0
