"""`field__op=value`: parsed by the field's type, rendered with values as parameters."""

import msgspec

from objectry.metadata.model import FieldModel
from objectry.metadata.types import BELOW, OPERATORS, StorageClass
from objectry.values.text import TextProblem, clean
from objectry_runtime.query.frame import ObjectFrame, pg_type
from objectry_runtime.query.names import FieldPath, Names, find_field
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.slots import Slot, array_text
from objectry_runtime.query.speech import spoken
from objectry_runtime.query.sql import Sql, is_plain
from objectry_runtime.query.trees import below, operators, tree_of
from objectry_runtime.query.values import parse_boolean, parse_value

LIST_MAX = 1000  # values of one `in`
SUBSTRING = frozenset(("contains", "icontains", "startswith", "endswith"))
COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


class Filter(msgspec.Struct, frozen=True):
    """A condition of the query without its values: part of the statement's shape.

    A value of a closed set is part of the shape too (`constants`): see `is_constant`.
    """

    path: tuple[str, ...]
    op: str
    slots: tuple[str, ...]
    constants: tuple[str, ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """A condition of the query with its values, by slot."""

    filter: Filter
    values: tuple[str, ...]


def parse_filter(
    names: Names, object_name: str, parameter: str, text: str, position: int
) -> Condition:
    """A filter parameter; `position` numbers its slots."""
    path_text, separator, op = parameter.partition("__")
    found = names.path(object_name, path_text, "filter", parameter)
    op = op if separator else "eq"
    allowed = operators(names.live, found.field)
    check_operator(found, op, parameter, allowed)
    values = parse_values(found.field, op, text, parameter)
    if op == "isnull":
        return Condition(Filter(found.path, f"isnull:{values[0]}", ()), ())
    if op == "eq" and is_constant(found.field, values[0]):
        return Condition(Filter(found.path, op, (), values), ())
    slots = tuple(Slot(f"filter.{position}.{index}") for index in range(len(values)))
    return Condition(Filter(found.path, op, slots), values)


def is_constant(field: FieldModel, value: str) -> bool:
    """Whether a value is said in the statement itself instead of being a parameter.

    A prepared statement soon gets one plan for all values, and states, countries and flags differ
    in how many records have them: the plan that suits the usual one reads the whole table for the
    rare one. There are few of them, so that each can have a statement of its own.
    """
    if not is_plain(value):
        return False
    return field.type.closed(field.definition)


def check_operator(found: FieldPath, op: str, parameter: str, allowed: tuple[str, ...]) -> None:
    """An operator must exist, and be one that the field takes."""
    if op in allowed:
        return
    kind = found.field.type.name
    if op in OPERATORS:
        takes = f"takes {', '.join(allowed)}" if allowed else "can't be filtered by"
        raise bad_query(f"{parameter}: a {kind} field {takes}; not {quoted(op)}.")
    raise bad_query(f"{parameter}: there is no operator {quoted(op)}.{near(op, allowed)}")


def parse_values(field: FieldModel, op: str, text: str, parameter: str) -> tuple[str, ...]:
    """The values of an operator in parameter form; a list is one array."""
    if op == "isnull":
        return (parse_boolean(text, parameter),)
    if op in SUBSTRING and field.type.storage is StorageClass.TEXT:
        return (parse_substring(text, parameter),)
    if op == "between":
        bounds = text.split(",")
        if len(bounds) != 2:
            raise bad_query(f"{parameter}: between takes two values, such as 1,5.")
        return tuple(parse_value(field, bound, parameter) for bound in bounds)
    if op in ("in", "not_in"):
        items = text.split(",") if text else []
        if len(items) > LIST_MAX:
            raise bad_query(f"{parameter}: a list has at most {LIST_MAX} values.")
        return (array_text([parse_value(field, item, parameter) for item in items]),)
    return (parse_value(field, text, parameter),)


def parse_substring(text: str, parameter: str) -> str:
    """A part of a text, whatever the field's own type would take."""
    try:
        return clean(text, multiline=True)
    except TextProblem as problem:
        raise bad_query(f"{parameter}: {problem.message}") from None


def render_filter(condition: Filter, field: FieldModel, frame: ObjectFrame, sql: Sql) -> str:
    """The condition as SQL. A comparison with null is never true; `ne` and `not_in` are
    null-safe, as `!=` and `not in` are in expressions."""
    many = _many(condition.path, frame)
    if many:
        return _any_linked(condition, many, field, frame, sql)
    column = spoken(frame, condition.path, translated=field.definition.translate)
    kind = pg_type(field)
    if field.type.many:
        return _listed(condition, column, kind, frame, sql)
    if condition.op == "isnull:true":
        return f"{column} is null"
    if condition.op == "isnull:false":
        return f"{column} is not null"
    if condition.op in ("in", "not_in"):
        items = sql.bind(condition.slots[0], f"{kind}[]")
        if condition.op == "in":
            return f"{column} = any({items})"
        return f"({column} = any({items})) is not true"
    values = [sql.constant(value, kind) for value in condition.constants]
    item = kind.removesuffix("[]")
    values += [sql.bind(slot, item) for slot in condition.slots]
    if condition.op in BELOW:
        inside = below(frame.rendering, tree_of(frame.rendering.live, field), values[0])
        found = f"{column} = any({inside})"
        return found if condition.op == "under" else f"({found}) is not true"
    match condition.op:
        case "eq":
            return f"{column} = {values[0]}"
        case "ne":
            return f"{column} is distinct from {values[0]}"
        case "between":
            return f"{column} between {values[0]} and {values[1]}"
        case "contains" if kind.endswith("[]"):
            return f"{column} @> array[{values[0]}]"
        case "contains":
            return f"strpos({column}, {values[0]}) > 0"
        case "icontains":
            return f"strpos(objectry.lower({column}), objectry.lower({values[0]})) > 0"
        case "startswith":
            return f"starts_with({column}, {values[0]})"
        case "endswith":
            return f"right({column}, length({values[0]})) = {values[0]}"
        case op:
            return f"{column} {COMPARISONS[op]} {values[0]}"


def _many(path: tuple[str, ...], frame: ObjectFrame) -> int:
    """How many names of a path lead to a list of links that it goes on behind; 0 for none."""
    model = frame.model
    for place, hop in enumerate(path[:-1], 1):
        field = find_field(model, hop)
        if field is None or not field.expr_type.targets:
            return 0
        if field.type.many:
            return place
        model = frame.rendering.live.model.object(field.expr_type.targets[0])
    return 0


def _any_linked(
    condition: Filter, many: int, field: FieldModel, frame: ObjectFrame, sql: Sql
) -> str:
    """Whether any of the records of a list, of those that may be read, is so."""
    rendering, model = frame.rendering, frame.model
    for hop in condition.path[: many - 1]:
        model = rendering.live.model.object(model.fields[hop].expr_type.targets[0])
    target = model.fields[condition.path[many - 1]].definition.to[0]
    linked = ObjectFrame(rendering, target, rendering.alias(), gated=True)
    rest = Filter(condition.path[many:], condition.op, condition.slots, condition.constants)
    where = [
        f"{linked.tenant} = {frame.tenant}",
        f"{linked.alias}.id = any({frame.column(condition.path[:many])})",
        linked.holds(rendering.policy(target).rule("read")),
        render_filter(rest, field, linked, sql),
    ]
    return f"exists (select from {linked.source} where {' and '.join(one for one in where if one)})"


def _listed(condition: Filter, column: str, kind: str, frame: ObjectFrame, sql: Sql) -> str:
    """A condition on a list of links: whether any of them is so; an empty list is no value."""
    if condition.op.startswith("isnull"):
        empty = f"coalesce(cardinality({column}), 0) = 0"
        return empty if condition.op == "isnull:true" else f"not ({empty})"
    many = condition.op in ("in", "not_in")
    asked = sql.bind(condition.slots[0], kind if many else kind.removesuffix("[]"))
    ids = asked if many else f"array[{asked}]"
    if condition.op in ("ne", "not_in"):
        return f"({column} && {ids}) is not true"
    name, *behind = condition.path
    if behind or column != frame.raw(name):
        return f"{column} && {ids}"  # behind links, or shown of some records only
    return frame.lists(name, ids)
