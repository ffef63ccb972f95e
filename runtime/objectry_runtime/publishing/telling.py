"""What a publication changed, told as events: who follows the feed learns of new shapes too.

Each changed definition has a history of its own, as records have; it is written with the switch.
The first release of a database tells nothing: before it there was nobody to be told.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any  # definitions as JSON values

import msgspec

from objectry.registry import Change, Release, diff_definitions
from objectry.values.ids import fixed_id
from objectry_runtime.events.definitions import DEFINITION, SERVICE
from objectry_runtime.identity.engine import ENGINE

_TELL = """
with v as (
    select t.id as tenant, coalesce(max(h.version), 0) + 1 as version
    from objectry.tenant t left join objectry.history h
      on h.tenant_id = t.id and h.object = %s and h.record_id = %s
    group by t.id),
told as (
    insert into objectry.history
        (tenant_id, object, record_id, version, op, at, actor, release, record, changes)
    select tenant, %s, %s, version, %s, now(), %s, %s, %s::jsonb, %s::jsonb from v)
insert into objectry.event (tenant_id, uid, type, service, object, record_id, version)
select v.tenant, gen_random_uuid(), e.type, %s, %s, %s, v.version
from v, unnest(%s::text[]) with ordinality e (type, place) order by v.tenant, e.place
"""

Statement = tuple[str, list[object]]


def tell(before: Release, after: Release, author: str) -> Iterator[Statement]:
    """The statements that write history and events of every definition that changed."""
    changes = diff_definitions(before.definitions, after.definitions)
    for definition, found in groupby(changes, key=lambda change: change.definition):
        told = list(found)
        kind, _, name = definition.partition(" ")
        id = fixed_id(DEFINITION, kind, name)
        record = {"kind": kind, "name": name, "author": author}
        yield (
            _TELL,
            [
                DEFINITION,
                id,
                DEFINITION,
                id,
                _operation(told),
                ENGINE,
                after.id,
                _json(record),
                _json({change.path or "definition": _from_to(change) for change in told}),
                SERVICE,
                DEFINITION,
                id,
                _events(kind, told),
            ],
        )


def _operation(changes: Sequence[Change]) -> str:
    first = changes[0]
    if first.path:
        return "update"
    return "delete" if first.before else "create"


def _events(kind: str, changes: Iterable[Change]) -> list[str]:
    """The names of the events, the most particular first."""
    names: dict[str, None] = {}
    for change in changes:
        if kind == "layout":
            names["LayoutUpdated"] = None
        elif kind == "object" and not change.path and not change.before:
            names["ObjectCreated"] = None
        elif kind == "object" and _is_field(change.path) and not change.before:
            names["FieldAdded"] = None
    return list(names) if kind == "layout" else [*names, "SchemaChanged"]


def _is_field(path: str) -> bool:
    return path.startswith("fields.") and path.count(".") == 1


def _from_to(change: Change) -> dict[str, Any]:
    return {"from": _value(change.before), "to": _value(change.after)}


def _value(text: str) -> Any:
    """A change's side: JSON, or the bare name of a renamed field."""
    try:
        return msgspec.json.decode(text) if text else None
    except msgspec.DecodeError:
        return text


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
