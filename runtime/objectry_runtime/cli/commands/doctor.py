"""`objectry doctor`: what is wrong with the environment, and how to mend it."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option, state_option


@click.command(epilog="Example:  objectry doctor")
@project_option
@state_option
@json_option
def command(project: Path | None, state: Path | None, as_json: bool) -> int:
    """Check Python, packages, settings, state folder, database, release and clock.

    Every line says ok, warn or fail, and for the latter two what to do. Exit code 1 if one fails.
    Starts the embedded database where none is configured, and leaves everything as it was.
    """
    import msgspec

    from objectry_runtime.cli.diagnosis import diagnose
    from objectry_runtime.cli.output import Output

    output = Output("doctor", json=as_json)
    failed = 0
    for finding in diagnose(project, state):
        failed += finding.verdict == "fail"
        text = f"{finding.verdict:<5} {finding.subject:<14} {finding.message}"
        if finding.remedy:
            text += f"\n{'':20} → {finding.remedy}"
        output.record(msgspec.to_builtins(finding), text)
    return 1 if failed else 0
