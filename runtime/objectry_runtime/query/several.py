"""An expression over several records by name, as one statement: what a story expects of them."""

from collections.abc import Iterable, Iterator, Mapping

from objectry.expressions.tree import Aggregate, Field, Tree, children
from objectry_runtime.identity.call import Call
from objectry_runtime.query.frame import LinkedRecord, ObjectFrame, Rendering
from objectry_runtime.query.render import render
from objectry_runtime.query.slots import TENANT, CallValues, Slot, fill
from objectry_runtime.query.sql import SqlFrame
from objectry_runtime.query.template import template

Records = Mapping[str, tuple[str, str]]  # by name: object and id


async def evaluate_over(call: Call, records: Records, trees: Iterable[Tree]) -> list[str | None]:
    """The values of expressions over the records, as PostgreSQL writes them; every right is given:
    a definition asks, not a caller."""
    rendering = template(call.live, call.principal.roles)
    frame = _Several(rendering, records)
    sql = rendering.sql
    values = [f"({render(tree, frame, sql, rendering.clock)})::text" for tree in trees]
    statement = sql.bound(f"select {', '.join(values)}")
    given: dict[str, str | None] = {_slot(name): id for name, (_, id) in records.items()}
    rows = await call.executor.read(fill(statement, CallValues(call, given)))
    return [None if value is None else value.decode() for value in rows[0]]


def parts(tree: Tree) -> Iterator[Tree]:
    """What of a condition tells why it doesn't hold: its fields and aggregates."""
    if isinstance(tree, Field | Aggregate):
        yield tree
        return
    for child in children(tree):
        yield from parts(child)


class _Several:
    """The frame whose names are whole records (`SqlFrame`)."""

    def __init__(self, rendering: Rendering, records: Records) -> None:
        self._rendering = rendering
        self._records = records

    def column(self, path: tuple[str, ...]) -> str:
        """A field of one of the records, or its id."""
        name, *rest = path
        if not rest:
            return self._id(name)
        return self._record(name).column(tuple(rest))

    def rows(self, field: str) -> tuple[str, str, ObjectFrame]:
        """The lines of one of the records, by `record.field`."""
        name, _, table = field.partition(".")
        return self._record(name).rows(table)

    def related(self, object_name: str, via: str) -> tuple[str, str, ObjectFrame]:
        """No name here is a rollup."""
        raise AssertionError(f"a rollup of {object_name} over {via} is a field of a record")

    @property
    def parent(self) -> SqlFrame:
        """Nothing owns them."""
        raise AssertionError("there is no record whose lines these were")

    def user(self, name: str) -> str:
        """An attribute of whoever asks."""
        return self._rendering.user(name)

    def _record(self, name: str) -> LinkedRecord:
        object_name, _ = self._records[name]
        tenant = self._rendering.sql.bind(TENANT, "integer")
        return LinkedRecord(self._rendering, object_name, tenant, self._id(name), gated=False)

    def _id(self, name: str) -> str:
        return self._rendering.sql.bind(_slot(name), "uuid")


def _slot(name: str) -> Slot:
    return Slot(f"several.{name}")
