"""References: every object, field, role, service, sequence that is named exists."""

from objectry.findings import code
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.definitions import ObjectDef, PermissionDef

NO_SERVICE = code(
    "OBJ0306",
    "Object without a service",
    "An object names its `service`, or a service lists it under `objects`.",
    wrong="object: offer\nfields: {subject: {type: text}}",
    right="object: offer\nservice: offers\nfields: {subject: {type: text}}",
)
UNKNOWN_SERVICE = code(
    "OBJ0310",
    "Unknown service",
    "No document declares a service of that name.",
    wrong="object: offer\nservice: ofers",
    right="object: offer\nservice: offers",
)
UNKNOWN_OBJECT = code(
    "OBJ0311",
    "Unknown object",
    "No document declares an object of that name.",
    wrong="object: offer\nservice: offers\nfields: {customer: {type: link, to: custmer}}",
    right="object: offer\nservice: offers\nfields: {customer: {type: link, to: customer}}",
)
UNKNOWN_FIELD = code(
    "OBJ0312",
    "Unknown field",
    "The object has no field of that name.",
    wrong="object: offer\nservice: offers\ntitle: subjekt\nfields: {subject: {type: text}}",
    right="object: offer\nservice: offers\ntitle: subject\nfields: {subject: {type: text}}",
)
UNKNOWN_ROLE = code(
    "OBJ0313",
    "Unknown role",
    "No document declares a role of that name. A role needs only `role:` and a `label`.",
    wrong="object: offer\nservice: offers\npermissions: {salse: {read: true}}",
    right="object: offer\nservice: offers\npermissions: {sales: {read: true}}",
)
WRONG_FIELD = code(
    "OBJ0326",
    "Field is not of the right kind here",
    "The field exists but can't be used so: a table field has no value of its own, a number's date "
    "comes from a date field, only columns can be indexed.",
    wrong=(
        "object: offer\nservice: offers\ntitle: lines\n"
        "fields: {lines: {type: table, of: offer_line}}\n"
        "---\nobject: offer_line\nservice: offers"
    ),
    right="object: offer\nservice: offers\ntitle: subject\nfields: {subject: {type: text}}",
)
NAMED_TWICE = code(
    "OBJ0307",
    "Named twice",
    "The same name stands twice in a list that wants each once.",
    wrong=(
        "object: offer\nservice: offers\nindexes: [[subject, subject]]\n"
        "fields: {subject: {type: text}}"
    ),
    right="object: offer\nservice: offers\nindexes: [[subject]]\nfields: {subject: {type: text}}",
)

ROLES = frozenset({"admin"})  # roles that exist without a document


@project_check
def check_services(context: Context) -> None:
    """Objects belong to a service that exists; services list objects that exist."""
    definitions = context.definitions
    for definition in definitions.objects.values():
        name, service = definition.name, definition.service
        if not service:
            message = f"`{name}` belongs to no service."
            context.find(NO_SERVICE, ("object", name, ("service",)), message, "add `service:`")
        else:
            at: Place = ("object", name, ("service",))
            context.expect(UNKNOWN_SERVICE, "service", service, definitions.services, at)
    for other in definitions.services.values():
        for index, name in enumerate(other.objects):
            at = ("service", other.name, ("objects", index))
            if not context.expect(UNKNOWN_OBJECT, "object", name, definitions.objects, at):
                continue
            owner = definitions.objects[name].service
            if owner != other.name:
                message = f"`{name}` says that it belongs to `{owner}`."
                context.find(UNKNOWN_SERVICE, at, message, "keep one of the two")


@object_check
def check_targets(context: Context, definition: ObjectDef) -> None:
    """Links and tables point to objects that exist."""
    objects = context.definitions.objects
    for field in definition.fields.values():
        seen: set[str] = set()
        if field.type == "links" and len(field.to) > 1:
            at: Place = ("object", definition.name, ("fields", field.name, "to"))
            message = "A list of links leads to one object."
            context.find(WRONG_FIELD, at, message, "a `link` may lead to several")
        for index, target in enumerate(field.to if field.type in ("link", "links") else ()):
            at = ("object", definition.name, ("fields", field.name, "to", index))
            if target in seen:
                context.find(NAMED_TWICE, at, f"`{target}` stands twice.", "remove it")
            seen.add(target)
            context.expect(UNKNOWN_OBJECT, "object", target, objects, at)
        if field.type == "table" and field.of:
            at = ("object", definition.name, ("fields", field.name, "of"))
            context.expect(UNKNOWN_OBJECT, "object", field.of, objects, at)


@object_check
def check_title(context: Context, definition: ObjectDef) -> None:
    """The title is a field with a value."""
    if not definition.title:
        return
    at = ("object", definition.name, ("title",))
    field = context.expect_field(UNKNOWN_FIELD, definition.name, definition.title, at)
    if field is not None and field.type == "table":
        context.find(WRONG_FIELD, at, f"The table `{field.name}` can't be a title.")


@object_check
def check_indexes(context: Context, definition: ObjectDef) -> None:
    """Indexes and uniques are over fields that have a column, each once."""
    for key, groups in (("indexes", definition.indexes), ("uniques", definition.uniques)):
        for row, group in enumerate(groups):
            seen: set[str] = set()
            for column, entry in enumerate(group):
                name = entry.removeprefix("-") if key == "indexes" else entry
                path: Path = (key, row, column)
                at = ("object", definition.name, path)
                field = context.expect_field(UNKNOWN_FIELD, definition.name, name, at)
                if field is None:
                    continue
                if name in seen:
                    context.find(NAMED_TWICE, at, f"`{name}` stands twice.", "remove it")
                seen.add(name)
                row_facts = context.type_of(field)
                if row_facts and not row_facts.sortable:
                    message = f"`{name}` is a {field.type}, which has no order to index."
                    context.find(WRONG_FIELD, at, message)


@object_check
def check_check_fields(context: Context, definition: ObjectDef) -> None:
    """A check's `field` and what `immutable` excepts are fields."""
    for key, checks in (("checks", definition.checks), ("invariants", definition.invariants)):
        for index, check in enumerate(checks):
            if check.field:
                at: Place = ("object", definition.name, (key, index, "field"))
                context.expect_field(UNKNOWN_FIELD, definition.name, check.field, at)
    for index, name in enumerate(definition.immutable.allow if definition.immutable else ()):
        at = ("object", definition.name, ("immutable", "except", index))
        context.expect_field(UNKNOWN_FIELD, definition.name, name, at)


UNKNOWN_TRANSITION = code(
    "OBJ0315",
    "Unknown transition",
    "The object's workflow has no transition of that name.",
    wrong="object: offer\nservice: offers\npermissions: {sales: {read: true, transitions: [sned]}}",
    right="object: offer\nservice: offers\npermissions: {sales: {read: true}}",
)
UNKNOWN_CONVERSION = code(
    "OBJ0316",
    "Unknown conversion",
    "The object has no conversion of that name.",
    wrong=(
        "object: offer\nservice: offers\npermissions: {sales: {read: true, conversions: [order]}}"
    ),
    right='object: offer\nservice: offers\npermissions: {sales: {read: true, conversions: "*"}}',
)


@object_check
def check_permissions(context: Context, definition: ObjectDef) -> None:
    """Grants under an object name roles, fields and actions that exist."""
    roles = set(context.definitions.roles) | ROLES
    for role, grant in definition.permissions.items():
        at = ("object", definition.name, ("permissions", role))
        context.expect(UNKNOWN_ROLE, "role", role, sorted(roles), at, key=True)
        _check_grant(context, definition, grant, at)


@project_check
def check_role_permissions(context: Context) -> None:
    """Grants under a role name objects, fields and actions that exist."""
    objects = context.definitions.objects
    for role in context.definitions.roles.values():
        for name, grant in role.permissions.items():
            at = ("role", role.name, ("permissions", name))
            if context.expect(UNKNOWN_OBJECT, "object", name, objects, at, key=True):
                _check_grant(context, objects[name], grant, at)


def _check_grant(context: Context, definition: ObjectDef, grant: PermissionDef, at: Place) -> None:
    kind, name, path = at
    for field in grant.fields:
        place = (kind, name, (*path, "fields", field))
        context.expect_field(UNKNOWN_FIELD, definition.name, field, place, key=True)
    workflow = definition.workflow
    lists = (
        (UNKNOWN_TRANSITION, "transitions", workflow.transitions if workflow else {}),
        (UNKNOWN_CONVERSION, "conversions", definition.conversions),
    )
    for number, key, known in lists:
        for index, action in enumerate(getattr(grant, key)):
            if action == "*" or context.positions.is_broken(
                "object", definition.name, (_HOME[key],)
            ):
                continue
            place = (kind, name, (*path, key, index))
            context.expect(number, key.removesuffix("s"), action, known, place)


_HOME = {"transitions": "workflow", "conversions": "conversions"}
