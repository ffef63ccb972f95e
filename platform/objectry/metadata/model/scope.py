"""The names an expression may use, seen from one object."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from objectry.expressions.types import ExprType, Kind, Scope
from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.types import FieldType, type_of

# What an expression may ask about the caller.
USER: dict[str, ExprType] = {
    "id": ExprType(Kind.LINK),
    "name": ExprType(Kind.TEXT),
    "roles": ExprType(Kind.LIST, item=Kind.TEXT),
}


Types = Mapping[str, FieldType]
"""The types that plugins bring, by name."""

NONE: Types = MappingProxyType({})


def field_type(field: FieldDef, object_name: str, types: Types = NONE) -> ExprType | None:
    """The expression type of a field, None where its `type` is no type."""
    row = type_of(field, types)
    if row is None:
        return None
    if row.kind is Kind.LINES:
        return ExprType(Kind.LINES, field.of)
    if row.own:
        return ExprType(Kind.LINK, object_name)
    if row.kind is Kind.LINK:
        if len(field.to) == 1:
            return ExprType(Kind.LINK, field.to[0])
        return ExprType(Kind.LINK, objects=field.to)
    if row.many:
        return ExprType(Kind.LIST, item=Kind.LINK, objects=field.to)
    return ExprType(
        row.kind,
        item=Kind.TEXT if row.kind is Kind.LIST else None,
        parts=tuple((name, part.kind) for name, part in row.parts.items()),
        units=tuple((one.value, one.factor) for one in field.options if one.factor is not None),
    )


def kinds(field: FieldDef, object_name: str, types: Types = NONE) -> tuple[Kind, ...]:
    """The kinds of value an expression for a field may give; empty where its type is unknown."""
    type_ = field_type(field, object_name, types)
    return () if type_ is None else (type_.kind,)


class ObjectScope:
    """A `Scope` over one object's fields; other objects are reached through `find`."""

    def __init__(
        self,
        fields: Mapping[str, ExprType],
        find: Callable[[str], Scope | None],
        owner: str = "",
        variables: Mapping[str, dict[str, ExprType]] | None = None,
    ) -> None:
        """`find` gives the scope of an object by name; `owner` is set for a line object."""
        self._fields = fields
        self._find = find
        self._owner = owner
        self._variables = variables or {}

    def field(self, name: str) -> ExprType | None:
        """The type of a field of this object."""
        return self._fields.get(name)

    def names(self) -> Iterable[str]:
        """All field names."""
        return self._fields.keys()

    def follow(self, object_name: str) -> Scope | None:
        """The scope of another object."""
        return self._find(object_name)

    @property
    def parent(self) -> Scope | None:
        """The scope of the owning record, for a line object."""
        return self._find(self._owner) if self._owner else None

    def variable(self, name: str) -> dict[str, ExprType] | None:
        """The attributes of `user` or `old` where allowed."""
        return self._variables.get(name)
