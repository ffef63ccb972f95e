"""The names a report's expressions may use: the fields of its object, and its parameters."""

from collections.abc import Iterable, Mapping

from objectry.expressions.types import ExprType, Scope
from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.model.pages import ParameterDef
from objectry.metadata.model.scope import USER, ObjectScope, field_type


def parameter_types(parameters: Mapping[str, ParameterDef]) -> dict[str, ExprType]:
    """What each parameter is in an expression; one whose type is unknown is left out."""
    return {
        name: type_
        for name, parameter in parameters.items()
        if (type_ := field_type(_as_field(parameter), "")) is not None
    }


def nothing_but_user() -> Scope:
    """The scope of a parameter's default: there is no record yet."""
    return ObjectScope({}, lambda _: None, variables={"user": USER})


class ReportScope:
    """A `Scope` over an object's fields and a report's parameters, which are found first."""

    def __init__(self, scope: Scope, parameters: Mapping[str, ExprType]) -> None:
        """`scope` is that of the object."""
        self._scope = scope
        self._parameters = parameters

    def field(self, name: str) -> ExprType | None:
        """The type of a parameter, else of a field."""
        return self._parameters.get(name) or self._scope.field(name)

    def names(self) -> Iterable[str]:
        """All parameters and fields."""
        return (*self._parameters, *self._scope.names())

    def follow(self, object_name: str) -> Scope | None:
        """The scope of another object, in which there are no parameters."""
        return self._scope.follow(object_name)

    @property
    def parent(self) -> Scope | None:
        """The scope of the owning record, where the report is about lines."""
        return self._scope.parent

    def variable(self, name: str) -> dict[str, ExprType] | None:
        """The attributes of `user`."""
        return self._scope.variable(name)


def _as_field(parameter: ParameterDef) -> FieldDef:
    to = (parameter.to,) if parameter.to else ()
    return FieldDef(name=parameter.name, type=parameter.type, to=to)
