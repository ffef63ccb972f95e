"""Tables of references: what holds a link that leads to several records, or to several objects.

The value lies in the record's own column, where everything reads it; these tables hold a row for
each record that it names, so that PostgreSQL keeps both ends. Who writes the record writes them.
"""

from collections.abc import Iterator

import msgspec

from objectry.compiler.tables.constraints import Constraint, IndexOn
from objectry.compiler.tables.meanings import ConstraintMeaning
from objectry.compiler.tables.naming import constraint_name
from objectry.metadata.model.resolved import FieldModel, ObjectModel
from objectry.registry.storage import StorageMap, TableStorage


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Of which column of which table one holds the links; `sql` fills it with those that it lacks.

    A link that leads elsewhere is another table's.
    """

    owner: str
    column: str
    sql: str


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One such table: of which field, leading to which object."""

    field: str
    target: str
    schema: str
    table: str
    constraints: tuple[Constraint, ...]
    index: IndexOn
    holding: Holding


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
                holding=_holding(place, field, storage.objects[target], table),
            )


def _holding(place: TableStorage, field: FieldModel, target: TableStorage, table: str) -> Holding:
    column = place.columns[field.name]
    named = f'unnest(t."{column}")' if field.type.many else f'(select t."{column}")'
    return Holding(
        owner=f"{place.schema}.{place.table}",
        column=column,
        sql=(
            f'INSERT INTO "{place.schema}"."{table}" (tenant_id, id, target) '
            f'SELECT t.tenant_id, t.id, k.id FROM "{place.schema}"."{place.table}" t '
            f"CROSS JOIN LATERAL {named} r(target) "
            f'JOIN "{target.schema}"."{target.table}" k '
            "ON k.tenant_id = t.tenant_id AND k.id = r.target ON CONFLICT DO NOTHING"
        ),
    )
