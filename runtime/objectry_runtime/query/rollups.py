"""Stored rollups as SQL: hold the records they are of, then compute them anew."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from objectry.expressions.facts import facts
from objectry.expressions.tree import Rollup, children
from objectry.metadata.model import FieldModel, Model
from objectry.metadata.model.system import DELETED
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.frame import ObjectFrame, Rendering, pg_type, table
from objectry_runtime.query.money import round_live
from objectry_runtime.query.render import render
from objectry_runtime.query.slots import RECORD, TENANT, CallValues, array_text, fill
from objectry_runtime.query.sql import quote
from objectry_runtime.query.statements import statements
from objectry_runtime.query.template import template
from objectry_runtime.store.executor import Bound


class StoredRollup(msgspec.Struct, frozen=True, kw_only=True):
    """A stored rollup, seen from the records it is over.

    It is `field` of `object`, over the records of `of` (rows of their owner's `table`, where that
    is no root object). `own` are the fields of one such record that it reads, the link `via` first,
    `owners` those of its owner; `late`: it reads what is not known before the write.
    """

    object: str
    field: str
    of: str
    table: str
    own: tuple[str, ...]
    owners: tuple[str, ...]
    late: bool


class _Kept(msgspec.Struct, frozen=True):
    by_root: Mapping[str, tuple[StoredRollup, ...]]


def kept_by(live: Live, root: str) -> tuple[StoredRollup, ...]:
    """The stored rollups that the writes of an object (and of its rows) maintain."""
    key = ("query.rollups",)
    found = live.compiled.get(key)
    if not isinstance(found, _Kept):
        by_root: dict[str, tuple[StoredRollup, ...]] = {}
        for one in _stored_rollups(live.model):
            owner = live.model.owner(one.of)
            name = owner[0] if owner else one.of
            by_root[name] = (*by_root.get(name, ()), one)
        found = live.compiled[key] = _Kept(by_root)
    return found.by_root.get(root, ())


def hold(call: Call, object_name: str, ids: Sequence[str]) -> Bound:
    """The statement that holds records until the transaction ends, in the order of their ids.

    Whoever comes second computes in a later statement, which sees what the first one wrote.
    """

    def build() -> Bound:
        rendering = template(call.live, frozenset())
        return rendering.sql.bound(
            f"select 1 from {table(rendering, object_name)} t where {_these(rendering)} "
            "order by t.id for no key update"
        )

    statement = statements(call.live).get(("rollup.hold", object_name), build)
    return fill(statement, CallValues(call, {RECORD: array_text(list(ids))}))


def compute_anew(
    call: Call, object_name: str, fields: tuple[str, ...], ids: Sequence[str]
) -> Bound:
    """The statement that computes stored rollups of records from what is there now.

    No new version: nobody changed the record, and who is changing it need not be told.
    """

    def build() -> Bound:
        rendering = template(call.live, frozenset())
        frame = ObjectFrame(rendering, object_name, "t")
        columns = call.live.storage.objects[object_name].columns
        values = ", ".join(
            f"{quote(columns[name])} = {rollup_value(frame, frame.model.fields[name])}"
            for name in fields
        )
        return rendering.sql.bound(
            f"update {table(rendering, object_name)} t set {values} where {_these(rendering)}"
        )

    statement = statements(call.live).get(("rollup.anew", object_name, fields), build)
    return fill(statement, CallValues(call, {RECORD: array_text(list(ids))}))


def rollup_value(frame: ObjectFrame, field: FieldModel) -> str:
    """What a stored rollup of a record must be, whatever its column holds."""
    assert field.formula is not None, "a rollup is an expression"
    rendering = frame.rendering
    value = render(field.formula.tree, frame, rendering.sql, rendering.clock)
    return f"({round_live(field, value, frame)})::{pg_type(field)}"


def _these(rendering: Rendering) -> str:
    tenant = rendering.sql.bind(TENANT, "integer")
    return f"t.tenant_id = {tenant} and t.id = any({rendering.sql.bind(RECORD, 'uuid[]')})"


def _stored_rollups(model: Model) -> Iterator[StoredRollup]:
    for name, definition in model.definitions.objects.items():
        for declared in definition.fields.values():
            if declared.rollup is None or not declared.stored:
                continue
            expression = model.rollup(declared.rollup)
            tree = expression.tree
            assert isinstance(tree, Rollup), "a rollup is one"
            owner = model.owner(tree.object)
            tables = model.object(owner[0] if owner else tree.object).tables
            reads = [read for part in children(tree) for read in facts(part).reads]
            own = {path[0] for root, path in reads if root == "record"}
            owners = {path[0] for root, path in reads if root == "parent"}
            # A record that is deleted and kept counts no more, nor do its rows.
            (owners if owner else own).update(
                {DELETED} & model.object(owner[0] if owner else tree.object).fields.keys()
            )
            yield StoredRollup(
                object=name,
                field=declared.name,
                of=tree.object,
                table=owner[1] if owner else "",
                own=(tree.via, *sorted(own - {tree.via} - set(tables) - {"number"})),
                owners=tuple(sorted(owners - set(tables) - {"number"})),
                late=bool((own | owners) & {*tables, "number"}),
            )
