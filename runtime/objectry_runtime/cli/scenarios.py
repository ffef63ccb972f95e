"""What `objectry test` does: definitions checked, a stage set, every scenario told and reported."""

import asyncio
import time
from pathlib import Path

import msgspec

from objectry.findings import Position
from objectry.metadata.loader import Loaded
from objectry.registry import make_release
from objectry_runtime.cli.definitions import Checked, check_project, placed, refuse_mistakes
from objectry_runtime.cli.failure import USAGE, Failure
from objectry_runtime.cli.output import Output, counted
from objectry_runtime.cli.project import find_project, open_settings
from objectry_runtime.services.scenarios import Outcome, open_stage, tell
from objectry_runtime.services.settings import Settings


def tell_all(
    names: tuple[str, ...], project: Path | None, state: Path | None, *, as_json: bool
) -> int:
    """Tell the scenarios of a project; 1 where one did not come true."""
    folder = find_project(project)
    checked = check_project(folder)
    refuse_mistakes(checked, folder)
    known = checked.loaded.definitions.scenarios
    for name in names:
        if name not in known:
            listed = ", ".join(f'"{one}"' for one in known) or "none"
            raise Failure(f'There is no scenario "{name}".', f"There are: {listed}.", USAGE)
    output = Output("test", json=as_json)
    chosen = names or tuple(known)
    if not chosen:
        output.record({"summary": {"scenarios": 0, "failed": 0}}, f"{folder}: no scenarios.")
        return 0
    settings = open_settings(project, state)
    failed, seconds = asyncio.run(_tell(settings, checked, chosen, folder, output))
    verdict = "all came true" if not failed else f"{failed} failed"
    output.record(
        {"summary": {"scenarios": len(chosen), "failed": failed, "seconds": round(seconds, 3)}},
        f"{counted(len(chosen), 'scenarios')}: {verdict} ({seconds:.1f} s)",
    )
    return 1 if failed else 0


async def _tell(
    settings: Settings, checked: Checked, names: tuple[str, ...], folder: Path, output: Output
) -> tuple[int, float]:
    failed = 0
    definitions = checked.loaded.definitions
    async with open_stage(settings, make_release(definitions)) as stage:
        began = time.perf_counter()
        # Tenant 1 is the one every database has.
        for number, name in enumerate(names, start=2):
            outcome = await tell(stage, definitions.scenarios[name], number)
            failed += outcome.failure is not None
            _report(output, outcome, checked.loaded, folder)
        return failed, time.perf_counter() - began


def _report(output: Output, outcome: Outcome, loaded: Loaded, folder: Path) -> None:
    failure = outcome.failure
    path = failure.place if failure is not None else ()
    position = loaded.sources.position("scenario", outcome.scenario, path)
    place = placed(position, folder) if position is not None else None
    document = msgspec.to_builtins(outcome) | {
        "passed": failure is None,
        "file": place.file if place else None,
        "line": place.line if place else None,
    }
    if failure is None:
        output.record(document, f"ok      {outcome.scenario} ({outcome.seconds * 1000:.0f} ms)")
        return
    lines = [
        f"FAILED  {outcome.scenario}",
        f"        {_where(place)}{failure.place[0]}: {failure.step}",
    ]
    lines.append(f"        {failure.message}")
    lines += [
        f"          {name} = {'null' if value is None else value}"
        for name, value in failure.values.items()
    ]
    output.record(document, "\n".join(lines))


def _where(place: Position | None) -> str:
    return f"{place.file}:{place.line}: " if place else ""
