"""`objectry init`: a small project that validates and serves as it stands."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option


@click.command(epilog="Example:  objectry init my-project")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@json_option
def command(folder: Path, as_json: bool) -> int:
    """Make a new project in DIR: objects/, layouts/, objectry.toml, .gitignore, README.md.

    Nothing that is there already is overwritten.
    """
    from objectry_runtime.cli.failure import Failure
    from objectry_runtime.cli.output import Output
    from objectry_runtime.cli.starter import starter_files

    if (folder / "objects").exists():
        raise Failure(
            f"{folder} is a project already: it has objects/.",
            "`objectry new object NAME --service SERVICE` adds an object to it.",
        )
    files = starter_files(folder.absolute().name)
    taken = [name for name in files if (folder / name).exists() and name != ".gitignore"]
    if taken:
        raise Failure(f"{folder} already holds {', '.join(taken)}.", "Choose an empty folder.")
    output = Output("init", json=as_json)
    for name, content in files.items():
        path = folder / name
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        output.record({"file": str(path)}, f"  {path}")
    enter = [] if folder.resolve() == Path.cwd().resolve() else [f"  cd {folder}"]
    output.text(
        "\n".join(["", "A project with two objects. Next:", "", *enter, "  objectry serve"])
    )
    return 0
