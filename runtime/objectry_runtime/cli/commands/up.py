"""`objectry up`: all services as processes of their own, behind one gateway."""

from pathlib import Path

import click

from objectry_runtime.cli.options import project_option, state_option


@click.command(epilog="Example:  objectry up --together orders,delivery_notes")
@click.option(
    "--together",
    multiple=True,
    metavar="A,B",
    help="Services that share a process and the first one's database (repeatable).",
)
@click.option("--host", help="Address of the gateway  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Its port  [default: 3000]")
@project_option
@state_option
def command(
    together: tuple[str, ...],
    host: str | None,
    port: int | None,
    project: Path | None,
    state: Path | None,
) -> int:
    """Run every service on its own port and database, and a gateway that knows them all.

    Meant for trying the topology on one machine. A service that dies is started again; Ctrl-C ends
    all of them. Each writes to logs/SERVICE.log in the state folder.
    """
    from objectry_runtime.cli.bringing_up import bring_up

    return bring_up(together, host, port, project, state)
