"""The statements of a write: one that saves a set of records with all that belongs to them.

Record, lines, number, history, event and key go in one statement. Rows travel as one JSON text per
table, so that the statement of an object is the same text for one record and for a thousand; it is
rendered once per release.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from objectry.metadata.model import ObjectModel
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.save_sql import Operation, columns_of, save_sql, table_of
from objectry_runtime.query.sql import quote
from objectry_runtime.store.executor import Bound

Texts = Mapping[str, str | None]


class NumberDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A number to be drawn: from which series, and what stands around its digits."""

    series: str
    key: str
    prefix: str
    width: int
    suffix: str


class LineWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A line to insert or to overwrite; `values` are column texts by field."""

    id: str
    parent: str
    position: int
    values: Texts


class EventWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An event to put into the outbox; it refers to the version written beside it."""

    uid: str
    type: str
    causation: str = ""


class RecordWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One new version of one record. `record` and `changes` are what history keeps, sealed."""

    id: str
    version: int
    values: Texts
    lines: Mapping[str, Sequence[LineWrite]] = {}
    gone: Mapping[str, Sequence[str]] = {}
    number: NumberDraw | None = None
    record: Mapping[str, object]
    changes: Mapping[str, object]
    events: Sequence[EventWrite] = ()
    subject_key: bytes | None = None  # a new one, wrapped


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, when, on whose request, by which action ("": none): the same for a whole unit."""

    tenant: int
    actor: str
    at: datetime
    correlation: str
    action: str = ""


def save(
    live: Live,
    model: ObjectModel,
    operation: Operation,
    writes: Sequence[RecordWrite],
    stamp: Stamp,
) -> Bound:
    """The statement that writes new versions of records of one object.

    Raises `stale` (through `objectry.guard`) unless every record was at the version before.
    """
    numbered = any(write.number for write in writes)
    cache_key = ("query.save", model.name, operation, numbered)
    sql = live.compiled.get(cache_key)
    if sql is None:
        sql = live.compiled[cache_key] = save_sql(live, model, operation, numbered)
    assert isinstance(sql, str)
    columns = columns_of(live, model.name)
    params: list[str | None] = [
        str(stamp.tenant),
        _json(_row(write, columns, order) for order, write in enumerate(writes)),
        stamp.at.isoformat(),
        stamp.actor,
        live.release.id,
        stamp.correlation,
        operation,
        _json(_events(writes)),
        stamp.action or None,
    ]
    if operation != "delete":
        for table, line_object in model.tables.items():
            line_columns = columns_of(live, line_object)
            params.append(
                _json(
                    _line_row(line, line_columns)
                    for write in writes
                    for line in write.lines.get(table, ())
                )
            )
            if operation == "update":
                gone = (id for write in writes for id in write.gone.get(table, ()))
                params.append("{" + ",".join(gone) + "}")
    return Bound(sql, tuple(params))


def taken(
    call: Call,
    object_name: str,
    fields: Sequence[str],
    asked: Sequence[tuple[int, str, Sequence[str | None]]],
) -> Bound:
    """The statement that tells which of the keys another record has: `asked` is (order, id, key).

    It answers with the orders.
    """
    columns = columns_of(call.live, object_name)
    named = [(quote(columns[name][0]), columns[name][1]) for name in fields]
    types = ", ".join(f"k{index} {kind}" for index, (_, kind) in enumerate(named))
    same = " and ".join(f"t.{column} = x.k{index}" for index, (column, _) in enumerate(named))
    return Bound(
        f'select x."order"::text from json_to_recordset($2::json) as x("order" integer, id uuid, '
        f"{types}) where exists (select from {table_of(call.live, object_name)} t "
        f"where t.tenant_id = $1::integer and t.id <> x.id and {same})",
        (
            str(call.principal.tenant),
            _json(
                {"order": order, "id": id, **{f"k{n}": one for n, one in enumerate(key)}}
                for order, id, key in asked
            ),
        ),
    )


def _row(
    write: RecordWrite, columns: Mapping[str, tuple[str, str]], order: int
) -> dict[str, object]:
    row: dict[str, object] = {
        "~id": write.id,
        "~version": write.version,
        "~order": order,
        "~record": write.record,
        "~changes": write.changes,
    }
    if write.subject_key is not None:
        row["~key"] = write.subject_key  # msgspec writes bytes as base64
    if write.number is not None:
        draw = write.number
        row |= {"~series": draw.series, "~serieskey": draw.key, "~prefix": draw.prefix}
        row |= {"~width": draw.width, "~suffix": draw.suffix}
    for field, (column, _) in columns.items():
        text = write.values.get(field)
        if text is not None:
            row[column] = text
    return row


def _line_row(line: LineWrite, columns: Mapping[str, tuple[str, str]]) -> dict[str, object]:
    row: dict[str, object] = {"~id": line.id, "~parent": line.parent, "~position": line.position}
    for field, (column, _) in columns.items():
        text = line.values.get(field)
        if text is not None:
            row[column] = text
    return row


def _events(writes: Sequence[RecordWrite]) -> Iterable[dict[str, object]]:
    for write in writes:
        for event in write.events:
            yield {
                "uid": event.uid,
                "type": event.type,
                "record": write.id,
                "version": write.version,
                "causation": event.causation,
            }


def _json(rows: Iterable[object]) -> str:
    return msgspec.json.encode(list(rows)).decode()
