"""The storage map: which physical table and column holds what. Allocated once, never renamed."""

import msgspec


class TableStorage(msgspec.Struct, frozen=True, kw_only=True):
    """Where an object lies. `columns`: field name → column, for every field that has one.

    `references`: "field:object" → the table of what the field links to in that object, for a link
    that one foreign key can't hold (several records, or several objects).
    """

    schema: str
    table: str
    columns: dict[str, str]
    references: dict[str, str] = {}


class StorageMap(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything lies. `retired` keeps names that were used once, so none is used twice.

    `settled` is a shortcut of planning: object → hash of its live table when that had all that the
    object wants, in the eyes of the program `settled_by` (its fingerprint).
    """

    objects: dict[str, TableStorage] = {}
    retired: tuple[str, ...] = ()
    settled: dict[str, str] = {}
    settled_by: str = ""
