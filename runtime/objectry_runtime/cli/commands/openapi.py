"""`objectry openapi`: the document that the server gives an administrator."""

from pathlib import Path

import click

from objectry_runtime.cli.options import project_option


@click.command(epilog="Example:  objectry openapi > openapi.json")
@project_option
def command(project: Path | None) -> int:
    """Print the OpenAPI 3.1 document of the project's definitions, with everything in it.

    A server's /openapi.json shows each caller what that caller may see.
    """
    import msgspec

    from objectry.compiler.schemas import openapi
    from objectry_runtime.cli.definitions import everything, model_of, release_of
    from objectry_runtime.cli.project import find_project

    release = release_of(find_project(project))
    document = openapi(
        model_of(release),
        version=release.id,
        visible=everything,
        reports=release.definitions.reports.values(),
        dashboards=release.definitions.dashboards.values(),
    )
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    return 0
