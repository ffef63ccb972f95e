"""Constraints and indexes of an object as plain values, and what a refusal by one means.

A server needs no more of the tables than this, so nothing here imports SQLAlchemy.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from objectry.compiler.tables.meanings import ConstraintMeaning, MeaningKind
from objectry.compiler.tables.naming import constraint_name
from objectry.metadata.model.resolved import Derivation, FieldModel, ObjectModel
from objectry.metadata.model.system import DELETED
from objectry.registry.storage import StorageMap, TableStorage

Through = Literal["", "match_key", "match_words"]


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """A constraint to be: columns after `tenant_id`, for a link where to, for a check the rule."""

    kind: Literal["primary", "unique", "link", "check"]
    name: str
    columns: tuple[str, ...]
    meaning: ConstraintMeaning
    target: TableStorage | None = None
    cascade: bool = False
    rule: str = ""
    while_empty: str = ""  # the column in which a row has no value while the unique holds for it


class IndexOn(msgspec.Struct, frozen=True, kw_only=True):
    """An index to be: columns after `tenant_id`, `-` before those in descending order.

    With `through`, of what that function of the schema `objectry` makes of the one column.
    """

    name: str
    columns: tuple[str, ...]
    through: Through = ""


def constraints(owner: ObjectModel, storage: StorageMap) -> Iterator[Constraint]:
    """Every constraint of an object's table: keys, links, uniques, bounds of numbers."""
    place = storage.objects[owner.name]
    yield Constraint(
        kind="primary",
        name=constraint_name(place.table, "pk"),
        columns=("id",),
        meaning=ConstraintMeaning(object=owner.name, fields=("id",), kind="unique"),
    )
    if owner.owner is not None:
        yield _link(owner, place, "parent_id", "parent", storage.objects[owner.owner[0]], True)
    if owner.numbering is not None:
        yield from _unique(owner, place, ("number",), "number")
    for field in owner.fields.values():
        if field.stored:
            yield from _of_field(owner, field, place, storage)
    for fields in dict.fromkeys(owner.definition.uniques):
        if not any(fields == (name,) and _unique_alone(owner.fields[name]) for name in fields):
            yield from _unique(owner, place, fields, "unique")


def indexes(owner: ObjectModel, storage: StorageMap) -> Iterator[IndexOn]:
    """The declared indexes, one for each link that leads none, and a record's place in time or a
    line's in its owner.

    The newest records are what most lists begin with, whatever they are filtered by: without an
    index every record that passes the filters would be sorted.
    """
    place = storage.objects[owner.name]
    led: set[str] = set()
    if owner.owner is not None:
        yield IndexOn(
            name=constraint_name(place.table, "parent_id", "idx"),
            columns=("parent_id", "position"),
        )
    newest = () if owner.owner is not None else (("created_at", "id"),)
    for listed in dict.fromkeys((*newest, *owner.definition.indexes, *_timed(owner))):
        if any(entry.lstrip("-") not in place.columns for entry in listed):
            continue  # a live field has no column; the checks have said so
        columns = tuple(
            f"-{place.columns[entry[1:]]}" if entry.startswith("-") else place.columns[entry]
            for entry in listed
        )
        led.add(columns[0].lstrip("-"))
        yield IndexOn(name=_index_name(place.table, columns), columns=columns)
    for field in owner.fields.values():
        column = place.columns.get(field.name)
        if field.type.links and column is not None and column not in led:
            yield IndexOn(name=constraint_name(place.table, column, "idx"), columns=(column,))
    for name, by in owner.compared:
        column = place.columns[name]
        through: Through = "match_key" if by == "same" else "match_words"
        yield IndexOn(
            name=constraint_name(place.table, column, through, "idx"),
            columns=(column,),
            through=through,
        )


def _timed(owner: ObjectModel) -> Iterator[tuple[str, ...]]:
    """By what the engine finds the records whose transition is due: their state, then the field
    that says when, where it is one of their own."""
    workflow = owner.workflow
    for transition in workflow.transitions.values() if workflow else ():
        if workflow is not None and transition.at is not None and len(transition.at.reads) == 1:
            ((root, path),) = transition.at.reads
            if root == "record" and len(path) == 1:
                yield (workflow.field, path[0])


def must_have_value(owner: ObjectModel, field: FieldModel) -> bool:
    """Whether every row has a value: what the engine writes, and what is always required.

    A number may come with a later transition, and records may be older than the numbering.
    """
    if field.derivation is Derivation.SYSTEM:
        late = field.name == DELETED or field.type.drawn
        return not (late or (field.name == "number" and owner.numbering))
    return field.derivation is Derivation.INPUT and field.definition.required and field.when is None


def _index_name(table: str, columns: tuple[str, ...]) -> str:
    """`offer__customer__offer_date__idx_d2`: the second column is in descending order."""
    descending = [str(at) for at, column in enumerate(columns, start=1) if column.startswith("-")]
    suffix = "_d".join(["idx", "_".join(descending)]) if descending else "idx"
    return constraint_name(table, *(column.lstrip("-") for column in columns), suffix)


def _of_field(
    owner: ObjectModel, field: FieldModel, place: TableStorage, storage: StorageMap
) -> Iterator[Constraint]:
    if _unique_alone(field):
        # A drawn number is unique whatever the definition says of it.
        kind: MeaningKind = "number" if field.type.drawn else "unique"
        yield from _unique(owner, place, (field.name,), kind)
    column = place.columns[field.name]
    # Replicas come in any order: the one that links may be here before what it links to.
    if field.type.links and not (field.references or owner.definition.replica):
        target = storage.objects[field.definition.to[0]]
        yield _link(owner, place, column, field.name, target, False)
    for rule in field.type.rules(owner.use(field), column):
        yield Constraint(
            kind="check",
            name=constraint_name(place.table, column, rule.suffix),
            columns=(column,),
            rule=rule.sql,
            meaning=ConstraintMeaning(object=owner.name, fields=(field.name,), kind="range"),
        )


def _link(
    owner: ObjectModel,
    place: TableStorage,
    column: str,
    field: str,
    target: TableStorage,
    cascade: bool,
) -> Constraint:
    return Constraint(
        kind="link",
        name=constraint_name(place.table, column, "fk"),
        columns=(column,),
        target=target,
        cascade=cascade,
        meaning=ConstraintMeaning(object=owner.name, fields=(field,), kind="link"),
    )


def _unique_alone(field: FieldModel) -> bool:
    return field.definition.unique or field.type.drawn


def _unique(
    owner: ObjectModel, place: TableStorage, fields: tuple[str, ...], kind: MeaningKind
) -> Iterator[Constraint]:
    if any(name not in place.columns for name in fields):
        return  # a live field has no column; the checks have said so
    columns = tuple(place.columns[name] for name in fields)
    # A number is never given twice; what else is unique is free again once its record is deleted.
    deleted = place.columns.get(DELETED, "") if kind == "unique" else ""
    yield Constraint(
        kind="unique",
        name=constraint_name(place.table, *columns, "there_key" if deleted else "key"),
        columns=columns,
        while_empty=deleted,
        meaning=ConstraintMeaning(object=owner.name, fields=fields, kind=kind),
    )
