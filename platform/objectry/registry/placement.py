"""Placement: a release → the part of it that one database serves.

What lives here stays as it is declared. Objects of other databases that are needed here become
*replicas* (`registry.replica`). Tables, queries, permissions and plans work on what is left as on
any release.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TypeVar

import msgspec

from objectry.expressions.types import Kind
from objectry.metadata.model import Catalog, Definitions, Model, ObjectDef
from objectry.metadata.model.behaviour import target_quantity
from objectry.metadata.model.definitions import RoleDef
from objectry.metadata.model.documents import ArrivalDef, ConversionDef
from objectry.metadata.model.elsewhere import Here, needed
from objectry.metadata.model.model import owners_of
from objectry.metadata.model.pages import DashboardDef, LayoutDef, ReportDef
from objectry.metadata.model.reactions import AutomationDef, NotificationDef
from objectry.registry.replica import grant_on_replica, replica_of

# How what happens to a record that others follow is called where its definition doesn't say.
EVENTS = {"created": "Created", "updated": "Updated", "deleted": "Deleted"}

OfObject = TypeVar("OfObject", LayoutDef, ReportDef, NotificationDef, AutomationDef)


def place(
    definitions: Definitions,
    placed: Mapping[str, str],
    database: str,
    catalog: Catalog | None = None,
) -> Definitions:
    """The definitions that `database` serves; `placed` is service → database."""
    model = Model(definitions, catalog)
    here = _here(definitions, placed, database)
    need = needed(definitions, here, partial(_reads, model))
    watched = _watched(definitions, placed, database, model)
    objects = {
        name: _local(definitions, definition, here, watched=name in watched)
        if here(name)
        else replica_of(model, definition, need[name])
        for name, definition in definitions.objects.items()
        if here(name) or name in need
    }
    reports = _about(definitions.reports, here)
    return msgspec.structs.replace(
        definitions,
        objects=objects,
        roles={name: _role(model, role, objects, here) for name, role in definitions.roles.items()},
        layouts=_about(definitions.layouts, here),
        reports=reports,
        dashboards=_dashboards(definitions, reports),
        notifications=_about(definitions.notifications, here),
        automations=_about(definitions.automations, here),
        scenarios={},  # they tell of the whole
    )


def _here(definitions: Definitions, placed: Mapping[str, str], database: str) -> Here:
    def here(name: str) -> bool:
        found = definitions.objects.get(name)
        return found is not None and placed.get(found.service) == database

    return here


def _watched(
    definitions: Definitions, placed: Mapping[str, str], database: str, model: Model
) -> set[str]:
    """The objects that other databases keep replicas of."""
    found: set[str] = set()
    for other in sorted(set(placed.values()) - {database}):
        found.update(needed(definitions, _here(definitions, placed, other), partial(_reads, model)))
    return found


def _local(
    definitions: Definitions, definition: ObjectDef, here: Here, *, watched: bool
) -> ObjectDef:
    conversions = {
        name: one if here(one.to) else msgspec.structs.replace(one, remote=True)
        for name, one in definition.conversions.items()
    }
    arrivals = [
        _arrival(source, one)
        for source in definitions.objects.values()
        if not here(source.name)
        for one in source.conversions.values()
        if one.to == definition.name
    ]
    events = definition.events
    if watched and definition.name not in owners_of(definitions):
        # Who follows it must hear of every change; of lines their owner tells.
        camel = "".join(word.capitalize() for word in definition.name.split("_"))
        events = {**{what: camel + end for what, end in EVENTS.items()}, **events}
    return msgspec.structs.replace(
        definition, conversions=conversions, arrivals=tuple(arrivals), events=events
    )


def _arrival(source: ObjectDef, conversion: ConversionDef) -> ArrivalDef:
    lines = conversion.lines
    return ArrivalDef(
        source=source.name,
        conversion=conversion.name,
        lines=lines.to if lines is not None else "",
        quantity=target_quantity(lines) if lines is not None else "",
        releases_when=conversion.releases_when,
    )


def _reads(model: Model, object_name: str, source: str) -> Iterable[str]:
    """The fields of the object itself that a condition over it reads."""
    expression = model.expression(object_name, source, expects=(Kind.BOOLEAN,))
    return {path[0] for root, path in expression.reads if root == "record"}


def _role(model: Model, role: RoleDef, objects: Mapping[str, ObjectDef], here: Here) -> RoleDef:
    grants = {
        name: grant if here(name) else grant_on_replica(model, objects[name], grant)
        for name, grant in role.permissions.items()
        if name in objects
    }
    return msgspec.structs.replace(role, permissions=grants)


def _about(definitions: Mapping[str, OfObject], here: Here) -> dict[str, OfObject]:
    return {name: one for name, one in definitions.items() if here(one.object)}


def _dashboards(
    definitions: Definitions, reports: Mapping[str, ReportDef]
) -> dict[str, DashboardDef]:
    """Every dashboard with the tiles whose reports are here, where any are."""
    found: dict[str, DashboardDef] = {}
    for name, one in definitions.dashboards.items():
        tiles = tuple(tile for tile in one.tiles if tile.report in reports)
        if tiles:
            found[name] = msgspec.structs.replace(one, tiles=tiles)
    return found
