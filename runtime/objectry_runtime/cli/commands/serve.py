"""`objectry serve`: from definitions to answers over HTTP."""

from pathlib import Path

import click

from objectry_runtime.cli.options import project_option, state_option


@click.command(epilog="Example:  objectry serve --demo --port 8080")
@click.option("--service", "services", multiple=True, help="Serve only this one (repeatable).")
@click.option("--demo", is_flag=True, help="Load demo data and print an API key (embedded only).")
@click.option("--host", help="Address to listen on  [default: 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port  [default: 3000; with one --service, its own]",
)
@project_option
@state_option
def command(
    services: tuple[str, ...],
    demo: bool,
    host: str | None,
    port: int | None,
    project: Path | None,
    state: Path | None,
) -> int:
    """Serve the live release over HTTP.

    On an empty database the project's definitions are published as the first release; on any other
    the live release is served whatever the files say: `objectry apply` changes it, and a running
    server takes it up.
    """
    from objectry_runtime.cli.serving import serve

    return serve(services, demo, host, port, project, state)
