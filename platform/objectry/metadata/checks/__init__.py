"""Checks: small functions over the definitions that return everything wrong with their meaning."""

from objectry.findings import Finding, sort_findings
from objectry.metadata.checks import (
    automations,
    behaviour,
    columns,
    conversions,
    dashboards,
    databases,
    defaults,
    dependencies,
    disclosure,
    duplicates,
    expressions,
    extends,
    fields,
    layouts,
    lines,
    lookups,
    mixins,
    names,
    notifications,
    numbering,
    record_types,
    references,
    reports,
    rollups,
    scenarios,
    singles,
    stored_rollups,
    transitions,
    translations,
    units,
)
from objectry.metadata.checks.context import Context, Positions
from objectry.metadata.checks.registry import CHECKS, OBJECT_CHECKS
from objectry.metadata.model.catalog import Catalog
from objectry.metadata.model.collection import uncollected
from objectry.metadata.model.definitions import Definitions
from objectry.metadata.model.templates import TemplateChecker

__all__ = [
    "Positions",
    "automations",
    "behaviour",
    "check",
    "columns",
    "conversions",
    "dashboards",
    "databases",
    "defaults",
    "dependencies",
    "disclosure",
    "duplicates",
    "expressions",
    "extends",
    "fields",
    "layouts",
    "lines",
    "lookups",
    "mixins",
    "names",
    "notifications",
    "numbering",
    "record_types",
    "references",
    "reports",
    "rollups",
    "scenarios",
    "singles",
    "stored_rollups",
    "transitions",
    "translations",
    "units",
]


def check(
    definitions: Definitions,
    sources: Positions,
    catalog: Catalog | None = None,
    templates: TemplateChecker | None = None,
) -> list[Finding]:
    """Everything that is wrong with the meaning of definitions, in the order of the files.

    `sources` tells where they stand (the loader's `Sources`), `catalog` what plugins bring;
    `templates` reads templates, which are not looked into without it.
    """
    context = Context(definitions, sources, catalog or Catalog(), templates)
    with uncollected():
        for alone in mixins.standing_alone(context):
            for object_check in OBJECT_CHECKS:
                object_check(*alone)
        for object_check in OBJECT_CHECKS:
            for definition in definitions.objects.values():
                object_check(context, definition)
        for project_check in CHECKS:
            project_check(context)
    return sort_findings(context.findings)
