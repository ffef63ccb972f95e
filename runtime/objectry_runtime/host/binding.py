"""A release and the installed plugins become what is served."""

from collections.abc import Iterable, Mapping
from typing import Any

from objectry.findings import Finding, code
from objectry.metadata.model import Definitions, Model
from objectry.metadata.types import type_of
from objectry.registry import Release, StorageMap
from objectry.sdk import Plugin, Settings, catalog, fill_settings
from objectry_runtime.host.computed import BoundComputed
from objectry_runtime.host.discovery import PluginProblem
from objectry_runtime.host.live import Live
from objectry_runtime.host.view import shape_of

NOT_INSTALLED = code(
    "OBJ0832",
    "The release needs a plugin that is not installed",
    "A field is declared `computed: NAME`, and no installed plugin brings a function of that name."
    " Install the package, or publish a release without the field.",
)
REQUIRED = code(
    "OBJ0833",
    "A plugin requires something that is not there",
    "The plugin names services or plugins it can't work without (`requires`).",
)
WRONG_READS = code(
    "OBJ0834",
    "A computed field can't read what its plugin asks for",
    "The function declares `reads`, and the object that uses it has no such path.",
)
SETTINGS_OF_NONE = code(
    "OBJ0835",
    "Settings of a plugin that is not installed",
    "objectry.toml or the environment has settings for a plugin of this name, but none is"
    " installed. Install it or remove the settings: they would be silently without effect.",
    wrong='[plugins.taxes]\nrounding = "line"',
    right='[plugins.tax]\nrounding = "line"',
)

NO_TYPE = code(
    "OBJ0836",
    "The release needs a field type that is not installed",
    "A field is of a type that a plugin brings, and no installed plugin brings it. Without it"
    " nobody could read, write or show the field. Install the package, or publish a release without"
    " it.",
)

# Tables of the settings that are not a plugin's.
OWN_TABLES = frozenset({"company"})


def build_live(
    release: Release,
    storage: StorageMap,
    plugins: Iterable[Plugin[Any]],
    settings: Mapping[str, Mapping[str, object]],
) -> Live:
    """Bind the plugins to a release. Raises PluginProblem with every mistake.

    `settings` holds `company` and one table per plugin.
    """
    given = {plugin.name: plugin for plugin in plugins}
    filled, findings = _fill(given, settings)
    findings += _unmet(given.values(), release.definitions)
    model = release.model(catalog(given.values()))
    half_even = settings.get("company", {}).get("rounding") == "half_even"
    bound, unbound = _bind(model, given, filled, half_even=half_even)
    findings += unbound
    findings += missing_types(model)
    if findings:
        raise PluginProblem(findings)
    return Live(
        release=release,
        model=model,
        storage=storage,
        settings=settings,
        compiled={},
        bound=bound,
    )


def missing_types(model: Model) -> list[Finding]:
    """The field types of a release that neither Objectry nor an installed plugin brings."""
    return [
        Finding(
            code=NO_TYPE,
            message=f"{definition.name}.{field.name} is of the type {field.type!r}, which no"
            " installed plugin brings",
        )
        for definition in model.definitions.objects.values()
        for field in definition.fields.values()
        if type_of(field, model.catalog.types) is None
    ]


def _fill(
    plugins: Mapping[str, Plugin[Any]], settings: Mapping[str, Mapping[str, object]]
) -> tuple[dict[str, Settings | None], list[Finding]]:
    filled: dict[str, Settings | None] = {}
    findings: list[Finding] = []
    for name, plugin in plugins.items():
        filled[name], wrong = fill_settings(name, plugin.settings, settings.get(name, {}))
        findings += wrong
    for name in settings:
        if name not in plugins and name not in OWN_TABLES:
            known = ", ".join(plugins) or "none"
            findings.append(
                Finding(
                    code=SETTINGS_OF_NONE,
                    message=f"plugins.{name}: no such plugin is installed",
                    hint=f"installed: {known}",
                    path=f"plugins.{name}",
                )
            )
    return filled, findings


def _unmet(plugins: Iterable[Plugin[Any]], definitions: Definitions) -> list[Finding]:
    given = tuple(plugins)
    there = {plugin.name for plugin in given} | set(definitions.services)
    return [
        Finding(
            code=REQUIRED,
            message=f"plugin {plugin.name!r} requires {wanted!r}",
            hint="install the plugin or declare the service of that name",
        )
        for plugin in given
        for wanted in plugin.requires
        if wanted not in there
    ]


def _bind(
    model: Model,
    plugins: Mapping[str, Plugin[Any]],
    filled: Mapping[str, Settings | None],
    *,
    half_even: bool,
) -> tuple[dict[str, BoundComputed], list[Finding]]:
    bound: dict[str, BoundComputed] = {}
    findings: list[Finding] = []
    # Over the definitions: resolving every object of a large release now would delay the start.
    for object_name, definition in model.definitions.objects.items():
        for field in definition.fields.values():
            if not field.computed:
                continue
            where = f"{object_name}.{field.name}"
            fact = model.catalog.computed_for(field.computed, object_name, field.name)
            if fact is None:
                findings.append(
                    Finding(
                        code=NOT_INSTALLED,
                        message=f"{where} is computed by {field.computed!r}, which no installed"
                        " plugin brings",
                    )
                )
                continue
            try:
                shape = shape_of(model, object_name, fact.reads)
            except LookupError as error:
                findings.append(
                    Finding(
                        code=WRONG_READS,
                        message=f"plugin {fact.plugin!r} can't compute {where}: {error.args[0]}",
                    )
                )
                continue
            bound[where] = BoundComputed(
                plugin=fact.plugin,
                name=fact.name,
                field=where,
                kind=model.object(object_name).fields[field.name].expr_type.kind,
                reads=fact.reads,
                shape=shape,
                settings=filled[fact.plugin],
                half_even=half_even,
                call=plugins[fact.plugin].computed[fact.name].call,
            )
    return bound, findings
