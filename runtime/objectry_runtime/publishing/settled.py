"""Which tables need no look: nothing about them differs since they were found to be as wanted.

A plan compiles what differs and no more, so that one object added to a thousand costs one object.
An object is settled when its definition is the live release's, and its table is, byte for byte in
the catalogue, the one that the same program found to need no step. Objects whose rows are parts of
one document are settled together: the formulas of one may read the other.
"""

import hashlib
from collections.abc import Container, Iterable, Mapping, Set
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

import objectry
from objectry.compiler.tables import compile_tables
from objectry.metadata.model import Definitions, Model, ObjectDef
from objectry.metadata.model.collection import uncollected
from objectry.metadata.model.model import owners_of
from objectry.planner import LiveSchema, Step, plan_changes
from objectry.registry import StorageMap
from objectry_runtime.publishing.formulas import marked_columns
from objectry_runtime.publishing.introspection import introspect
from objectry_runtime.store.database import OwnerConnection

_PACKAGES = ("objectry", "sqlalchemy")  # what says which columns a definition wants


def settled_objects(
    definitions: Definitions,
    before: Definitions,
    storage: StorageMap,
    live: LiveSchema,
    unfilled: Container[str] = (),
) -> frozenset[str]:
    """The objects whose tables need no step: the definitions now, and what was live.

    Tables named in `unfilled` (`schema.table`) have columns whose values are still to be filled.
    """
    if storage.settled_by != fingerprint():
        return frozenset()
    same = {
        name
        for name, definition in definitions.objects.items()
        if _is_same(definition, before.objects.get(name))
        and _hash(live, storage, name) == storage.settled.get(name)
        and not any(table in unfilled for table in tables_of(storage, [name]))
    }
    settled: set[str] = set()
    lines, were = owners_of(definitions), owners_of(before)
    for root, members in _documents(definitions, lines).items():
        as_before = all(lines.get(name) == were.get(name) for name in members)
        if root not in lines and same.issuperset(members) and as_before:
            settled |= members
    return frozenset(settled)


def at_rest(
    model: Model, storage: StorageMap, live: LiveSchema, steps: Iterable[Step]
) -> dict[str, str]:
    """The objects whose tables a plan has no step for, and the hashes of those tables."""
    touched = {step.table for step in steps}
    return {
        name: found
        for name in model.objects()
        if not tables_of(storage, [name]) & touched and (found := _hash(live, storage, name))
    }


def settle(
    connection: OwnerConnection, model: Model, storage: StorageMap, resting: Mapping[str, str]
) -> StorageMap:
    """The storage map with every object settled whose table needs no step now.

    `resting` is `at_rest` of the plan that was carried out.
    """
    live = introspect(connection, {table.schema for table in storage.objects.values()})
    unfilled = {f"{schema}.{table}" for schema, table, _ in marked_columns(connection)}
    same = {name for name, seen in resting.items() if _hash(live, storage, name) == seen}
    others = [name for name in model.objects() if name not in same]
    with uncollected():
        wanted = compile_tables(model, storage, others)
    plan = plan_changes(live, wanted, {}, settled=tables_of(storage, same))
    settled = {
        name: found
        for name, found in at_rest(model, storage, live, plan.steps).items()
        if not tables_of(storage, [name]) & unfilled
    }
    return msgspec.structs.replace(storage, settled=settled, settled_by=fingerprint())


def tables_of(storage: StorageMap, objects: Iterable[str]) -> Set[str]:
    """Where objects lie, and what their links lead to: `schema.table`."""
    places = [storage.objects[name] for name in objects]
    return frozenset(
        f"{place.schema}.{table}"
        for place in places
        for table in (place.table, *place.references.values())
    )


@cache
def fingerprint() -> str:
    """Names the program that turns definitions into tables: another may want other tables."""
    digest = hashlib.sha256("/".join(version(name) for name in _PACKAGES).encode())
    for source in sorted(Path(objectry.__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def _documents(definitions: Definitions, lines: Mapping[str, object]) -> dict[str, frozenset[str]]:
    """Each object that is no line → itself and the line objects of its tables."""
    return {
        name: frozenset(
            {name} | {field.of for field in one.fields.values() if field.type == "table"}
        )
        for name, one in definitions.objects.items()
        if name not in lines
    }


def _is_same(definition: ObjectDef, before: ObjectDef | None) -> bool:
    return before is definition or (before is not None and _encode(before) == _encode(definition))


def _hash(live: LiveSchema, storage: StorageMap, name: str) -> str:
    place = storage.objects.get(name)
    table = None if place is None else live.table(place.schema, place.table)
    return "" if table is None else table.hash


_encode = msgspec.msgpack.Encoder().encode
