"""Lookups: the links they follow lead to a field, and none leads back to itself."""

from objectry.findings import code
from objectry.metadata.checks.aggregates import Node
from objectry.metadata.checks.circles import find_cycles, report_cycle
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.references import UNKNOWN_FIELD
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import FieldDef, ObjectDef

NO_LOOKUP = code(
    "OBJ0550",
    "Lookup leads nowhere",
    "A lookup follows links, and ends at a field with a value.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {subject: {type: text}, city: {lookup: subject.city}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {customer: {type: link, to: customer}, country: {lookup: customer.country}}"
    ),
)


@object_check
def check_lookups(context: Context, definition: ObjectDef) -> None:
    """Every lookup was followed to a field."""
    for field in definition.fields.values():
        if not field.lookup or field.formula is not None:
            continue
        at: Place = ("object", definition.name, ("fields", field.name, "lookup"))
        name = definition.name
        *hops, last = field.lookup.split(".")
        if not hops:
            message = f"`{last}` is no field behind a link."
            context.find(NO_LOOKUP, at, message, "as in `customer.city`")
            continue
        for hop in hops:
            if hop == "parent" and name in context.owners and hop not in context.fields(name):
                name = context.owners[name][0][0]
                continue
            link = context.expect_field(UNKNOWN_FIELD, name, hop, at)
            if link is None or not link.type:
                break
            if link.type != "link" or not link.to:
                message = f"`{hop}` can't be followed by a dot."
                context.find(NO_LOOKUP, at, message, "only a link can")
                break
            name = link.to[0]
            if name not in context.definitions.objects:
                break  # reported at the link
        else:
            context.expect_field(UNKNOWN_FIELD, name, last, at)


@project_check
def check_circles(context: Context) -> None:
    """Lookups and rollups do not lead to each other in a circle: none would have a type."""
    edges: dict[Node, list[Node]] = {}
    for definition in context.definitions.objects.values():
        for field in definition.fields.values():
            if not field.type and (field.lookup or field.rollup):
                edges[definition.name, field.name] = _ends(context, definition.name, field)
    for cycle in find_cycles(edges):
        report_cycle(context, cycle, "lookup")


def _ends(context: Context, name: str, field: FieldDef) -> list[Node]:
    """The field that a lookup or rollup takes its type from."""
    if field.rollup is not None:
        return [(field.rollup.of, field.rollup.field)]
    *hops, last = field.lookup.split(".")
    for hop in hops:
        link = context.fields(name).get(hop)
        if link is None and hop == "parent" and name in context.owners:
            name = context.owners[name][0][0]
        elif link is None or not link.to:
            return []
        else:
            name = link.to[0]
    return [(name, last)]
