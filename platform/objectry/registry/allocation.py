"""Names in the database, given out once: the storage map a release needs, from the map so far."""

import hashlib
from collections.abc import Collection, Iterable, Mapping

from objectry.metadata.model import Derivation, FieldModel, Model, ObjectModel
from objectry.registry.storage import StorageMap, TableStorage

NAME_BYTES_MAX = 63
# Columns the engine needs beside the fields, and names PostgreSQL gives no table.
ENGINE_COLUMNS = frozenset({"tenant_id", "id", "version", "parent_id", "position"})
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})
# Where a system field does not lie in a column of its own name.
FIXED = {"id": "id", "parent": "parent_id", "position": "position"}
SCHEMAS_TAKEN = frozenset({"objectry", "information_schema", "public"})


def allocate(storage: StorageMap, model: Model, unchanged: Collection[str] = ()) -> StorageMap:
    """The storage map for `model`: what is there stays, what is new gets a name of its own.

    Pure. A name that ever meant something else is never given again (`name_2`, `name_3` …), a
    field renamed with `was:` keeps its column, what the model lacks goes to `retired`. Objects that
    are `unchanged` since `storage` was made are not looked at: they lie where they lay.
    """
    retired = dict.fromkeys(storage.retired)
    tables_taken = {table.table for table in storage.objects.values()}
    tables_taken.update(name.split(".")[1] for name in retired if name.count(".") == 1)
    objects: dict[str, TableStorage] = {}
    for name in sorted(model.objects()):
        old = storage.objects.get(name)
        if old is not None and name in unchanged:
            objects[name] = old
            continue
        wanted = model.object(name)
        if old is None:
            table = _free(name, tables_taken)
            tables_taken.add(table)
            old = TableStorage(schema=schema_name(wanted.schema), table=table, columns={})
        place = f"{old.schema}.{old.table}."
        columns = _columns(wanted, old.columns, _retired_in(place, retired))
        kept = set(columns.values())
        retired.update(
            dict.fromkeys(place + column for column in old.columns.values() if column not in kept)
        )
        objects[name] = TableStorage(
            schema=old.schema,
            table=old.table,
            columns=columns,
            references=_references(wanted, old, columns),
        )
    for name, gone in storage.objects.items():
        if name not in objects:
            retired[f"{gone.schema}.{gone.table}"] = None
    return StorageMap(objects=objects, retired=tuple(sorted(retired)))


def schema_name(service: str) -> str:
    """The schema of a service: its name, unless PostgreSQL or the engine owns that one."""
    if service in SCHEMAS_TAKEN or service.startswith("pg_"):
        return f"s_{service}"
    return service


def _columns(
    wanted: ObjectModel, old: Mapping[str, str], retired: frozenset[str]
) -> dict[str, str]:
    stored = {name: field for name, field in wanted.fields.items() if field.stored}
    inherited = _inherited(stored, old)
    taken = ENGINE_COLUMNS | SYSTEM_COLUMNS | retired | set(old.values())
    columns: dict[str, str] = {}
    for name in stored:
        column = inherited.get(name)
        if column is None:
            column = FIXED.get(name) if _is_fixed(name, stored[name]) else None
        if column is None:
            column = _free(name, taken)
        taken = taken | {column}
        columns[name] = column
    return columns


def _references(
    wanted: ObjectModel, old: TableStorage, columns: Mapping[str, str]
) -> dict[str, str]:
    """The tables of links that no one column can hold, named for the column and the object."""
    names = {
        f"{field.name}:{target}": (field, target)
        for field in wanted.fields.values()
        for target in (() if wanted.definition.replica else field.references)
    }
    return {
        name: old.references.get(name)
        or old.references.get(f"{field.definition.was}:{target}")
        or reference_table(old.table, columns[field.name], target)
        for name, (field, target) in names.items()
    }


def reference_table(table: str, column: str, target: str) -> str:
    """`customer__interests__product__ref`: no name of an object, a constraint or an index."""
    name = f"{table}__{column}__{target}__ref"
    if len(name) <= NAME_BYTES_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: NAME_BYTES_MAX - 17]}__{digest}__ref"


def _is_fixed(name: str, field: FieldModel) -> bool:
    return name in FIXED and field.derivation is Derivation.SYSTEM


def _inherited(stored: Mapping[str, FieldModel], old: Mapping[str, str]) -> dict[str, str]:
    """Fields that have their column already, by their own name or by the one they had.

    The name a field `was` counts only for a field the map has not seen: a stale `was:` steals
    nothing. Where a new field takes the old name in the same release, the renamed one keeps the
    column.
    """
    renamed: dict[str, str] = {}
    for name, field in stored.items():
        was = field.definition.was
        if name not in old and was in old and was not in renamed.values():
            renamed[name] = was
    given_up = set(renamed.values())
    inherited = {name: old[was] for name, was in renamed.items()}
    inherited.update((name, old[name]) for name in stored if name in old and name not in given_up)
    return inherited


def _retired_in(place: str, retired: Iterable[str]) -> frozenset[str]:
    return frozenset(name.removeprefix(place) for name in retired if name.startswith(place))


def _free(name: str, taken: Iterable[str]) -> str:
    """`name`, else `name_2`, `name_3` …, none longer than PostgreSQL keeps."""
    used = taken if isinstance(taken, (set, frozenset)) else frozenset(taken)
    candidate, number = name[:NAME_BYTES_MAX], 1
    while candidate in used:
        number += 1
        suffix = f"_{number}"
        candidate = name[: NAME_BYTES_MAX - len(suffix)] + suffix
    return candidate
