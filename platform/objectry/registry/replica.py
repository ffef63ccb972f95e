"""Replicas: an object that lives in another database, as far as this one keeps it.

Its id, its version, its stamps and some fields, without behaviour. Nobody writes it but who follows
its owner; what its owner's permissions say of reading holds here too.
"""

import msgspec

from objectry.expressions.types import Kind
from objectry.metadata.model import FieldDef, Model, ObjectDef
from objectry.metadata.model.definitions import PermissionDef
from objectry.metadata.model.system import system_fields
from objectry.values.currencies import is_currency


def replica_of(model: Model, definition: ObjectDef, wanted: frozenset[str]) -> ObjectDef:
    """The object reduced to the fields `wanted` of it, each a plain value here."""
    known = model.object(definition.name).fields
    kept = {name: known[name].definition for name in known if name in wanted}
    workflow = definition.workflow
    replica = ObjectDef(
        name=definition.name,
        service=definition.service,
        label=definition.label,
        plural=definition.plural,
        help=definition.help,
        title=definition.title if definition.title in kept else _title(kept),
        fields={name: _bare(field, kept) for name, field in kept.items()},
        soft_delete=definition.soft_delete,
        replica=True,
        state=workflow.field if workflow is not None else "",
    )
    if workflow is not None and workflow.field in replica.fields:
        # What is reserved here before its owner has made it begins where all records begin.
        state = msgspec.structs.replace(
            replica.fields[workflow.field], default=f"'{workflow.initial}'"
        )
        replica.fields[workflow.field] = state
    grants = definition.permissions.items()
    return msgspec.structs.replace(
        replica,
        permissions={role: grant_on_replica(model, replica, grant) for role, grant in grants},
    )


def grant_on_replica(model: Model, replica: ObjectDef, grant: PermissionDef) -> PermissionDef:
    """What a role may read of a replica.

    A row rule that asks for what isn't kept, or was live where it was kept, admits nobody.
    """
    names = {*replica.fields, *system_fields(replica, line=False)}
    known = model.object(replica.name).fields
    live = {name for name in replica.fields if not (known[name].stored or known[name].is_table)}
    read = grant.read
    if isinstance(read, str):
        rule = model.expression(replica.name, read, expects=(Kind.BOOLEAN,))
        own = all(
            root == "user" or (root == "record" and len(path) == 1 and path[0] in names - live)
            for root, path in rule.reads
        )
        read = read if own else False
    return PermissionDef(
        role=grant.role,
        read=read,
        fields={name: right for name, right in grant.fields.items() if name in names},
        deny=grant.deny,
    )


def _bare(field: FieldDef, kept: dict[str, FieldDef]) -> FieldDef:
    """A field that only holds a value: its owner has checked it."""
    priced = field.currency in kept or is_currency(field.currency) or field.currency == "own"
    return FieldDef(
        name=field.name,
        type=field.type,
        label=field.label,
        help=field.help,
        precision=field.precision,
        scale=field.scale,
        options=field.options,
        to=field.to,
        of=field.of,
        currency=field.currency if priced else "",
        hidden=field.hidden,
        sensitive=field.sensitive,
    )


def _title(kept: dict[str, FieldDef]) -> str:
    """What a link shows where the owner leaves it to the engine."""
    return "number" if "number" in kept else ""
