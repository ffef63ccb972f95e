"""Numbers that a record draws beside its own."""

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType
from objectry.metadata.types.storage import TEXTUAL, StorageClass
from objectry.metadata.types.use import Schema, Use


class Autonumber(FieldType):
    """A further number of a record."""

    name = "autonumber"
    summary = "A further number, drawn from a series of the field's own when a record is made."
    storage = StorageClass.TEXT
    kind = Kind.TEXT
    operators = TEXTUAL
    widget = "text"
    drawn = True
    keys = frozenset({"pattern", "gapless"})
    needs = "pattern"
    refuses = frozenset(
        {
            "required",
            "unique",
            "default",
            "read_only",
            "immutable",
            "when",
            "required_when",
            "sensitive",
            "formula",
            "snapshot",
            "computed",
            "lookup",
            "rollup",
            "stored",
        }
    )

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A text; no body holds one."""
        del use, required
        return {"type": "string"}
