"""`objectry validate`: all mistakes of a project in one run."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option


@click.command(
    epilog="Example:  objectry validate my-project",
)
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@project_option
@json_option
def command(folder: Path | None, project: Path | None, as_json: bool) -> int:
    """Find all mistakes in the definitions, each with file:line:column and a code.

    Exit code 1 if there is any; warnings alone are fine.
    """
    from objectry_runtime.cli.definitions import check_project
    from objectry_runtime.cli.output import Output, counted
    from objectry_runtime.cli.project import find_project

    place = find_project(folder or project)
    checked = check_project(place)
    output = Output("validate", json=as_json)
    output.findings(checked.findings)
    counts = {
        "objects": len(checked.loaded.definitions.objects),
        "errors": len(checked.errors),
        "warnings": len(checked.findings) - len(checked.errors),
    }
    said = ", ".join(counted(number, name) for name, number in counts.items())
    output.record({"summary": counts}, f"{place}: {said}")
    return 1 if checked.errors else 0
