"""How values lie in PostgreSQL, and the operators and keys that types are made of."""

from enum import StrEnum


class StorageClass(StrEnum):
    """How a value lies in PostgreSQL: the closed set everything else is composed from."""

    TEXT = "text"
    INTEGER = "bigint"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    TIME = "time"  # of day, whole seconds
    INTERVAL = "interval"  # whole seconds, never days or months
    UUID = "uuid"
    TEXTS = "text[]"
    UUIDS = "uuid[]"
    JSONB = "jsonb"
    NONE = "none"  # no column of its own: a table field


EQUAL = ("eq", "ne", "in", "not_in", "isnull")
ORDERED = (*EQUAL, "lt", "lte", "gt", "gte", "between")
LISTED = ("contains", "isnull")
LINKED = ("eq", "ne", "in", "not_in", "contains", "isnull")  # of a list: whether any item is so
TEXTUAL = (*ORDERED, "contains", "icontains", "startswith", "endswith")
BELOW = ("under", "not_under")  # of what leads into a tree
OPERATORS = (*TEXTUAL, *BELOW)  # every operator there is

# Keys every type takes, beside those of its own.
COMMON = frozenset(
    {
        "name",
        "type",
        "label",
        "help",
        "required",
        "unique",
        "default",
        "read_only",
        "immutable",
        "hidden",
        "when",
        "required_when",
        "sensitive",
        "was",
        "formula",
        "snapshot",
        "computed",
        "lookup",
        "rollup",
        "stored",
    }
)
