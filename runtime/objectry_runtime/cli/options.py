"""Options that many commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def project_option(command: Command) -> Command:
    """`--project DIR`."""
    return click.option(
        "--project",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder with objects/ and objectry.toml  [default: here, else the shipped suite]",
    )(command)


def state_option(command: Command) -> Command:
    """`--state DIR`, of every command that opens the database."""
    return click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the embedded data  [env OBJECTRY_STATE; default: .objectry in the project]",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="JSON lines; the first names the format."
    )(command)
