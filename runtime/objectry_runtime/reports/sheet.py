"""A report as CSV: its rows, or where it has none its groups. Safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")

Json = dict[str, Any]  # JSON builtins


def sheet(document: Json) -> str:
    """RFC 4180 with a header; a text that a spreadsheet would compute gets an apostrophe before."""
    if document["columns"]:
        header = [one["name"] for one in document["columns"]]
        rows = (msgspec.json.decode(bytes(one)) for one in document["data"])
        return _written(header, ([row[name] for name in header] for row in rows))
    groups = _deepest(document["groups"]) or [{"keys": {}, "totals": document["totals"]}]
    keys = list(groups[0]["keys"])
    columns = _total_columns(groups)
    header = [*keys, *(" ".join(one) for one in columns)]
    return _written(
        header,
        (
            [*group["keys"].values(), *(_cell(group["totals"], one) for one in columns)]
            for group in groups
        ),
    )


def _deepest(groups: Sequence[Json]) -> list[Json]:
    most = max((len(one["keys"]) for one in groups), default=0)
    return [one for one in groups if len(one["keys"]) == most]


def _total_columns(groups: Sequence[Json]) -> list[tuple[str, ...]]:
    """One column for a total; of amounts one for each currency."""
    found: dict[tuple[str, ...], None] = {}
    for group in groups:
        totals: dict[str, object] = group["totals"]
        for name, value in totals.items():
            if isinstance(value, dict):
                amounts = cast("dict[str, str]", value)  # by currency
                found |= dict.fromkeys((name, currency) for currency in sorted(amounts))
            else:
                found[(name,)] = None
    return list(found)


def _cell(totals: Json, column: tuple[str, ...]) -> object:
    value = totals[column[0]]
    return value.get(column[1]) if len(column) == 2 else value


def _written(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_safe(one) for one in header])
    writer.writerows([_safe(one) for one in row] for row in rows)
    return text.getvalue()


def _safe(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dict() | list():
            return msgspec.json.encode(value).decode()
        case str() if _FORMULA.match(value) and not _NUMBER.fullmatch(value):
            return f"'{value}"
        case _:
            return value
