"""`objectry fmt`: one way to write the YAML, so that changes show only what changed."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option


@click.command(epilog="Example:  objectry fmt --check")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[FILE]…")
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit 1 if fmt would.")
@project_option
@json_option
def command(files: tuple[Path, ...], only_check: bool, project: Path | None, as_json: bool) -> int:
    """Format the definitions' YAML: key order, indentation, quotes. Comments stay.

    Without FILE: all files under objects/ and layouts/.
    """
    from objectry.metadata.loader import format_text
    from objectry.metadata.loader.reading import read_documents
    from objectry.metadata.model.files import definition_files
    from objectry_runtime.cli.output import Output, counted
    from objectry_runtime.cli.project import find_project

    output = Output("fmt", json=as_json)
    changed = failed = count = 0
    found = (path for _, path in definition_files(find_project(project)))
    for path in files or tuple(found):
        count += 1
        try:
            before = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            failed += 1
            output.record({"file": str(path), "error": "not UTF-8"}, f"{path}: is not UTF-8")
            continue
        _, wrong = read_documents(str(path), before)
        if wrong:
            failed += 1
            output.findings(wrong)
            continue
        after = format_text(before)
        if before == after:
            continue
        changed += 1
        if not only_check:
            path.write_text(after, encoding="utf-8")
        word = "would be formatted" if only_check else "formatted"
        output.record({"file": str(path), "changed": True}, f"{path}: {word}")
    output.record(
        {"summary": {"files": count, "changed": changed, "failed": failed}},
        f"{counted(count, 'files')}, {changed} {'to change' if only_check else 'changed'}",
    )
    return 1 if failed or (only_check and changed) else 0
