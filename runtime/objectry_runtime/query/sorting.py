"""The order of a list, and what lies after a given record in it: keyset paging with nulls."""

from collections.abc import Sequence

import msgspec

from objectry.metadata.model import FieldModel
from objectry_runtime.query.frame import ObjectFrame, pg_type
from objectry_runtime.query.names import Names, find_field
from objectry_runtime.query.refusal import bad_query, quoted
from objectry_runtime.query.slots import Slot
from objectry_runtime.query.speech import spoken
from objectry_runtime.query.sql import Sql

KEYS_MAX = 6


class SortKey(msgspec.Struct, frozen=True):
    """One key: a path, and whether the greatest comes first. Null is greater than any value."""

    path: tuple[str, ...]
    descending: bool
    type: str
    words: bool
    translated: bool = False


def parse_sort(names: Names, object_name: str, text: str) -> tuple[SortKey, ...]:
    """`-offer_date,number`: the keys in order, each once; the id is added when rendering."""
    keys: list[SortKey] = []
    for part in text.split(",") if text else ():
        name = part.removeprefix("-")
        found = names.path(object_name, name, "sort", "sort")
        if not found.field.type.sortable:
            raise bad_query(f"sort: {quoted(name)} is a {found.field.type.name} and has no order.")
        if any(key.path == found.path for key in keys):
            raise bad_query(f"sort: {quoted(name)} is named twice.")
        keys.append(_key(found.path, found.field, part.startswith("-")))
    if len(keys) > KEYS_MAX:
        raise bad_query(f"sort: at most {KEYS_MAX} fields can be named.")
    return tuple(keys)


def with_id(names: Names, object_name: str, keys: tuple[SortKey, ...]) -> tuple[SortKey, ...]:
    """The keys and, where they leave ties, the id in the direction of the last of them."""
    for position, key in enumerate(keys):
        if key.path == ("id",):
            return keys[: position + 1]
    field = find_field(names.live.model.object(object_name), "id")
    assert field is not None, "every object has an id"
    return (*keys, _key(("id",), field, keys[-1].descending if keys else False))


def key_column(key: SortKey, frame: ObjectFrame) -> str:
    """The value that is sorted by."""
    # The id breaks ties whoever asks, and is what the cursor is about.
    if key.path == ("id",):
        return frame.raw("id")
    column = spoken(frame, key.path, translated=key.translated)
    return f"objectry.sort_key({column})" if key.words else column


def order_by(keys: Sequence[SortKey], columns: Sequence[str]) -> str:
    """The ORDER BY list; PostgreSQL's own place for nulls, so that indexes serve."""
    return ", ".join(
        f"{column} desc" if key.descending else column
        for key, column in zip(keys, columns, strict=True)
    )


def after(keys: Sequence[SortKey], columns: Sequence[str], nulls: Sequence[bool], sql: Sql) -> str:
    """The condition for coming after the cursor's record; `nulls` says which of its keys are."""
    values = [
        "" if null else sql.bind(cursor_slot(position), key.type) + _collation(key)
        for position, (key, null) in enumerate(zip(keys, nulls, strict=True))
    ]
    alternatives: list[str] = []
    equal: list[str] = []
    for key, column, value in zip(keys, columns, values, strict=True):
        beyond = _beyond(key, column, value)
        if beyond:
            alternatives.append(" and ".join((*equal, beyond)))
        equal.append(f"{column} = {value}" if value else f"{column} is null")
    condition = " or ".join(f"({one})" for one in alternatives) or "false"
    bound = _bound(keys[0], columns[0], values[0])
    return f"{bound}({condition})"


def cursor_slot(position: int) -> Slot:
    """Where the cursor's value of a key is filled in."""
    return Slot(f"cursor.{position}")


def _key(path: tuple[str, ...], field: FieldModel, descending: bool) -> SortKey:
    return SortKey(path, descending, pg_type(field), field.type.words, field.definition.translate)


def _collation(key: SortKey) -> str:
    return ' collate "C"' if key.type == "text" else ""


def _beyond(key: SortKey, column: str, value: str) -> str:
    if key.descending:
        return f"{column} < {value}" if value else f"{column} is not null"
    if key.path == ("id",):
        return f"{column} > {value}"
    return f"({column} > {value} or {column} is null)" if value else ""


def _bound(key: SortKey, column: str, value: str) -> str:
    """Says again what follows anyway, in a form that an index can start from."""
    if not value:
        return ""
    if key.descending:
        return f"{column} <= {value} and "
    return f"{column} >= {value} and " if key.path == ("id",) else ""
