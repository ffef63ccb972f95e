"""`objectry schema`: JSON Schemas, of definitions for editors and of records for programs."""

from pathlib import Path

import click

from objectry_runtime.cli.options import project_option


@click.command(epilog="Example:  objectry schema object > object.schema.json")
@click.argument("name", required=False, metavar="[KIND|OBJECT]")
@project_option
def command(name: str | None, project: Path | None) -> int:
    """Print the JSON Schema of a definition kind (object, layout …) or of an object's records.

    Without an argument: the names there are, one a line. The output is JSON in any case.
    """
    import msgspec

    from objectry.compiler.schemas import object_schemas
    from objectry.metadata.loader import KINDS, kind_schema
    from objectry_runtime.cli.definitions import everything, model_of, release_of
    from objectry_runtime.cli.failure import Failure
    from objectry_runtime.cli.project import find_project

    if name in KINDS:
        document: object = kind_schema(name)
    else:
        release = release_of(find_project(project))
        names = sorted(release.definitions.objects)
        if name is None:
            document = {"kinds": list(KINDS), "objects": names}
        elif name in names:
            document = object_schemas(model_of(release), name, everything)
        else:
            from rapidfuzz import process

            near = process.extractOne(name, [*KINDS, *names], score_cutoff=60.0)
            raise Failure(
                f'"{name}" is neither a kind of definition nor an object.',
                f"Did you mean {near[0]}?" if near else "`objectry schema` lists both.",
            )
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    return 0
