"""Rollups: records link here, and what they hold can be counted or summed."""

from collections.abc import Iterator

from objectry.expressions import Expression
from objectry.expressions.rollups import make_rollup
from objectry.expressions.tree import Bool, Compare, Field, Literal, Tree
from objectry.expressions.types import Kind
from objectry.expressions.typing import ORDERED
from objectry.findings import code, near
from objectry.metadata.checks.context import Context, Place
from objectry.metadata.checks.expressions import check_compared
from objectry.metadata.checks.references import UNKNOWN_FIELD, UNKNOWN_OBJECT
from objectry.metadata.checks.registry import object_check
from objectry.metadata.model.aggregate import currency_source
from objectry.metadata.model.definitions import FieldDef, ObjectDef, RollupDef

NO_WAY_HERE = code(
    "OBJ0551",
    "Rollup without a link that leads here",
    "`via` names a link field of the other object that leads to this one. Nothing links to lines, "
    "so they have no rollups; `sum(lines.net)` is the formula over a record's own lines.",
    wrong=(
        "object: client\nservice: offers\n"
        "fields: {offers: {rollup: {op: count, of: offer, via: subject}}}\n---\n"
        "object: offer\nservice: offers\n"
        "fields: {subject: {type: text}, client: {type: link, to: client}}"
    ),
    right=(
        "object: client\nservice: offers\n"
        "fields: {offers: {rollup: {op: count, of: offer, via: client}}}\n---\n"
        "object: offer\nservice: offers\nfields: {client: {type: link, to: client}}"
    ),
)
NOT_SUMMABLE = code(
    "OBJ0552",
    "Rollup of a field that can't be rolled up so",
    "`sum` and `avg` are of numbers, `min` and `max` of what has an order, and each of them needs "
    "a `field`; `count` counts records. A `type` of its own must hold the result.",
    wrong=(
        "object: client\nservice: offers\n"
        "fields: {total: {rollup: {op: sum, of: offer, via: client, field: subject}}}\n---\n"
        "object: offer\nservice: offers\n"
        "fields: {subject: {type: text}, client: {type: link, to: client}}"
    ),
    right=(
        "object: client\nservice: offers\n"
        "fields: {latest: {rollup: {op: max, of: offer, via: client, field: subject}}}\n---\n"
        "object: offer\nservice: offers\n"
        "fields: {subject: {type: text}, client: {type: link, to: client}}"
    ),
)
MIXED_CURRENCIES = code(
    "OBJ0553",
    "Rollup may mix currencies",
    "The amounts may be in other currencies than the result. Name one currency on both sides, or "
    "let `where` compare their currency with it: with a code, or, behind the link that leads here, "
    "with a currency field (`currency == client.currency`). This is a warning.",
    wrong=(
        "object: client\nservice: offers\n"
        "fields: {total: {rollup: {op: sum, of: offer, via: client, field: net}}}\n---\n"
        "object: offer\nservice: offers\n"
        "fields: {currency: {type: currency}, net: {type: money}, "
        "client: {type: link, to: client}}"
    ),
    right=(
        "object: client\nservice: offers\n"
        "fields: {total: {rollup: {op: sum, of: offer, via: client, field: net, "
        "where: \"currency == 'EUR'\"}, currency: EUR}}\n---\n"
        "object: offer\nservice: offers\n"
        "fields: {currency: {type: currency}, net: {type: money}, "
        "client: {type: link, to: client}}"
    ),
)
_LINKS = ("link", "links")


@object_check
def check_rollups(context: Context, definition: ObjectDef) -> None:
    """Rollups are over records that link here, of a field that fits."""
    for field in definition.fields.values():
        rollup = field.rollup
        if rollup is None or not rollup.op:
            continue
        at: Place = ("object", definition.name, ("fields", field.name, "rollup"))
        other = context.definitions.objects.get(rollup.of)
        if other is None:
            known = context.definitions.objects
            context.expect(UNKNOWN_OBJECT, "object", rollup.of, known, _in(at, "of"))
        elif _check_via(context, definition, rollup, at):
            body = _check_field(context, field, rollup, at)
            where = None
            if rollup.where is not None:
                place = _in(at, "where")
                where = context.compile(other.name, rollup.where, place, expects=(Kind.BOOLEAN,))
                check_compared(context, other.name, where, place)
            if body is not None or not rollup.field:
                context.expressions[(definition.name, at[2])] = make_rollup(
                    rollup.op, rollup.of, rollup.via, body, where
                )
            if field.type == "money" and rollup.op != "count":
                _check_currency(context, definition, field, other, where)


def _in(at: Place, key: str) -> Place:
    kind, name, path = at
    return (kind, name, (*path, key))


def _check_via(context: Context, definition: ObjectDef, rollup: RollupDef, at: Place) -> bool:
    if definition.name in context.owners:
        message = f"`{definition.name}` has the rows of a table; nothing links to them."
        context.find(NO_WAY_HERE, at, message, "put the rollup into the record that is linked to")
        return False
    via = context.expect_field(UNKNOWN_FIELD, rollup.of, rollup.via, _in(at, "via"))
    if via is None or not via.type:
        return False
    if via.type in _LINKS and definition.name in via.to and via.formula is None:
        return True
    links = [
        name
        for name, field in context.fields(rollup.of).items()
        if field.type in _LINKS and definition.name in field.to and field.formula is None
    ]
    message = f"`{rollup.of}.{rollup.via}` is no link to `{definition.name}`."
    hint = near(rollup.via, links) or (f"possible: {', '.join(links)}" if links else "")
    context.find(NO_WAY_HERE, _in(at, "via"), message, hint)
    return False


def _check_field(
    context: Context, field: FieldDef, rollup: RollupDef, at: Place
) -> Expression | None:
    if rollup.op == "count":
        if rollup.field:
            message = "`count` counts records; it needs no `field`."
            hint = f"`where: {rollup.field} is not None` counts those that have it"
            context.find(NOT_SUMMABLE, _in(at, "field"), message, hint)
        if field.type not in ("integer", ""):
            _report_type(context, field, "integer", at)
        return None
    if not rollup.field:
        context.find(NOT_SUMMABLE, at, f"`{rollup.op}` needs a `field`.", key=True)
        return None
    place = _in(at, "field")
    target = context.expect_field(UNKNOWN_FIELD, rollup.of, rollup.field, place)
    if target is None or not target.type:
        return None
    body = context.compile(rollup.of, rollup.field, place)
    if body is None:
        return None
    fits = ORDERED if rollup.op in ("min", "max") else {Kind.NUMBER}
    if body.type.kind not in fits:
        message = f"`{rollup.op}` can't be made of `{rollup.field}`, a `{target.type}`."
        context.find(NOT_SUMMABLE, place, message)
        return None
    numbers = {"integer", "decimal", "money", "percent"}
    if field.type != target.type and not (field.type in numbers and target.type in numbers):
        _report_type(context, field, target.type, at)
    return body


def _report_type(context: Context, field: FieldDef, wanted: str, at: Place) -> None:
    kind, name, path = at
    place = (kind, name, (*path[:-1], "type"))
    message = f"The result is of type `{wanted}`, not `{field.type}`."
    context.find(NOT_SUMMABLE, place, message, "leave `type` out: it follows")


def _check_currency(
    context: Context,
    definition: ObjectDef,
    field: FieldDef,
    other: ObjectDef,
    where: Expression | None,
) -> None:
    assert field.rollup is not None, "a rollup is judged"
    summed = other.fields.get(field.rollup.field)
    if summed is None or summed.type != "money":
        return
    owners = context.owners.get(other.name)
    parent = context.definitions.objects[owners[0][0]] if owners else None
    theirs, ours = currency_source(summed, other, parent), currency_source(field, definition, None)
    if theirs == ours and theirs.root in ("code", "company"):
        return
    if where is not None:
        # Over the others, our own currency is that of the record behind their link.
        wanted = ours.name if ours.root == "code" else (field.rollup.via, ours.name)
        if wanted in _compared(where.tree, theirs.root, (theirs.name,)):
            return
    at: Place = ("object", definition.name, ("fields", field.name, "rollup"))
    message = f"`{field.name}` may mix the currencies of `{other.name}.{summed.name}`."
    hint = "name a `currency`, and compare theirs with it in `where`"
    context.find(MIXED_CURRENCIES, at, message, hint, severity="warning")


def _compared(tree: Tree, root: str, path: tuple[str, ...]) -> Iterator[str | tuple[str, ...]]:
    """The texts, and the paths, that a field must equal for the condition to hold."""
    match tree:
        case Bool(op="and", operands=operands):
            for operand in operands:
                yield from _compared(operand, root, path)
        case Compare(op="==", left=left, right=right):
            for one, other in ((left, right), (right, left)):
                if not (isinstance(one, Field) and (one.root, one.path) == (root, path)):
                    continue
                if isinstance(other, Literal) and isinstance(other.value, str):
                    yield other.value
                elif isinstance(other, Field) and other.root == "record":
                    yield other.path
        case _:
            return
