"""Laws of the storage map, over random histories of definitions."""

from hypothesis import given
from hypothesis import strategies as st

from objectry.metadata.model import Definitions, FieldDef, Model, ObjectDef
from objectry.registry import StorageMap, allocate

# Few names, so that they come back; some that the engine or PostgreSQL owns.
FIELDS = ["a", "b", "a_2", "position", "parent_id", "xmin", "x" * 48]
OBJECTS = ["a", "b", "a_2"]


@st.composite
def definitions(draw: st.DrawFn) -> Definitions:
    objects: dict[str, ObjectDef] = {}
    for name in draw(st.lists(st.sampled_from(OBJECTS), unique=True, max_size=3)):
        fields: dict[str, FieldDef] = {}
        for field in draw(st.lists(st.sampled_from(FIELDS), unique=True, max_size=4)):
            was = draw(st.sampled_from(["", "", *FIELDS]))
            fields[field] = FieldDef(name=field, type="text", was="" if was == field else was)
        service = draw(st.sampled_from(["sales", "objectry", "pg_x"]))
        objects[name] = ObjectDef(name=name, service=service, fields=fields)
    return Definitions(objects=objects)


def places(storage: StorageMap) -> dict[str, str]:
    """Every physical name in use, and what it holds."""
    found: dict[str, str] = {}
    for name, table in storage.objects.items():
        found[f"{table.schema}.{table.table}"] = name
        for field, column in table.columns.items():
            found[f"{table.schema}.{table.table}.{column}"] = f"{name}.{field}"
    return found


@given(st.lists(definitions(), min_size=1, max_size=6))
def test_a_name_never_means_something_else(history: list[Definitions]) -> None:
    """Once given, a name stays with its object or field, goes along a `was:`, or is retired."""
    storage = StorageMap()
    for step in history:
        before, model = storage, Model(step)
        storage = allocate(before, model)
        used_before, used = places(before), places(storage)
        assert allocate(storage, model) == storage
        for place, holder in used_before.items():
            holds_now = used.get(place)
            if holds_now is None:
                assert place in storage.retired or place.rsplit(".", 1)[0] in storage.retired
            elif holds_now != holder:
                name, field = holds_now.split(".")
                assert f"{name}.{step.objects[name].fields[field].was}" == holder
        assert not set(used) & set(before.retired)
        assert set(before.retired) <= set(storage.retired)
        for table in storage.objects.values():
            columns = list(table.columns.values())
            assert len(set(columns)) == len(columns)
            assert all(len(column.encode()) <= 63 for column in columns)
        tables = [table.table for table in storage.objects.values()]
        assert len(set(tables)) == len(tables)


@given(definitions())
def test_every_stored_field_has_a_column(step: Definitions) -> None:
    model = Model(step)
    storage = allocate(StorageMap(), model)
    for name in model.objects():
        stored = {field.name for field in model.object(name).fields.values() if field.stored}
        assert set(storage.objects[name].columns) == stored
