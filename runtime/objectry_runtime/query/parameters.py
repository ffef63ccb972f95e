"""Parameters of a report where its condition is rendered: names beside the fields of a record."""

from collections.abc import Mapping

from objectry.metadata.model import FieldModel
from objectry_runtime.query.frame import LinkedRecord, ObjectFrame, pg_type
from objectry_runtime.query.slots import Slot
from objectry_runtime.query.sql import SqlFrame


def parameter_slot(name: str) -> Slot:
    """Where a parameter's value is filled in."""
    return Slot(f"parameter.{name}")


class Parameterised:
    """A frame whose first names are parameters (`SqlFrame`)."""

    def __init__(self, frame: ObjectFrame, parameters: Mapping[str, FieldModel]) -> None:
        self._frame = frame
        self._parameters = parameters

    def column(self, path: tuple[str, ...]) -> str:
        """A parameter, something of the record a parameter names, or a field."""
        field = self._parameters.get(path[0])
        if field is None:
            return self._frame.column(path)
        sql = self._frame.rendering.sql
        value = sql.bind(parameter_slot(path[0]), pg_type(field))
        if len(path) == 1:
            return value
        target = field.expr_type.object
        rendering, tenant = self._frame.rendering, self._frame.tenant
        return LinkedRecord(rendering, target, tenant, value, gated=True).column(path[1:])

    def rows(self, field: str) -> tuple[str, str, ObjectFrame]:
        """The lines of the record."""
        return self._frame.rows(field)

    def related(self, object_name: str, via: str) -> tuple[str, str, ObjectFrame]:
        """The records that link to the record."""
        return self._frame.related(object_name, via)

    @property
    def parent(self) -> SqlFrame:
        """The record that owns the record."""
        return self._frame.parent

    def user(self, name: str) -> str:
        """An attribute of the caller."""
        return self._frame.user(name)
