"""Line objects: one owner, no life of their own."""

from objectry.findings import code
from objectry.metadata.checks.context import Context
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef

TWO_OWNERS = code(
    "OBJ0330",
    "Line object with two owners",
    "The rows of a table belong to one record through one field; versions, rights and history are "
    "that record's. Declare a line object for each table.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {lines: {type: table, of: item}, extras: {type: table, of: item}}\n"
        "---\nobject: item\nservice: offers\nfields: {name: {type: text}}"
    ),
    right=(
        "object: offer\nservice: offers\nfields: {lines: {type: table, of: item}}\n"
        "---\nobject: item\nservice: offers\nfields: {name: {type: text}}"
    ),
)
NESTED = code(
    "OBJ0331",
    "Table within a line",
    "A row is written with its record in one piece, so it can't own rows itself: give it a link, "
    "or make the inner rows an object of their own that links to the record.",
    wrong=(
        "object: offer\nservice: offers\nfields: {parts: {type: table, of: part}}\n"
        "---\nobject: part\nservice: offers\nfields: {items: {type: table, of: item}}\n"
        "---\nobject: item\nservice: offers\nfields: {name: {type: text}}"
    ),
    right=(
        "object: offer\nservice: offers\nfields: {parts: {type: table, of: part}}\n"
        "---\nobject: part\nservice: offers\nfields: {name: {type: text}}"
    ),
)
TABLE_CYCLE = code(
    "OBJ0332",
    "Tables own each other",
    "Following tables leads back to the same object, so no record could ever be complete.",
    wrong="object: offer\nservice: offers\nfields: {versions: {type: table, of: offer}}",
    right="object: offer\nservice: offers\nfields: {former: {type: link, to: offer}}",
)
NOT_FOR_LINES = code(
    "OBJ0333",
    "Not possible for a line object",
    "The rows of a table have no number, workflow, conversions or events of their own: those are "
    "the owning record's. They lie in the owner's service.",
    wrong=(
        "object: offer\nservice: offers\nfields: {lines: {type: table, of: item}}\n"
        '---\nobject: item\nservice: offers\nnumbering: {pattern: "{seq}"}'
    ),
    right=(
        "object: offer\nservice: offers\nfields: {lines: {type: table, of: item}}\n"
        "---\nobject: item\nservice: offers"
    ),
)

_OF_RECORDS = (
    "numbering",
    "workflow",
    "conversions",
    "events",
    "immutable",
    "single",
    "soft_delete",
    "record_types",
    "tree",
)


@project_check
def check_owners(context: Context) -> None:
    """A line object is held by one table field."""
    for name, owners in context.owners.items():
        if name not in context.definitions.objects:
            continue
        first = owners[0]
        for owner, field in owners[1:]:
            if owner == name:
                continue  # it owns itself, which is reported as a cycle
            at = ("object", owner, ("fields", field, "of"))
            message = f"The rows of `{name}` already belong to `{first[0]}.{first[1]}`."
            context.find(TWO_OWNERS, at, message, "declare another line object")


@object_check
def check_nesting(context: Context, definition: ObjectDef) -> None:
    """A line object has no tables; least of all one that leads back to it."""
    if definition.name not in context.owners:
        return
    objects = context.definitions.objects
    for field in definition.fields.values():
        if field.type != "table" or field.of not in objects:
            continue
        at = ("object", definition.name, ("fields", field.name, "of"))
        way = _way_back(context, field.of, definition.name)
        if way:
            chain = " → ".join((definition.name, *way))
            context.find(TABLE_CYCLE, at, f"Tables own each other: {chain}.", "use a link")
        else:
            owner = context.owners[definition.name][0][0]
            message = f"`{definition.name}` is a row of `{owner}` and can't own rows itself."
            context.find(NESTED, at, message, "use a link")


def _way_back(context: Context, start: str, goal: str) -> tuple[str, ...]:
    """The objects along tables from `start` to `goal`, empty where they do not lead there."""
    ways: dict[str, tuple[str, ...]] = {start: (start,)}
    queue = [start]
    while queue:
        name = queue.pop(0)
        if name == goal:
            return ways[name]
        definition = context.definitions.objects.get(name)
        for field in definition.fields.values() if definition else ():
            if field.type == "table" and field.of not in ways:
                ways[field.of] = (*ways[name], field.of)
                queue.append(field.of)
    return ()


@object_check
def check_line_object(context: Context, definition: ObjectDef) -> None:
    """A line object declares nothing that only a record can have."""
    owners = context.owners.get(definition.name)
    if not owners or owners[0][0] == definition.name:
        return
    for key in _OF_RECORDS:
        if getattr(definition, key):
            message = f"`{key}` is not possible for rows of `{owners[0][0]}`."
            at = ("object", definition.name, (key,))
            context.find(NOT_FOR_LINES, at, message, "declare it on the owner", key=True)
    owner = context.definitions.objects[owners[0][0]]
    services = {owner.service, definition.service}
    if len(services) == 2 and services <= set(context.definitions.services):
        message = f"The rows of `{owner.name}` lie in its service `{owner.service}`."
        at = ("object", definition.name, ("service",))
        context.find(NOT_FOR_LINES, at, message, f"write `service: {owner.service}`")
