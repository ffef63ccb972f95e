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
    from objectry_runtime.cli.definitions import part_of, release_of
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.people import author
    from objectry_runtime.cli.project import open_settings, packages_of
    from objectry_runtime.publishing import apply, make_plan, note_source
    from objectry_runtime.services.database import open_databases

    settings = open_settings(project, state)
    # Before they are read: what changes later is told.
    source = source_hash(settings.project, packages_of(settings.project))
    release = release_of(settings.project)
    output = Output("apply", json=as_json)

    def progress(number: int, steps: int, summary: str) -> None:
        output.record(
            {"step": number, "steps": steps, "summary": summary}, f"{number}/{steps}  {summary}"
        )

    with open_databases(settings) as databases:
        for name, database in databases.items():
            part = part_of(settings, release, name)
            done = apply(
                database,
                part,
                make_plan(database, part),
                author=author(),
                message=message,
                progress=progress,
                settings=settings.for_live(),
            )
            note_source(database, part.id, source)
            place = {"database": name} if name else {}
            published = f"Published release {part.id[:12]}." if done else "No changes."
            output.record(
                {**place, "release": part.id, "published": done},
                f"{name}: {published}" if name else published,
            )
    return 0
