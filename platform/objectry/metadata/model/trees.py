"""Trees: objects whose records lie below each other by a link that the engine adds."""

from objectry.metadata.model.definitions import FieldDef, ObjectDef

PARENT = "parent"


def parent_field(definition: ObjectDef) -> FieldDef:
    """The link from a record to the one it lies below; empty at the top."""
    return FieldDef(name=PARENT, type="link", label="Parent", to=(definition.name,))
