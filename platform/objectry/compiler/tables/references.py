"""Tables of references: what holds a link that leads to several records, or to several objects.

The value lies in the record's own column, where everything reads it; these tables hold a row for
each record that it names, so that PostgreSQL keeps both ends. Who writes the record writes them.
"""

from collections.abc import Iterator

import msgspec

from objectry.compiler.tables.constraints import Constraint, IndexOn
from objectry.compiler.tables.meanings import ConstraintMeaning
from objectry.compiler.tables.naming import constraint_name
from objectry.metadata.model.resolved import ObjectModel
from objectry.registry.storage import StorageMap


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One such table: of which field, leading to which object."""

    field: str
    target: str
    schema: str
    table: str
    constraints: tuple[Constraint, ...]
    index: IndexOn


def references(owner: ObjectModel, storage: StorageMap) -> Iterator[Reference]:
    """The tables of references of an object, in the order of its fields."""
    place = storage.objects[owner.name]
    for field in owner.fields.values():
        meaning = ConstraintMeaning(object=owner.name, fields=(field.name,), kind="link")
        for target in field.references:
            table = place.references.get(f"{field.name}:{target}", "")
            if not table:
                continue  # a replica: what it links to may come later
            primary = Constraint(
                kind="primary",
                name=constraint_name(table, "pk"),
                columns=("id", "target"),
                meaning=meaning,
            )
            ends = (("id", place, True), ("target", storage.objects[target], False))
            links = (
                Constraint(
                    kind="link",
                    name=constraint_name(table, column, "fk"),
                    columns=(column,),
                    target=end,
                    cascade=cascade,
                    meaning=meaning,
                )
                for column, end, cascade in ends
            )
            yield Reference(
                field=field.name,
                target=target,
                schema=place.schema,
                table=table,
                constraints=(primary, *links),
                index=IndexOn(
                    name=constraint_name(table, "target", "idx"), columns=("target", "id")
                ),
            )
