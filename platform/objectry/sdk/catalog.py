"""What all plugins together offer to definitions."""

from collections.abc import Iterable
from typing import Any

from objectry.findings import Finding, code
from objectry.metadata.model.catalog import Catalog, ComputedFact
from objectry.metadata.types import SYSTEM_TYPES, TYPES
from objectry.sdk.plugin import Plugin
from objectry.sdk.type_rules import type_problem

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

SAME_TYPE = code(
    "OBJ0837",
    "A plugin's field type has a name that is taken",
    "A field type is named once: by Objectry itself, or by one plugin. Two would read and keep the "
    "same field differently.",
)
BAD_TYPE = code(
    "OBJ0838",
    "A plugin's field type is not whole",
    "A field type says its name, a sentence about itself, its storage class, its kind, its"
    " operators and its widget, shows examples and mistakes, and takes only keys that fields have.",
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
        },
        types={each.name: each for plugin in given for each in plugin.types},
    )


def plugin_conflicts(plugins: Iterable[AnyPlugin]) -> list[Finding]:
    """Names that more than one plugin claims."""
    findings: list[Finding] = []
    given = tuple(plugins)
    names: set[str] = set()
    owners: dict[str, str] = {}
    for plugin in given:
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
    return findings + type_conflicts(given)


def type_conflicts(plugins: Iterable[AnyPlugin]) -> list[Finding]:
    """Field types that are not whole, or whose name is taken."""
    findings: list[Finding] = []
    owners = dict.fromkeys((*TYPES, *SYSTEM_TYPES), "objectry")
    for plugin in plugins:
        for each in plugin.types:
            problem = type_problem(each)
            if problem:
                message = f"plugin {plugin.name!r}: the type {type(each).__name__} {problem}"
                findings.append(Finding(code=BAD_TYPE, message=message))
                continue
            owner = owners.setdefault(each.name, plugin.name)
            if owner != plugin.name:
                message = f"type {each.name!r} is brought by {owner!r} and {plugin.name!r}"
                findings.append(Finding(code=SAME_TYPE, message=message))
    return findings
