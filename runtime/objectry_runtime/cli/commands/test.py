"""`objectry test`: the project's scenarios, told on a throw-away database."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option, state_option


@click.command(epilog='Example:  objectry test "offer to order"')
@click.argument("names", nargs=-1, metavar="[NAME]…")
@project_option
@state_option
@json_option
def command(names: tuple[str, ...], project: Path | None, state: Path | None, as_json: bool) -> int:
    """Tell the scenarios of the project (all, or those named) and say which did not come true.

    They run through the same commands as the API, with the rights of the roles they name, on a
    database made for them and dropped afterwards: no data of yours is touched. Exit code 1 if one
    fails; the line says where it stands, what was expected and what was found.
    """
    from objectry_runtime.cli.scenarios import tell_all

    return tell_all(names, project, state, as_json=as_json)
