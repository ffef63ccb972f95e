"""Expressions: every one is typed against the object it is over, and gives what its place needs."""

from collections.abc import Iterator

from objectry.expressions import Expression
from objectry.expressions.tree import Call, Compare, Field, If, In, ListOf, Literal, Tree, walk
from objectry.expressions.types import Kind
from objectry.findings import code, near
from objectry.metadata.checks.context import Context, Path, Place
from objectry.metadata.checks.conversions import check_link
from objectry.metadata.checks.registry import object_check, project_check
from objectry.metadata.model.behaviour import granted
from objectry.metadata.model.definitions import FieldDef, ObjectDef, PermissionDef
from objectry.metadata.model.resolved import ACTIONS

NOT_AN_OPTION = code(
    "OBJ0347",
    "Not an option",
    "The field can only have one of its options (or states), so this text is never met.",
    wrong=(
        "object: offer\nservice: offers\n"
        "fields: {urgency: {type: select, options: [low, high], default: \"'hihg'\"}}"
    ),
    right=(
        "object: offer\nservice: offers\n"
        "fields: {urgency: {type: select, options: [low, high], default: \"'high'\"}}"
    ),
)

_RULE = (Kind.BOOLEAN,)
_FIELD_RULES = ("when", "required_when")


@object_check
def check_field_expressions(context: Context, definition: ObjectDef) -> None:
    """Formulas and defaults give their field's kind of value; conditions are true or false."""
    for field in definition.fields.values():
        for key, source in (("formula", field.formula), ("default", field.default)):
            if source is not None and field.type != "table":
                path: Path = ("fields", field.name, key)
                _value(context, definition.name, source, field, path, user=key == "default")
        for key in _FIELD_RULES:
            source = getattr(field, key)
            if source is not None:
                _rule(context, definition.name, source, ("fields", field.name, key))


@object_check
def check_rules(context: Context, definition: ObjectDef) -> None:
    """Checks, invariants, locks and guards are true or false."""
    name = definition.name
    for key, checks in (("checks", definition.checks), ("invariants", definition.invariants)):
        for index, check in enumerate(checks):
            _rule(context, name, check.rule, (key, index, "rule"))
    if definition.immutable:
        _rule(context, name, definition.immutable.when, ("immutable", "when"))
    for transition in definition.workflow.transitions.values() if definition.workflow else ():
        path: Path = ("workflow", "transitions", transition.name)
        if transition.when is not None:
            _rule(context, name, transition.when, (*path, "when"), user=True)
        for index, step in enumerate(transition.approvals):
            if step.when is not None:
                _rule(context, name, step.when, (*path, "approvals", index, "when"), user=True)


@object_check
def check_conversion_expressions(context: Context, definition: ObjectDef) -> None:
    """Conversion maps give what the target's fields hold."""
    objects = context.definitions.objects
    for conversion in definition.conversions.values():
        path: Path = ("conversions", conversion.name)
        if conversion.when is not None:
            _rule(context, definition.name, conversion.when, (*path, "when"), user=True)
        target = objects.get(conversion.to)
        if target is None:
            continue
        at = ("object", definition.name, (*path, "releases_when"))
        if conversion.releases_when is not None:
            found = context.compile(target.name, conversion.releases_when, at, expects=_RULE)
            check_compared(context, target.name, found, at)
        _map(context, definition.name, definition.name, target, conversion.map, (*path, "map"))
        if conversion.lines is None:
            continue
        source_field = definition.fields.get(conversion.lines.source)
        target_field = target.fields.get(conversion.lines.to)
        line = objects.get(target_field.of) if target_field else None
        if source_field is None or line is None or source_field.of not in objects:
            continue
        if conversion.lines.when is not None:
            at = ("object", definition.name, (*path, "lines", "when"))
            found = context.compile(source_field.of, conversion.lines.when, at, expects=_RULE)
            check_compared(context, source_field.of, found, at)
        place: Path = (*path, "lines", "map")
        _map(context, definition.name, source_field.of, line, conversion.lines.map, place)


def _map(
    context: Context,
    object_name: str,
    source_object: str,
    target: ObjectDef,
    map_: dict[str, str],
    path: Path,
) -> None:
    for key, source in map_.items():
        field = target.fields.get(key)
        if field is None:
            continue  # reported by its key
        at = ("object", object_name, (*path, key))
        expects = context.kinds(field, target.name)
        found = context.compile(source_object, source, at, expects=expects, user=True)
        if found is not None:
            check_link(context, field, found.type, at)


@object_check
def check_row_rules(context: Context, definition: ObjectDef) -> None:
    """Row rules under an object are true or false."""
    for role, grant in definition.permissions.items():
        path: Path = ("permissions", role)
        _grant(context, definition.name, grant, ("object", definition.name, path))


@project_check
def check_role_rules(context: Context) -> None:
    """Row rules under a role are true or false."""
    for role in context.definitions.roles.values():
        for name, grant in role.permissions.items():
            _grant(context, name, grant, ("role", role.name, ("permissions", name)))


def _grant(context: Context, object_name: str, grant: PermissionDef, at: Place) -> None:
    kind, name, path = at
    for action in ACTIONS:
        rule = granted(grant, action)
        if isinstance(rule, str):
            place = (kind, name, (*path, action))
            found = context.compile(object_name, rule, place, expects=_RULE, user=True)
            check_compared(context, object_name, found, place)


def _rule(
    context: Context, object_name: str, source: str, path: Path, *, user: bool = False
) -> None:
    at = ("object", object_name, path)
    found = context.compile(object_name, source, at, expects=_RULE, user=user)
    check_compared(context, object_name, found, at)


def _value(
    context: Context, object_name: str, source: str, field: FieldDef, path: Path, *, user: bool
) -> None:
    at = ("object", object_name, path)
    expects = context.kinds(field, object_name)
    found = context.compile(object_name, source, at, expects=expects, user=user)
    if found is None:
        return
    check_link(context, field, found.type, at)
    check_compared(context, object_name, found, at)
    check_options(context, found, field, at)


def check_options(context: Context, found: Expression, field: FieldDef, at: Place) -> None:
    """The plain texts that an expression gives are among the options of the field it is for."""
    if field.options:
        options = [option.value for option in field.options]
        for value in dict.fromkeys(_texts(found.tree)):
            _check_option(context, options, field.name, value, at)


def _texts(tree: Tree) -> Iterator[str]:
    """The plain texts that an expression may give, whatever its conditions say."""
    match tree:
        case Literal(value=str() as value):
            yield value
        case If(then=then, otherwise=otherwise):
            yield from _texts(then)
            yield from _texts(otherwise)
        case Call(function="coalesce", arguments=arguments):
            for argument in arguments:
                yield from _texts(argument)
        case _:
            return


def check_compared(context: Context, object_name: str, found: Expression | None, at: Place) -> None:
    """Texts that a select field is compared with are among its options."""
    if found is None:
        return
    for node in walk(found.tree):
        match node:
            case Compare(op="==" | "!=", left=left, right=right):
                pairs: list[tuple[Tree, Tree]] = [(left, right), (right, left)]
            case In(value=value, items=ListOf(items=items)):
                pairs = [(value, item) for item in items]
            case _:
                continue
        for field_node, literal in pairs:
            if (
                isinstance(field_node, Field)
                and field_node.root == "record"
                and len(field_node.path) == 1
                and isinstance(literal, Literal)
                and isinstance(literal.value, str)
            ):
                field = context.fields(object_name).get(field_node.path[0])
                if field is not None and field.options:
                    values = [option.value for option in field.options]
                    _check_option(context, values, field.name, literal.value, at)


def _check_option(context: Context, options: list[str], name: str, value: str, at: Place) -> None:
    if value not in options:
        message = f"`{name}` is never '{value}'."
        hint = near(value, options) or f"possible: {', '.join(options)}"
        context.find(NOT_AN_OPTION, at, message, hint)
