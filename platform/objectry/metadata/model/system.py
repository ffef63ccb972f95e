"""The fields the engine gives every object."""

from objectry.metadata.model.definitions import FieldDef, ObjectDef, OptionDef
from objectry.metadata.types import type_of

# Fields of the record that the writing statement itself fills: unknown when formulas are computed.
# Who writes when is known before.
WRITTEN_LATE = frozenset({"number"})


# When a record was deleted that is kept all the same; empty while it is there.
DELETED = "deleted_at"


def is_drawn(field: FieldDef) -> bool:
    """Whether the writing statement draws a number for the field."""
    row = type_of(field)
    return row is not None and row.drawn


def system_fields(definition: ObjectDef, *, line: bool) -> dict[str, FieldDef]:
    """The engine's own fields of an object, in the order they are shown.

    A line has only its id: its history, owner and times are the parent's.
    """
    identity = FieldDef(name="id", type="id", label="ID", read_only=True)
    if line:
        return {"id": identity}
    fields = [
        identity,
        FieldDef(name="owner", type="user", label="Owner", read_only=True),
        FieldDef(name="created_at", type="datetime", label="Created", read_only=True),
        FieldDef(name="created_by", type="user", label="Created by", read_only=True),
        FieldDef(name="updated_at", type="datetime", label="Updated", read_only=True),
        FieldDef(name="updated_by", type="user", label="Updated by", read_only=True),
    ]
    if definition.soft_delete:
        fields.append(FieldDef(name=DELETED, type="datetime", label="Deleted", read_only=True))
    if definition.numbering is not None:
        fields.append(FieldDef(name="number", type="text", label="Number", read_only=True))
    if definition.workflow is not None:
        fields.append(workflow_field(definition))
    return {field.name: field for field in fields}


def workflow_field(definition: ObjectDef) -> FieldDef:
    """The field that holds the workflow's state: a select over its states."""
    workflow = definition.workflow
    assert workflow is not None, f"{definition.name} has no workflow"
    return FieldDef(
        name=workflow.field,
        type="select",
        label=workflow.field.replace("_", " ").capitalize(),
        required=True,
        read_only=True,
        options=tuple(
            OptionDef(value=state.name, label=state.label) for state in workflow.states.values()
        ),
    )
