"""Tables of references as SQL: made to hold what the links of written records say now."""

from collections.abc import Sequence

import msgspec

from objectry.metadata.model import FieldModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, array_text, fill
from objectry_runtime.query.sql import Sql, quote
from objectry_runtime.query.statements import statements
from objectry_runtime.store.executor import Bound


class ReferenceTable(msgspec.Struct, frozen=True, kw_only=True):
    """One table of references: its own name, that of the object it leads to, the field's column."""

    table: str
    target: str
    owner: str
    column: str
    many: bool

    @property
    def named(self) -> str:
        """Condition: the record `t` names `r.target`."""
        column = f"t.{self.column}"
        return f"r.target = any({column})" if self.many else f"r.target = {column}"


def reference_tables(live: Live, object_name: str, field: FieldModel) -> tuple[ReferenceTable, ...]:
    """The tables that hold a field's references, in the order of the objects it may lead to."""
    place = live.storage.objects[object_name]
    return tuple(
        ReferenceTable(
            table=f"{quote(place.schema)}.{quote(place.references[f'{field.name}:{target}'])}",
            target=_table(live, target),
            owner=_table(live, object_name),
            column=quote(place.columns[field.name]),
            many=field.type.many,
        )
        for target in field.references
        if f"{field.name}:{target}" in place.references
    )


def refer(call: Call, object_name: str, field: FieldModel, ids: Sequence[str]) -> list[Bound]:
    """The statements that make the tables of a field say what written records name.

    They come after the write. A record that is gone by now stops them: an id of a list by its
    foreign key, one of a link to several objects because no table took it (`stale`).
    """
    live = call.live

    def build(sql: Sql, one: ReferenceTable) -> Bound:
        tenant, records = sql.bind(TENANT, "integer"), sql.bind(RECORD, "uuid[]")
        there = (
            ""
            if one.many
            else f" and exists (select from {one.target} k where k.tenant_id = t.tenant_id "
            f"and k.id = t.{one.column})"
        )
        named = f"unnest(t.{one.column})" if one.many else f"(select t.{one.column})"
        source = f"{named} as r(target)" if one.many else f"{named} r(target)"
        return sql.bound(
            f"with gone as (delete from {one.table} r using {one.owner} t where r.tenant_id = "
            f"{tenant} and r.id = any({records}) and t.tenant_id = r.tenant_id and t.id = r.id "
            f"and ({one.named}) is not true) "
            f"insert into {one.table} (tenant_id, id, target) select t.tenant_id, t.id, r.target "
            f"from {one.owner} t cross join lateral {source} where t.tenant_id = {tenant} "
            f"and t.id = any({records}) and r.target is not null{there} on conflict do nothing"
        )

    def check(sql: Sql, tables: tuple[ReferenceTable, ...]) -> Bound:
        owner, column = tables[0].owner, tables[0].column
        taken = " or ".join(
            f"exists (select from {one.table} r where r.tenant_id = t.tenant_id "
            f"and r.id = t.id and r.target = t.{column})"
            for one in tables
        )
        return sql.bound(
            f"select case when exists (select from {owner} t where "
            f"t.tenant_id = {sql.bind(TENANT, 'integer')} "
            f"and t.id = any({sql.bind(RECORD, 'uuid[]')}) "
            f"and t.{column} is not null and not ({taken})) then objectry.guard(false, 'stale') end"
        )

    tables = reference_tables(live, object_name, field)
    kept = statements(live)
    values = CallValues(call, {RECORD: array_text(list(ids))})
    found = [
        kept.get(("refer", one.table), lambda one=one: build(Sql(), one))  # type: ignore[misc]
        for one in tables
    ]
    if tables and not tables[0].many:
        key = ("refer.check", object_name, field.name)
        found.append(kept.get(key, lambda: check(Sql(), tables)))
    return [fill(statement, values) for statement in found]


def _table(live: Live, object_name: str) -> str:
    storage = live.storage.objects[object_name]
    return f"{quote(storage.schema)}.{quote(storage.table)}"
