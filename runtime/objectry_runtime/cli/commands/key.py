"""`objectry key`: API keys."""

from datetime import datetime
from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option, state_option


@click.group(epilog="Example:  objectry key create ci --role admin")
def command() -> None:
    """Make, list and revoke API keys."""


@command.command(epilog="Example:  objectry key create ci --role sales --expires 2027-12-31")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="A role; repeatable.")
@click.option("--tenant", default="default", show_default=True, help="Made if it is new.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="When it stops working (UTC)  [default: never]",
)
@project_option
@state_option
@json_option
def create(
    name: str,
    roles: tuple[str, ...],
    tenant: str,
    expires: datetime | None,
    project: Path | None,
    state: Path | None,
    as_json: bool,
) -> int:
    """Make an API key and print it. It is shown this once: what is stored can't be turned back."""
    from objectry_runtime.cli.keys import make_key
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.project import open_settings

    settings = open_settings(project, state)
    key = make_key(settings, name, roles, tenant, expires)
    Output("key", json=as_json).record({"key": key}, key)
    if not as_json:
        click.echo("Keep it now: it is not shown again.", err=True)
    return 0


@command.command("list", epilog="Example:  objectry key list --json")
@project_option
@state_option
@json_option
def list_(project: Path | None, state: Path | None, as_json: bool) -> int:
    """List the API keys: prefix, name, tenant, roles, since when, until when. Never the secret."""
    from objectry_runtime.cli.keys import list_keys
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.project import open_settings

    output = Output("key", json=as_json)
    for key in list_keys(open_settings(project, state)):
        said = f"{key.prefix}  {key.name:<20} {key.tenant:<12} {', '.join(key.roles):<24}"
        output.record(key, f"{said} {key.state}")
    return 0


@command.command(epilog="Example:  objectry key revoke x7k2m9qd")
@click.argument("prefix")
@project_option
@state_option
@json_option
def revoke(prefix: str, project: Path | None, state: Path | None, as_json: bool) -> int:
    """Revoke the key with this PREFIX (from `key list`). It stops working within a second."""
    from objectry_runtime.cli.keys import revoke as revoke_one
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.project import open_settings

    revoke_one(open_settings(project, state), prefix)
    Output("key", json=as_json).record({"revoked": prefix}, f"Revoked {prefix}.")
    return 0
