"""`objectry apply`: publish the definitions."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option, state_option


@click.command(epilog='Example:  objectry apply --message "Offers have a margin"')
@click.option("--message", "-m", default="", help="Why, for whoever reads the list of releases.")
@project_option
@state_option
@json_option
def command(message: str, project: Path | None, state: Path | None, as_json: bool) -> int:
    """Publish the definitions: do what `plan` shows, then make them the live release.

    Works beside a running server, which takes the new release up within two seconds and fails no
    request. Interrupted, even killed, the next apply goes on where this one stopped.
    """
    from objectry.registry.source import source_hash
    from objectry_runtime.cli.definitions import release_of
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.people import author
    from objectry_runtime.cli.project import open_settings
    from objectry_runtime.publishing import apply, make_plan, note_source
    from objectry_runtime.services.database import open_database

    settings = open_settings(project, state)
    source = source_hash(settings.project)  # before they are read: what changes later is told
    release = release_of(settings.project)
    output = Output("apply", json=as_json)

    def progress(number: int, steps: int, summary: str) -> None:
        output.record(
            {"step": number, "steps": steps, "summary": summary}, f"{number}/{steps}  {summary}"
        )

    with open_database(settings) as database:
        plan = make_plan(database, release)
        done = apply(
            database,
            release,
            plan,
            author=author(),
            message=message,
            progress=progress,
            settings=settings.for_live(),
        )
        note_source(database, release.id, source)
    output.record(
        {"release": release.id, "published": done},
        f"Published release {release.id[:12]}." if done else "No changes.",
    )
    return 0
