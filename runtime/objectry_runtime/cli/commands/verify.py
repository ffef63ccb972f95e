"""`objectry verify`: every invariant over all data, at one moment."""

from pathlib import Path

import click

from objectry_runtime.cli.options import json_option, project_option, state_option


@click.command(epilog="Example:  objectry verify --history --json")
@click.option("--history", is_flag=True, help="Ask the invariants of every version ever written.")
@project_option
@state_option
@json_option
def command(project: Path | None, state: Path | None, history: bool, as_json: bool) -> int:
    """Check every invariant of the stored data; exit code 1 if one does not hold.

    Gapless numbers have no gap and none is given twice; every record has its whole history; every
    declared event is there once; no line is an orphan; conversions never carried over more than
    their source has; stored formulas equal their recomputation; declared invariants hold. Works
    beside a running server, on one consistent snapshot.
    """
    import msgspec

    from objectry_runtime.cli.output import Output, counted
    from objectry_runtime.cli.project import open_settings
    from objectry_runtime.services.database import open_databases
    from objectry_runtime.services.runtime import require_live
    from objectry_runtime.services.secret import load_keyring
    from objectry_runtime.services.verification import Trouble, verify

    settings = open_settings(project, state)
    keyring = load_keyring(settings)
    output = Output("verify", json=as_json)

    def report(trouble: Trouble) -> None:
        place = f"{trouble.object} {trouble.record} (tenant {trouble.tenant})"
        output.record(msgspec.to_builtins(trouble), f"{trouble.check}: {place}: {trouble.message}")

    problems = checked = 0
    with open_databases(settings) as databases:
        for name, database in databases.items():
            if name:
                output.record({"database": name}, f"{name}:")
            live = require_live(database, settings)
            for result in verify(database, live, report, history=history, keyring=keyring):
                problems += result.problems
                checked += result.checked
                state_of = counted(result.problems, "problems") if result.problems else "ok"
                output.record(
                    msgspec.to_builtins(result),
                    f"{result.check:<12} {result.checked:>10,} checked   {state_of}",
                )
    verdict = "clean" if not problems else counted(problems, "problems")
    output.record(
        {"summary": {"checked": checked, "problems": problems, "clean": not problems}},
        f"{checked:,} things checked: {verdict}",
    )
    return 1 if problems else 0
