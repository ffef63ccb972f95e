"""The query of a list, parsed: a shape that statements are kept by, and the values to fill in."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from objectry.expressions import Expression, compile_expression
from objectry.expressions.tree import Tree
from objectry.expressions.types import Kind
from objectry_runtime.permissions import GatedScope
from objectry_runtime.query.deleted import Deleted, parameters, parse_deleted
from objectry_runtime.query.filters import Condition, Filter, parse_filter
from objectry_runtime.query.names import Names
from objectry_runtime.query.refusal import bad_query, near, quoted
from objectry_runtime.query.selecting import select
from objectry_runtime.query.selection import Selection
from objectry_runtime.query.sorting import SortKey, parse_sort, with_id

LIMIT_DEFAULT = 50
LIMIT_MAX = 500
FILTERS_MAX = 50
PARAMETERS = ("sort", "fields", "expand", "limit", "cursor", "count", "where")

Count = Literal["", "exact", "estimate"]


class ListShape(msgspec.Struct, frozen=True, kw_only=True):
    """A list without its values: the same shape is the same statement."""

    object: str
    selection: Selection
    filters: tuple[Filter, ...]
    sort: tuple[SortKey, ...]
    limit: int
    count: Count
    where: str
    deleted: Deleted = ""


class ListRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A list as it was asked for, wherever it starts; `values` are the filters' by slot."""

    shape: ListShape
    values: Mapping[str, str]


def parse_list(names: Names, object_name: str, params: Sequence[tuple[str, str]]) -> ListRequest:
    """The request of a list; whatever it can't mean is a 400 that names it.

    The cursor is read elsewhere: it says where a page starts, not what the list is.
    """
    given = once(params)
    known = parameters(names, object_name, PARAMETERS)
    plain = {name: text for name, text in given.items() if name in known}
    conditions: list[Condition] = []
    for name, text in given.items():
        if name not in plain:
            check_name(names, object_name, name)
            conditions.append(parse_filter(names, object_name, name, text, len(conditions)))
    if len(conditions) > FILTERS_MAX:
        raise bad_query(f"At most {FILTERS_MAX} filters can be named.")
    shape = ListShape(
        object=object_name,
        selection=select(
            names, object_name, plain.get("fields", ""), plain.get("expand", ""), tables=False
        ),
        filters=tuple(one.filter for one in conditions),
        sort=with_id(names, object_name, parse_sort(names, object_name, plain.get("sort", ""))),
        limit=parse_limit(plain.get("limit")),
        count=_count(plain.get("count")),
        where=plain.get("where", ""),
        deleted=parse_deleted(names, object_name, plain.get("deleted")),
    )
    if shape.where:
        compile_where(names, shape)
    values = {
        slot: value
        for one in conditions
        for slot, value in zip(one.filter.slots, one.values, strict=True)
    }
    return ListRequest(shape=shape, values=values)


def once(params: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters by name; one that comes twice says nothing certain."""
    given: dict[str, str] = {}
    for name, text in params:
        if name in given:
            raise bad_query(f"{quoted(name)} is given twice.")
        given[name] = text
    return given


def check_name(names: Names, object_name: str, parameter: str) -> None:
    """Parameters and fields share one namespace: a typo of either gets a hint."""
    head = parameter.partition("__")[0].partition(".")[0]
    visible = names.visible(object_name)
    if head not in visible and head == parameter:
        hint = near(parameter, (*visible, *PARAMETERS))
        raise bad_query(f"There is no parameter or field {quoted(parameter)}.{hint}")


def parse_limit(text: str | None) -> int:
    """How many records a page has."""
    if text is None:
        return LIMIT_DEFAULT
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= limit <= LIMIT_MAX:
        raise bad_query(f"limit: {quoted(text)} is not a whole number from 1 to {LIMIT_MAX}.")
    return limit


def compile_where(names: Names, shape: ListShape) -> Tree:
    """The `where` expression, over the fields that the caller may filter by."""
    scope = GatedScope(names.live.model.scope(shape.object), names.live, shape.object, names.roles)
    compiled = compile_expression(shape.where, scope, expects=(Kind.BOOLEAN,))
    if isinstance(compiled, Expression):
        return compiled.tree
    problem = compiled[0]
    hint = f" {problem.hint}" if problem.hint else ""
    raise bad_query(f"where: {problem.message} (at character {problem.offset + 1}){hint}")


def _count(text: str | None) -> Count:
    match text:
        case None:
            return ""
        case "exact" | "estimate":
            return text
        case _:
            raise bad_query(f"count: {quoted(text)} is neither exact nor estimate.")
