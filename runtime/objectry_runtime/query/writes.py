"""The statements of a write: one that saves a set of records with all that belongs to them.

Record, lines, number, history, event and key go in one statement, rendered once per release. One
record's values are parameters of their own; of more, rows travel as one JSON text per table, so
that the statement of an object is the same text for two records and for a thousand.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

import msgspec

from objectry.metadata.model import ObjectModel
from objectry.metadata.model.system import DELETED
from objectry_runtime.host.live import Live
from objectry_runtime.identity.call import Call
from objectry_runtime.query.drawing import NumberDraw, row_of, without
from objectry_runtime.query.save_one import Form, Saving, save_one_sql
from objectry_runtime.query.save_sql import Operation, columns_of, save_sql, table_of
from objectry_runtime.query.slots import CallValues, array_text, fill
from objectry_runtime.query.sql import quote
from objectry_runtime.query.statements import Kept, kept
from objectry_runtime.store.executor import Bound

Values = Mapping[str, object]


class LineWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A line to insert or to overwrite; `values` are its fields as JSON shows them."""

    id: str
    parent: str
    position: int
    values: Values


class EventWrite(msgspec.Struct, frozen=True, kw_only=True):
    """An event to put into the outbox; it refers to the version written beside it."""

    uid: str
    type: str
    causation: str = ""


class RecordWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One new version of one record, its values as JSON shows them.

    `record` and `changes` are what history keeps, sealed.
    """

    id: str
    version: int
    values: Values
    lines: Mapping[str, Sequence[LineWrite]] = {}
    gone: Mapping[str, Sequence[str]] = {}
    draws: Sequence[NumberDraw] = ()  # history keeps the members beside these
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
    reader: Call | None = None,
) -> tuple[Bound, bool]:
    """The statement that writes new versions of records of one object.

    Raises `stale` (through `objectry.guard`) unless every record was at the version before. The
    statement of one record for a `reader` may answer with it (body, version): then True.
    """
    if len(writes) == 1:
        return _save_one(live, model, operation, writes[0], stamp, reader)
    drawn = tuple(dict.fromkeys(draw.field for write in writes for draw in write.draws))
    cache_key = ("query.save", model.name, operation, drawn)
    sql = live.compiled.get(cache_key)
    if sql is None:
        sql = live.compiled[cache_key] = save_sql(live, model, operation, drawn)
    assert isinstance(sql, str)
    columns = columns_of(live, model.name, anew=operation == "create")
    images = [_images(write) for write in writes]
    params: list[str | None] = [
        str(stamp.tenant),
        _json(_row(write, columns, order, drawn) for order, write in enumerate(writes)),
        stamp.at.isoformat(),
        stamp.actor,
        live.release.id,
        stamp.correlation,
        operation,
        _json(_events(writes)),
        stamp.action or None,
        array_text([record for record, _ in images]),
        array_text([changes for _, changes in images]),
    ]
    if operation != "delete":
        for table, line_object in model.tables.items():
            lines = (line for write in writes for line in write.lines.get(table, ()))
            params.append(_line_rows(live, line_object, lines))
            if operation == "update":
                gone = (id for write in writes for id in write.gone.get(table, ()))
                params.append(_ids(gone))
    return Bound(sql, tuple(params)), False


class _Savings(Kept[Saving]):
    """Statements that save one record, by object, form and readers."""


def _save_one(
    live: Live,
    model: ObjectModel,
    operation: Operation,
    write: RecordWrite,
    stamp: Stamp,
    reader: Call | None,
) -> tuple[Bound, bool]:
    """The same for one record, with the text that `save_one_sql` explains."""
    tables = model.tables if operation != "delete" else {}
    form = Form(
        operation=operation,
        drawn=tuple(draw.field for draw in write.draws),
        keyed=write.subject_key is not None,
        events=len(write.events),
        written=tuple(table for table in tables if write.lines.get(table)),
        gone=tuple(table for table in tables if write.gone.get(table)),
    )
    readers = reader.principal.roles if reader is not None else None
    saving = kept(live, _Savings).get(
        (model.name, form, readers), lambda: save_one_sql(live, model, form, readers)
    )
    params: list[str | None] = [
        str(stamp.tenant),
        write.id,
        str(write.version),
        stamp.at.isoformat(),
        stamp.actor,
        live.release.id,
        stamp.correlation,
        stamp.action or None,
        *_images(write),
    ]
    for draw in write.draws:
        params += draw.params
    if write.subject_key is not None:
        params.append(base64.b64encode(write.subject_key).decode())
    for event in write.events:
        params += (event.uid, event.type, event.causation)
    if operation != "delete":
        columns = columns_of(live, model.name, anew=operation == "create")
        params += [_text(write.values.get(name)) for name in columns if name not in form.drawn]
    params += [_line_rows(live, tables[table], write.lines[table]) for table in form.written]
    params += [_ids(write.gone[table]) for table in form.gone]
    if reader is not None:
        params += fill(Bound("", saving.rest), CallValues(reader, {})).params
    return Bound(saving.sql, tuple(params)), saving.answers


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
    if DELETED in columns and fields != ("number",):
        same += f" and t.{quote(columns[DELETED][0])} is null"
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


def _images(write: RecordWrite) -> tuple[str, str]:
    """What history keeps, as JSON texts; of a record that draws numbers what follows those."""
    if not write.draws:
        return _encode(write.record), _encode(write.changes)
    return _tail(without(write.draws, write.record)), _tail(without(write.draws, write.changes))


def _tail(members: Mapping[str, object]) -> str:
    return "," + _encode(members)[1:] if members else "}"


def _row(
    write: RecordWrite,
    columns: Mapping[str, tuple[str, str]],
    order: int,
    drawn: Sequence[str],
) -> dict[str, object]:
    row: dict[str, object] = {"~id": write.id, "~version": write.version, "~order": order}
    if write.subject_key is not None:
        row["~key"] = write.subject_key  # msgspec writes bytes as base64
    row |= row_of(write.draws, drawn)
    _fill(row, write.values, columns)
    return row


def _line_rows(live: Live, line_object: str, lines: Iterable[LineWrite]) -> str:
    columns = columns_of(live, line_object)
    rows: list[dict[str, object]] = []
    for line in lines:
        row: dict[str, object] = {
            "~id": line.id,
            "~parent": line.parent,
            "~position": line.position,
        }
        _fill(row, line.values, columns)
        rows.append(row)
    return _json(rows)


def _fill(row: dict[str, object], values: Values, columns: Mapping[str, tuple[str, str]]) -> None:
    for field, (column, _) in columns.items():
        value = values.get(field)
        if value is not None:
            row[column] = value


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


def _text(value: object) -> str | None:
    """A value of an image as the text of a parameter."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            return array_text([str(item) for item in cast("list[object]", value)])
        case msgspec.Raw():
            return bytes(value).decode()
        case _:
            return str(value)


def _ids(ids: Iterable[str]) -> str:
    return "{" + ",".join(ids) + "}"


def _encode(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _json(rows: Iterable[object]) -> str:
    return _encode(list(rows))
