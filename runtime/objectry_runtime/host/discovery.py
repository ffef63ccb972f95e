"""Which plugins are installed: the entry-point group `objectry.plugins`, theirs and ours alike."""

import importlib.metadata
from collections.abc import Iterable
from typing import Any

from objectry.findings import Finding, code
from objectry.sdk import Plugin, plugin_conflicts

GROUP = "objectry.plugins"

NOT_LOADABLE = code(
    "OBJ0830",
    "A plugin can't be loaded",
    "Importing the package that brings the plugin failed; the message names the package, the entry"
    " point and the reason. Repair or uninstall it: Objectry does not start without a plugin that"
    " is installed, because records would silently be computed differently.",
)
NOT_A_PLUGIN = code(
    "OBJ0831",
    "An entry point is not a plugin",
    "Entry points of the group `objectry.plugins` name an instance of `objectry.sdk.Plugin`.",
    wrong='[project.entry-points."objectry.plugins"]\ntax = "my_tax:compute"',
    right='[project.entry-points."objectry.plugins"]\ntax = "my_tax:plugin"',
)


class PluginProblem(Exception):
    """The installed plugins, or their settings, have mistakes: all of them, in `findings`."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = list(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


def discover() -> tuple[Plugin[Any], ...]:
    """The installed plugins, by name. Raises PluginProblem with every mistake."""
    return load(importlib.metadata.entry_points(group=GROUP))


def load(points: Iterable[importlib.metadata.EntryPoint]) -> tuple[Plugin[Any], ...]:
    """The plugins behind entry points, by name. Raises PluginProblem with every mistake."""
    findings: list[Finding] = []
    plugins: dict[str, Plugin[Any]] = {}  # by value: a checkout and a wheel may both name one
    for point in points:
        where = f"distribution {_distribution(point)!r}, entry point {point.name} = {point.value}"
        try:
            found = point.load()
        except (Exception, SystemExit) as error:  # it is foreign code: whatever it raises
            reason = f"{type(error).__name__}: {error}"
            findings.append(Finding(code=NOT_LOADABLE, message=f"{where}: {reason}"))
            continue
        if isinstance(found, Plugin):
            plugins[point.value] = found
        else:
            findings.append(
                Finding(
                    code=NOT_A_PLUGIN,
                    message=f"{where} is a {type(found).__name__}",
                    hint="name an instance of objectry.sdk.Plugin",
                )
            )
    found_all = sorted(plugins.values(), key=lambda plugin: plugin.name)
    findings.extend(plugin_conflicts(found_all))
    if findings:
        raise PluginProblem(findings)
    return tuple(found_all)


def _distribution(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"
