"""What a print template gets to know: the record, opened where the template names a link.

Only what the caller may read, as the API would show it; what is hidden from the caller is there
as None, so that a template works for all, and a misspelt name for nobody.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeGuard

import msgspec

from objectry_runtime.identity.call import Call
from objectry_runtime.query.listing import list_records
from objectry_runtime.query.names import Names, find_field
from objectry_runtime.reports.sources import shared_sources

DEPTH_MAX = 3  # record.lines.product.category
OPENED_MAX = 20  # as many as one request may open
COMPANY = "company"
_NAME = re.compile(r"[a-z][a-z0-9_]*")

Json = dict[str, Any]  # a record as the API shows it


def expansion(call: Call, object_name: str, template: str) -> str:
    """The `expand` that opens the tables of the record, and the links that the template names."""
    named = set(_NAME.findall(template))
    for source in shared_sources().values():
        named.update(_NAME.findall(source))
    names = Names(call.live, call.principal.roles)
    paths = sorted(_paths(names, object_name, named, ()), key=lambda path: path.count("."))
    return ",".join(paths[:OPENED_MAX])


def _paths(
    names: Names, object_name: str, named: set[str], above: tuple[str, ...]
) -> Iterator[str]:
    model = names.live.model.object(object_name)
    for name in names.visible(object_name):
        field = find_field(model, name)
        if field is None or len(above) >= DEPTH_MAX:
            continue
        target = "" if field.type.own else field.expr_type.object
        if field.is_table and not above:
            target = field.definition.of
        elif field.is_table or field.expr_type.kind != "link" or name not in named:
            continue
        if name == "parent" or not target or not (field.is_table or names.reads(target)):
            continue
        path = (*above, name)
        yield ".".join(path)
        yield from _paths(names, target, named, path)


def filled(call: Call, object_name: str, record: Json) -> Json:
    """The record with None for each field that the answer left out."""
    model = call.live.model.object(object_name)
    whole: Json = dict.fromkeys(model.fields) | record
    for name, value in whole.items():
        field = find_field(model, name)
        if field is None:
            continue
        if field.is_table:
            rows: list[Json] = value or []
            whole[name] = [filled(call, field.definition.of, row) for row in rows]
        elif _opened(value) and field.expr_type.kind == "link" and "id" in value:
            target = str(value.get("object") or field.expr_type.object)
            whole[name] = filled(call, target, value)
    return whole


async def company_of(call: Call, record: Json) -> Json:
    """Whose letter it is: the record's company, else the first one the caller may read."""
    own: object = record.get(COMPANY)
    if _opened(own):
        return own
    names = Names(call.live, call.principal.roles)
    if COMPANY not in call.live.model.objects() or not names.reads(COMPANY):
        return {}
    params = (("limit", "1"), ("sort", "created_at")) if _sorts(names) else (("limit", "1"),)
    answer = await list_records(call, COMPANY, params)
    found: list[Json] = msgspec.json.decode(answer.body)["data"]
    return filled(call, COMPANY, found[0]) if found else {}


def _opened(value: object) -> TypeGuard[Json]:
    """Whether a link is shown as the record behind it."""
    return isinstance(value, dict)


def _sorts(names: Names) -> bool:
    return names.policy(COMPANY).field("created_at", "sort") is not False
