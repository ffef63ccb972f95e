"""Laws of plans on a real PostgreSQL, over random histories of definitions with rows in between."""

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from objectry.compiler.tables import compile_tables
from objectry.metadata.model import Definitions, FieldDef, ObjectDef
from objectry.planner import plan_changes
from objectry.registry import Release, StorageMap, allocate, diff_definitions, make_release
from objectry_runtime.publishing.introspection import introspect, row_counts
from objectry_runtime.store.database import Database, OwnerConnection

OBJECTS = ["alpha", "beta", "gamma"]
SCHEMAS = ("one", "two")
VALUES = {
    "integer": "1",
    "uuid": "gen_random_uuid()",
    "text": "gen_random_uuid()::text",
    "timestamp with time zone": "now()",
    "date": "current_date",
    "boolean": "true",
    "bigint": "1",
    "numeric": "null",
}


@st.composite
def fields(draw: st.DrawFn, name: str, objects: list[str]) -> FieldDef:
    kind = draw(st.sampled_from(["text", "text", "decimal", "money", "link", "integer", "date"]))
    return FieldDef(
        name=name,
        type=kind,
        to=(draw(st.sampled_from(objects)),) if kind == "link" else (),
        scale=draw(st.sampled_from([0, 2])) if kind == "decimal" else None,
        precision=draw(st.sampled_from([None, 8, 12])) if kind in ("decimal", "money") else None,
        unique=draw(st.booleans()) and kind == "text",
        required=kind in ("text", "integer") and draw(st.booleans()),
        default={"text": "'x'", "integer": "3"}.get(kind) if draw(st.booleans()) else None,
        was=draw(st.sampled_from(["", "", "a", "b"])),
        label=draw(st.sampled_from(["", "L"])),
    )


@st.composite
def definitions(draw: st.DrawFn) -> Definitions:
    names = draw(st.lists(st.sampled_from(OBJECTS), unique=True, min_size=1))
    objects: dict[str, ObjectDef] = {}
    for number, name in enumerate(sorted(names)):
        held = {
            field: draw(fields(field, names))
            for field in draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True))
        }
        listed = draw(st.lists(st.sampled_from(sorted(held)), unique=True)) if held else []
        objects[name] = ObjectDef(
            name=name,
            service=SCHEMAS[number % 2],
            fields=held,
            indexes=(tuple(listed), (f"-{listed[0]}",)) if listed else (),
            uniques=(tuple(listed),) if len(listed) > 1 and draw(st.booleans()) else (),
        )
    return Definitions(objects=objects)


class History:
    """Releases published one after the other."""

    def __init__(self, connection: OwnerConnection) -> None:
        self.connection, self.storage = connection, StorageMap()
        self.live = make_release(Definitions())
        connection.execute("drop schema if exists one, two cascade")

    def publish(self, release: Release, *, stop_after: int) -> None:
        """Publish with one interruption; a refused release is left alone."""
        for last in (stop_after, None):
            model = release.model()
            storage = allocate(self.storage, model)
            plan = plan_changes(
                introspect(self.connection, SCHEMAS),
                compile_tables(model, storage),
                row_counts(self.connection, SCHEMAS),
                release=release.id,
                definitions=diff_definitions(self.live.definitions, release.definitions),
            )
            if plan.refused:
                assert all(step.note for step in plan.refused)
                # What is refused is refused at once, not half-way.
                assert last is not None
                return
            for step in plan.steps[:last]:
                for statement in step.sql:
                    self.connection.execute(statement.encode())
        self.storage, self.live = storage, release
        model = release.model()
        again = plan_changes(
            introspect(self.connection, SCHEMAS),
            compile_tables(model, allocate(storage, model)),
            row_counts(self.connection, SCHEMAS),
        )
        assert again.to_text() == "No changes."

    def insert_rows(self) -> None:
        """One row per table whose columns can be filled without other rows."""
        for schema, tables in introspect(self.connection, SCHEMAS).schemas.items():
            for name, table in tables.items():
                links = {
                    column
                    for constraint in table.constraints.values()
                    if constraint.kind == "f"
                    for column in constraint.columns
                } - {"tenant_id"}
                filled = {
                    column.name: VALUES[column.type]
                    for column in table.columns.values()
                    if column.name not in links and column.default is None
                }
                self.connection.execute(
                    f"insert into {schema}.{name} ({', '.join(filled)})"
                    f" values ({', '.join(filled.values())}) on conflict do nothing".encode()
                )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.tuples(definitions(), st.booleans(), st.integers(0, 4)), min_size=1, max_size=4))
def test_a_plan_is_empty_right_after_it_was_done_even_if_it_was_cut_short(
    empty_database: Database, history: list[tuple[Definitions, bool, int]]
) -> None:
    with empty_database.connect_owner() as connection:
        published = History(connection)
        for step, rows, stop_after in history:
            published.publish(make_release(step), stop_after=stop_after)
            if rows:
                published.insert_rows()


def test_the_rows_of_these_histories_are_real(empty_database: Database) -> None:
    """The law above would say little about empty tables."""
    with empty_database.connect_owner() as connection:
        history = History(connection)
        amount = FieldDef(name="a", type="decimal", scale=2, min=Decimal(0))
        alpha = ObjectDef(name="alpha", service="one", fields={"a": amount})
        history.publish(make_release(Definitions(objects={"alpha": alpha})), stop_after=1)
        history.insert_rows()
        assert row_counts(connection, SCHEMAS) == {"one.alpha": 1}
