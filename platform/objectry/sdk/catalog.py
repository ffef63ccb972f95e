"""What all plugins together offer to definitions."""

from collections.abc import Iterable
from typing import Any

from objectry.findings import Finding, code
from objectry.metadata.model.catalog import Catalog, ComputedFact
from objectry.sdk.plugin import Plugin

SAME_PLUGIN = code(
    "OBJ0823",
    "Two plugins have the same name",
    "Settings, errors and permissions go by a plugin's name, so it must be unique. Remove one of"
    " the packages.",
)
SAME_COMPUTED = code(
    "OBJ0824",
    "Two plugins bring the same computed field",
    "Which of them would fill the field? Nothing decides by chance here: remove one, or let one"
    " register for its own field as `object.field`.",
)

# Settings differ in class from plugin to plugin; who looks at plugins from outside does not care.
AnyPlugin = Plugin[Any]


def catalog(plugins: Iterable[AnyPlugin]) -> Catalog:
    """What the definitions may name. The plugins have no conflicts (`plugin_conflicts`)."""
    given = tuple(plugins)
    conflicts = plugin_conflicts(given)
    if conflicts:
        raise ValueError("; ".join(str(finding) for finding in conflicts))
    return Catalog(
        computed={
            name: ComputedFact(plugin=plugin.name, name=name, reads=function.hook.reads)
            for plugin in given
            for name, function in plugin.computed.items()
        }
    )


def plugin_conflicts(plugins: Iterable[AnyPlugin]) -> list[Finding]:
    """Names that more than one plugin claims."""
    findings: list[Finding] = []
    names: set[str] = set()
    owners: dict[str, str] = {}
    for plugin in plugins:
        if plugin.name in names:
            findings.append(
                Finding(code=SAME_PLUGIN, message=f"two plugins are called {plugin.name!r}")
            )
        names.add(plugin.name)
        for name in plugin.computed:
            if name in owners and owners[name] != plugin.name:
                findings.append(
                    Finding(
                        code=SAME_COMPUTED,
                        message=f"computed {name!r} is brought by {owners[name]!r} and"
                        f" {plugin.name!r}",
                        hint="remove one of the two packages",
                    )
                )
            owners.setdefault(name, plugin.name)
    return findings
