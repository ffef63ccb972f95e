"""The root objects with their lines, as far as their expressions could be typed."""

from collections.abc import Iterable

from objectry.expressions.expression import Expression
from objectry.expressions.facts import facts
from objectry.expressions.tree import children
from objectry.metadata.checks.context import Context
from objectry.metadata.model.aggregate import derive
from objectry.metadata.model.definitions import FieldDef, ObjectDef
from objectry.metadata.model.order import FieldKey, Read, read_key

Node = tuple[str, str]  # (object, field)


class Aggregate:
    """A root object with its lines, as far as its expressions could be typed."""

    def __init__(self, context: Context, root: ObjectDef) -> None:
        objects = context.definitions.objects
        self.tables = {
            f.name: f.of for f in root.fields.values() if f.type == "table" and f.of in objects
        }
        self.members: dict[str, ObjectDef] = {"": root}
        self.members |= {table: objects[of] for table, of in self.tables.items()}
        self.formulas = self._typed(context, "formula") | self._typed(context, "rollup")
        self.defaults = self._typed(context, "default")
        self.derivations = derive(self.members, self.formulas, self.tables)

    def _typed(self, context: Context, key: str) -> dict[FieldKey, Expression]:
        return {
            (table, field): found
            for table, member in self.members.items()
            for field in member.fields
            if (found := context.expressions.get((member.name, ("fields", field, key))))
        }

    def node(self, key: FieldKey) -> Node:
        """A field of the aggregate by its object."""
        return (self.members[key[0]].name, key[1])

    def needs(self, key: FieldKey, reads: Iterable[Read]) -> list[FieldKey]:
        """The fields of the aggregate that reads begin with."""
        found = (read_key(key[0], read, self.tables) for read in sorted(reads))
        return list(dict.fromkeys(need for need in found if need))


def aggregates(context: Context) -> list[Aggregate]:
    """Every root object with its lines."""
    return [
        Aggregate(context, definition)
        for definition in context.definitions.objects.values()
        if definition.name not in context.owners
    ]


def rolled_up(expression: Expression) -> list[Read]:
    """What a rollup reads of the records it is over."""
    return sorted(read for part in children(expression.tree) for read in facts(part).reads)


def leads_to(field: FieldDef) -> tuple[str, ...]:
    """The objects behind a field: of a table its rows, of a link all that it may point to."""
    return (field.of,) if field.type == "table" else field.to
