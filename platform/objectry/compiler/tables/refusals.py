"""What a refusal of the database means, by the name of the constraint that refused."""

from objectry.compiler.tables.constraints import constraints, must_have_value
from objectry.compiler.tables.meanings import ConstraintMeaning
from objectry.compiler.tables.references import references
from objectry.metadata.model import Model
from objectry.registry.storage import StorageMap


def constraint_meanings(model: Model, storage: StorageMap) -> dict[str, ConstraintMeaning]:
    """What each constraint means, by its name; a NOT NULL by `schema.table.column`.

    (PostgreSQL's error about a NULL names schema, table and column, not a constraint.)
    """
    meanings: dict[str, ConstraintMeaning] = {}
    for name in model.objects():
        owner, place = model.object(name), storage.objects[name]
        meanings.update((each.name, each.meaning) for each in constraints(owner, storage))
        for reference in references(owner, storage):
            meanings.update((each.name, each.meaning) for each in reference.constraints)
        for field in owner.fields.values():
            if field.stored and must_have_value(owner, field):
                column = f"{place.schema}.{place.table}.{place.columns[field.name]}"
                meanings[column] = ConstraintMeaning(
                    object=name, fields=(field.name,), kind="required"
                )
    return meanings
