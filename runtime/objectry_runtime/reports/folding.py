"""Rows of a totals statement as what a report answers: groups with subtotals, and grand totals."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from objectry_runtime.query.refusal import bad_query
from objectry_runtime.query.reporting import GROUPS_MAX, Group, Total, currencies
from objectry_runtime.store.executor import Rows

Json = dict[str, Any]  # JSON builtins


class Folded(msgspec.Struct, frozen=True):
    """`groups` each have `keys` and `totals`; those with fewer keys sum up the ones before them."""

    groups: list[Json] = []
    totals: Json = {}
    single: list[tuple[Json, Json]] = []

    def alone(self, name: str) -> Iterator[tuple[Json, Json]]:
        """Keys and totals of a group taken by itself."""
        return ((keys, totals) for keys, totals in self.single if list(keys) == [name])


def group_name(group: Group) -> str:
    """The name of a group's key: its path, with the part of the calendar behind it."""
    path = ".".join(group.column.path)
    return f"{path}_{group.by}" if group.by else path


def total_name(total: Total) -> str:
    """The name of a total: the path to what is totalled."""
    return ".".join(total.column.path)


def fold(groups: Sequence[Group], totals: Sequence[Total], rows: Rows) -> Folded:
    """One entry for each set of keys; amounts by their currency."""
    if len(rows) > GROUPS_MAX:
        raise bad_query(f"The report has more than {GROUPS_MAX} groups. Narrow its parameters.")
    names = [group_name(one) for one in groups]
    places = currencies(totals)
    count = len(names) + len(places)
    entries: dict[bytes, tuple[Json, Json]] = {}
    for mask, raw_keys, raw_currencies, raw_totals in rows:
        bits = f"{int(mask or b'0'):0{count}b}" if count else ""
        values = msgspec.json.decode(raw_keys or b"[]")
        keys = {
            name: value for name, value, bit in zip(names, values, bits, strict=False) if bit == "0"
        }
        entry = entries.setdefault(
            msgspec.json.encode(keys), (keys, {total_name(one): _empty(one) for one in totals})
        )[1]
        money = [
            (place, currency)
            for place, currency, bit in zip(
                places,
                msgspec.json.decode(raw_currencies or b"[]"),
                bits[len(names) :],
                strict=True,
            )
            if bit == "0"
        ]
        for total, value in zip(totals, msgspec.json.decode(raw_totals or b"[]"), strict=True):
            _take(entry, total, value, money)
    found = list(entries.values())
    nothing: Json = {}
    whole = next((totals for keys, totals in found if not keys), nothing)
    prefixes = [names[:end] for end in range(1, len(names) + 1)]
    return Folded(
        groups=[
            {"keys": keys, "totals": totals} for keys, totals in found if list(keys) in prefixes
        ],
        totals=whole,
        single=[(keys, totals) for keys, totals in found if len(keys) == 1],
    )


def _empty(total: Total) -> object:
    if total.currency is not None:
        return {}
    return {"count": 0, "sum": "0"}.get(total.op)


def _take(entry: Json, total: Total, value: object, money: list[tuple[Any, Any]]) -> None:
    """Put a total where it belongs; a row by currency says amounts in it, and no other."""
    name = total_name(total)
    if total.currency is None or not total.currency:
        if not money:
            if total.currency is None:
                entry[name] = value
            elif value is not None:
                entry[name][total.code] = value
        return
    for place, currency in money:
        if place == total.currency and value is not None:
            entry[name][currency or ""] = value
