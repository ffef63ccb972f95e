"""A small world that expressions are computed over twice: in Python, and on a real PostgreSQL.

A record has fields of every kind, lines, and a link to a customer who links to a group. Both sides
get the same plain values.
"""

import uuid
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import Any, cast

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from objectry.expressions import (
    Env,
    Expression,
    ExprType,
    Kind,
    Problem,
    Value,
    compile_expression,
    evaluator,
)
from objectry.values.documents import Document
from objectry.values.times import duration_text
from objectry_runtime.query.render import PG_TYPES, Clock, Sql, render, render_predicate
from objectry_runtime.store.functions import functions_sql

TODAY = date(2026, 3, 31)
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
USER_ID = "01900000-0000-7000-8000-000000000001"
USER: Mapping[str, Value] = {"id": USER_ID, "name": "Ada", "roles": ["sales", "support"]}

_N, _T, _D, _M, _B = (
    ExprType(Kind.NUMBER),
    ExprType(Kind.TEXT),
    ExprType(Kind.DATE),
    ExprType(Kind.DATETIME),
    ExprType(Kind.BOOLEAN),
)
_C, _L = ExprType(Kind.TIME), ExprType(Kind.DURATION)
_S = ExprType(Kind.LIST, item=Kind.TEXT)
ADDRESS = ExprType(Kind.COMPOSITE, parts=(("street", Kind.TEXT), ("country", Kind.TEXT)))
PRICE = ExprType(Kind.COMPOSITE, parts=(("amount", Kind.NUMBER), ("currency", Kind.TEXT)))
WEIGHT = ExprType(
    Kind.TEXT,
    units=(("kg", Decimal(1)), ("g", Decimal("0.001")), ("lb", Decimal("0.45359237"))),
)
FIELDS: dict[str, dict[str, ExprType]] = {
    "record": {
        "id": ExprType(Kind.LINK, "record"),
        "a": _N, "b": _N, "i": _N, "number": _N,
        "s": _T, "t": _T, "days": _T,
        "d": _D, "e": _D,
        "m": _M, "k": _M,
        "p": _B, "q": _B,
        "c": _C, "v": _L, "w": _L, "tags": _S,
        "ship_to": ADDRESS, "price": PRICE,
        "extra": ExprType(Kind.JSON), "token": ExprType(Kind.SECRET),
        "customer": ExprType(Kind.LINK, "customer"),
        "other": ExprType(Kind.LINK, "customer"),
        "source": ExprType(Kind.LINK, ""),
        "unit": WEIGHT,
        "lines": ExprType(Kind.LINES, "line"),
    },
    "line": {"x": _N, "y": _N, "label": _T, "day": _D, "flag": _B, "effort": _L, "price": PRICE},
    "customer": {
        "name": _T, "address": ADDRESS, "credit": _N, "group": ExprType(Kind.LINK, "group"),
    },
    "group": {"name": _T},
}  # fmt: skip

COLUMNS = {
    Kind.NUMBER: "numeric",
    Kind.TEXT: 'text collate "C"',
    Kind.DATE: "date",
    Kind.DATETIME: "timestamptz",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "time",
    Kind.DURATION: "interval",
    Kind.LIST: "text[]",
    Kind.COMPOSITE: "jsonb",
    Kind.JSON: "jsonb",
    Kind.SECRET: "text",
    Kind.LINK: "uuid",
}

ACME = "01900000-0000-7000-8000-00000000000a"
NOBODY = "01900000-0000-7000-8000-00000000000b"
GOLD = "01900000-0000-7000-8000-0000000000aa"
LINKED: dict[str, dict[str, dict[str, Any]]] = {
    "customer": {
        ACME: {
            "name": "Acme",
            "credit": Decimal("1000.50"),
            "group": GOLD,
            "address": Document({"street": "Hauptstraße 1", "country": "AT"}),
        },
        NOBODY: {"name": None, "credit": None, "group": None},
    },
    "group": {GOLD: {"name": "Gold"}},
}


class WorldScope:
    """The names of one object of the world."""

    def __init__(self, name: str) -> None:
        self.name = name

    def field(self, name: str) -> ExprType | None:
        return FIELDS[self.name].get(name)

    def names(self) -> Iterable[str]:
        return FIELDS[self.name]

    def follow(self, object_name: str) -> "WorldScope | None":
        return WorldScope(object_name) if object_name in FIELDS else None

    @property
    def parent(self) -> "WorldScope | None":
        return WorldScope("record") if self.name == "line" else None

    def variable(self, name: str) -> dict[str, ExprType] | None:
        if name == "user":
            return {
                "id": ExprType(Kind.LINK),
                "name": _T,
                "roles": ExprType(Kind.LIST, item=Kind.TEXT),
            }
        return dict(FIELDS["record"]) if name == "old" else None


class Record:
    """A record (or line) of plain values, as the evaluator wants it."""

    def __init__(self, values: Mapping[str, Any], parent: "Record | None" = None) -> None:
        self._values = values
        self._parent = parent

    def get(self, path: tuple[str, ...]) -> Value:
        value: Any = self._values.get(path[0])
        kind = FIELDS["record"].get(path[0])
        for name in path[1:]:
            assert kind is not None
            value = LINKED[kind.object].get(value, {}).get(name)
            kind = FIELDS[kind.object][name]
        found: Value = value
        return found

    def rows(self, field: str) -> "Sequence[Record]":
        assert field == "lines"
        return [Record(line, self) for line in self._values.get("lines") or ()]

    @property
    def parent(self) -> "Record | None":
        return self._parent


class SqlRecord:
    """The same in SQL, under a table alias."""

    def __init__(self, sql: Sql, alias: str, name: str, parent: "SqlRecord | None" = None) -> None:
        self._sql = sql
        self._alias = alias
        self._name = name
        self._parent = parent

    def column(self, path: tuple[str, ...]) -> str:
        own = f'{self._alias}."{path[0]}"'
        if len(path) == 1:
            return own
        if FIELDS[self._name][path[0]].kind is Kind.COMPOSITE:
            kind = dict(FIELDS[self._name][path[0]].parts)[path[1]]
            return f"({own} ->> '{path[1]}')::{PG_TYPES[kind]}"
        target = FIELDS[self._name][path[0]].object
        linked = SqlRecord(self._sql, self._sql.alias("k"), target)
        source = f'world."{target}" {linked._alias}'
        return f"(select {linked.column(path[1:])} from {source} where {linked._alias}.id = {own})"

    def related(self, object_name: str, via: str) -> "tuple[str, str, SqlRecord]":
        raise AssertionError(f"no source text writes a rollup of {object_name} over {via}")

    def rows(self, field: str) -> "tuple[str, str, SqlRecord]":
        line = SqlRecord(self._sql, self._sql.alias("l"), "line", self)
        source = f'jsonb_populate_recordset(null::world.line, {self._alias}."{field}")'
        return f"{source} {line._alias}", "true", line

    @property
    def parent(self) -> "SqlRecord":
        assert self._parent is not None
        return self._parent

    def user(self, name: str) -> str:
        match name:
            case "roles":
                return self._sql.bind("{sales,support}", "text[]")
            case "id":
                return self._sql.bind(USER_ID, "uuid")
            case _:
                return self._sql.bind("Ada", "text")


def compiled(source: str, over: str = "record") -> Expression:
    """The expression, which must be right."""
    result = compile_expression(source, WorldScope(over))
    assert isinstance(result, Expression), f"{source!r}: {result}"
    return result


def problems(source: str, over: str = "record", expects: Sequence[Kind] = ()) -> list[Problem]:
    """What is wrong with an expression that must be wrong."""
    result = compile_expression(source, WorldScope(over), expects=expects)
    assert not isinstance(result, Expression), f"{source!r} compiles"
    return list(result)


def env(values: Mapping[str, Any], old: Mapping[str, Any] | None = None) -> Env:
    """The evaluation environment over one record."""
    return Env(
        record=Record(values),
        user=USER,
        old=None if old is None else Record(old),
        today=TODAY,
        now=NOW,
    )


def in_python(
    expression: Expression, values: Mapping[str, Any], *, line: int | None = None
) -> Value:
    """The value of an expression over a record, or over its line at a position.

    Python's own decimal context rounds to 28 digits: whatever used it by mistake raises here.
    """
    whole = env(values)
    if line is not None:
        whole = msgspec.structs.replace(whole, record=whole.record.rows("lines")[line])
    with localcontext(Context(prec=1, traps=[Inexact, InvalidOperation])):
        return evaluator(expression.tree)(whole)


@contextmanager
def open_world(server_dsn: str) -> Generator["Database"]:
    """The world in a database of its own, dropped afterwards."""
    name = f"t_world_{uuid.uuid4().hex}"
    with psycopg.connect(server_dsn, autocommit=True) as server:
        server.execute(f"create database {name} template template0 encoding 'UTF8'".encode())
        try:
            with psycopg.connect(server_dsn, dbname=name, autocommit=True) as connection:
                yield Database.create(connection)
        finally:
            server.execute(f"drop database {name} with (force)".encode())


class Database:
    """The world on a PostgreSQL."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    @classmethod
    def create(cls, connection: psycopg.Connection[Any]) -> "Database":
        """Make the tables and the functions."""
        connection.execute("set time zone 'Pacific/Auckland'")  # no answer may hang on it
        connection.execute("create schema if not exists objectry")
        connection.execute(functions_sql(connection.info.server_version).encode())
        connection.execute("create schema world")
        for name, fields in FIELDS.items():
            columns = [
                f'"{field}" {"jsonb" if type_.kind is Kind.LINES else _column(field, type_)}'
                for field, type_ in fields.items()
                if field != "id"
            ]
            table = f'create table world."{name}" (id uuid, {", ".join(columns)})'
            connection.execute(table.encode())
        for name, records in LINKED.items():
            rows = [{"id": id_, **_plain(values)} for id_, values in records.items()]
            insert = (
                f'insert into world."{name}" select * from '
                f'jsonb_populate_recordset(null::world."{name}", %s)'
            )
            connection.execute(insert.encode(), [Jsonb(rows)])
        return cls(connection)

    def compute(
        self,
        expressions: Sequence[Expression],
        records: Sequence[Mapping[str, Any]],
        *,
        line: int | None = None,
    ) -> list[list[Value]]:
        """The values of all expressions over each record, in one round trip.

        With `line`, over the line at this position of each record.
        """
        sql = Sql()
        frame = SqlRecord(sql, "r", "record")
        lines = ""
        if line is not None:
            lines = (
                "cross join rows from (jsonb_populate_recordset(null::world.line, r.lines)) "
                f"with ordinality as l where l.ordinality = {line + 1} "
            )
            frame = SqlRecord(sql, "l", "line", frame)
        rows = [_plain(record) for record in records]
        source = sql.bind(msgspec.json.encode(rows).decode(), "jsonb")
        outputs = [render(one.tree, frame, sql, _CLOCK) for one in expressions]
        statement = sql.bound(
            f"select {', '.join(outputs)} from rows from "
            f"(jsonb_populate_recordset(null::world.record, {source})) "
            f"with ordinality as r {lines}order by r.ordinality"
        )
        return self._rows(statement.sql, statement.params)

    def matching(self, expression: Expression, records: Sequence[Mapping[str, Any]]) -> list[int]:
        """Which records (by position) a WHERE with the expression lets through."""
        sql = Sql()
        source = sql.bind(msgspec.json.encode([_plain(r) for r in records]).decode(), "jsonb")
        where = render_predicate(expression.tree, SqlRecord(sql, "r", "record"), sql, _CLOCK)
        statement = sql.bound(
            f"select (ordinality - 1)::integer from rows from "
            f"(jsonb_populate_recordset(null::world.record, {source})) "
            f"with ordinality as r where {where} order by r.ordinality"
        )
        return [int(row[0]) for row in self._rows(statement.sql, statement.params)]

    def _rows(self, statement: str, parameters: Sequence[str | None]) -> list[list[Any]]:
        with psycopg.RawCursor(self.connection) as cursor:
            cursor.execute(statement.encode(), list(parameters))
            return [[_value(value) for value in row] for row in cursor.fetchall()]


_CLOCK = Clock(TODAY.isoformat(), NOW.isoformat())


def _column(field: str, type_: ExprType) -> str:
    return "bigint" if field == "i" else COLUMNS[type_.kind]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them: numbers and times as text."""
    return {
        name: [_plain(line) for line in cast("list[dict[str, Any]]", value)]
        if isinstance(value, list)
        else value.json
        if isinstance(value, Document)
        else list(cast("tuple[object, ...]", value))
        if isinstance(value, tuple)
        else duration_text(value)
        if isinstance(value, timedelta)
        else value
        if value is None or isinstance(value, bool | str)
        else format(value, "f")
        if isinstance(value, Decimal)
        else value.isoformat()
        for name, value in values.items()
    }


def _value(value: Any) -> Any:
    """What psycopg read, as the evaluator gives it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if value is None or isinstance(value, bool | str | Decimal | date | time | timedelta):
        return value
    return str(value)  # a UUID
