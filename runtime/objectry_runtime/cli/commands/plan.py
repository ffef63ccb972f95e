"""`objectry plan`: what `apply` would do, step by step."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option, state_option


@click.command(epilog="Example:  objectry plan --project my-project")
@project_option
@state_option
@json_option
def command(project: Path | None, state: Path | None, as_json: bool) -> int:
    """Show what publishing the definitions would do to the database. Changes nothing.

    Each step is safe, backfill, destructive or refused, with the lock it takes and the rows it
    touches. Ends with 1 where a step is refused: `apply` would not do it.
    """
    from objectry_runtime.cli.definitions import part_of, release_of
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.project import open_settings
    from objectry_runtime.publishing import make_plan
    from objectry_runtime.services.database import open_databases

    settings = open_settings(project, state)
    release = release_of(settings.project)
    output, refused = Output("plan", json=as_json), False
    with open_databases(settings) as databases:
        for name, database in databases.items():
            plan = make_plan(database, part_of(settings, release, name))
            told = {"database": name, **plan.to_builtins()} if name else plan.to_builtins()
            output.record(told, f"{name}:\n{plan.to_text()}" if name else plan.to_text())
            refused = refused or bool(plan.refused)
    return 1 if refused else 0
