"""Numbers that are drawn by the statement that writes a record, and how they get into the past.

A record may draw several: its number, and one for each field of type autonumber. A text that
history keeps is then the tail that follows these members (`RecordWrite.draws`).
"""

from collections.abc import Mapping, Sequence

import msgspec

from objectry_runtime.query.sql import quote

NUMBER = "number"
KINDS = ("text", "text", "text", "integer", "text")  # of a draw's parameters


class NumberDraw(msgspec.Struct, frozen=True, kw_only=True):
    """A number to be drawn: for which field, from which series, what stands around its digits."""

    series: str
    key: str
    prefix: str
    width: int
    suffix: str
    field: str = NUMBER

    @property
    def params(self) -> tuple[str, str, str, str, str]:
        """Its parameters, of `KINDS`."""
        return (self.series, self.key, self.prefix, str(self.width), self.suffix)


def drawn_for_one(tenant: str, fields: Sequence[str], places: Sequence[Sequence[str]]) -> list[str]:
    """The parts that draw for one record: `n` has a column for each field."""
    parts = [_draw(tenant, index, *place) for index, place in enumerate(places)]
    picked = ", ".join(f"d{index}.v as {quote(field)}" for index, field in enumerate(fields))
    return [*parts, f"n as (select {picked} from {', '.join(f'd{i}' for i in range(len(fields)))})"]


def _draw(
    tenant: str, index: int, series: str, key: str, prefix: str, width: str, suffix: str
) -> str:
    return (
        f"d{index} as (insert into objectry.series as s (tenant_id, series, key, value) "
        f"values ({tenant}, {series}, {key}, 1) "
        "on conflict (tenant_id, series, key) do update set value = s.value + 1 "
        f"returning {prefix} || lpad(s.value::text, greatest({width}, length(s.value::text)), '0') "
        f"|| {suffix} as v)"
    )


def with_numbers(fields: Sequence[str], tail: str) -> str:
    """The JSON text of a record that draws them all: `tail` is what follows these members."""
    members = " || ',' || ".join(_member(field, f"n.{quote(field)}") for field in fields)
    return f"'{{' || {members} || {tail}"


def with_changed_numbers(fields: Sequence[str], tail: str) -> str:
    """The same of its changes."""
    members = " || ',' || ".join(_changed(field, f"n.{quote(field)}") for field in fields)
    return f"'{{' || {members} || {tail}"


def meta(fields: Sequence[str]) -> list[tuple[str, str]]:
    """What a row of a bulk write says of its draws, with types."""
    names = ("series", "serieskey", "prefix", "width", "suffix")
    return [
        (f"{name}{index}", kind)
        for index in range(len(fields))
        for name, kind in zip(names, KINDS, strict=True)
    ]


def drawn_for_many(fields: Sequence[str]) -> list[str]:
    """The parts that draw for all rows of `input`: `n0`, `n1` … have the numbers by id."""
    return [part for index in range(len(fields)) for part in _draws(index)]


def _draws(index: int) -> tuple[str, str]:
    series, key = f'"~series{index}"', f'"~serieskey{index}"'
    # Series in one order for everyone, so that two bulk writes can't wait for each other.
    return (
        f"drawn{index} as (insert into objectry.series as s (tenant_id, series, key, value) "
        f"select $1::integer, {series}, {key}, count(*) from input where {series} is not null "
        "group by 2, 3 order by 2, 3 "
        "on conflict (tenant_id, series, key) do update set value = s.value + excluded.value "
        "returning series, key, value)",
        f'numbered{index} as (select i."~id" as id, i."~prefix{index}" || '
        f"lpad(i.seq::text, greatest(i.\"~width{index}\", length(i.seq::text)), '0') "
        f'|| i."~suffix{index}" as number '
        f"from (select x.*, d.value - count(*) over (partition by x.{series}, x.{key}) "
        f'+ row_number() over (partition by x.{series}, x.{key} order by x."~order") as seq '
        f"from input x join drawn{index} d on d.series = x.{series} and d.key = x.{key}) i)",
    )


def joined(fields: Sequence[str]) -> str:
    """The joins that give each row of `input i` its numbers."""
    return "".join(
        f' left join numbered{index} n{index} on n{index}.id = i."~id"'
        for index in range(len(fields))
    )


def with_numbers_of_many(fields: Sequence[str], tail: str, *, changed: bool) -> str:
    """The JSON text of a row, which draws some of the numbers; or none: then `tail` is all."""
    member = _changed if changed else _member
    members = ", ".join(member(field, f"n{index}.number") for index, field in enumerate(fields))
    drawn = ", ".join(f"n{index}.number" for index in range(len(fields)))
    text = f"'{{' || concat_ws(',', {members}) || {tail}"
    return f"case when coalesce({drawn}) is null then {tail} else {text} end"


def row_of(draws: Sequence[NumberDraw], fields: Sequence[str]) -> dict[str, object]:
    """What a row says of its draws, by the names of `meta`."""
    row: dict[str, object] = {}
    for draw in draws:
        index = fields.index(draw.field)
        row |= {f"~series{index}": draw.series, f"~serieskey{index}": draw.key}
        row |= {f"~prefix{index}": draw.prefix, f"~width{index}": draw.width}
        row[f"~suffix{index}"] = draw.suffix
    return row


def without(draws: Sequence[NumberDraw], members: Mapping[str, object]) -> dict[str, object]:
    """The members that are known before the numbers are drawn."""
    fields = {draw.field for draw in draws}
    return {name: value for name, value in members.items() if name not in fields}


def _member(field: str, number: str) -> str:
    return f"""'"{field}":' || to_json({number})::text"""


def _changed(field: str, number: str) -> str:
    return f"""'"{field}":{{"from":null,"to":' || to_json({number})::text || '}}'"""
