"""One row per field type: how it is stored, computed with, asked for and shown."""

from enum import StrEnum

import msgspec

from objectry.expressions.types import Kind


class StorageClass(StrEnum):
    """How a value lies in PostgreSQL: the closed set everything else is composed from."""

    TEXT = "text"
    INTEGER = "bigint"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamptz"
    UUID = "uuid"
    NONE = "none"  # no column of its own: a table field


EQUAL = ("eq", "ne", "in", "not_in", "isnull")
ORDERED = (*EQUAL, "lt", "lte", "gt", "gte", "between")
TEXTUAL = (*ORDERED, "contains", "icontains", "startswith", "endswith")
OPERATORS = TEXTUAL  # every operator there is

# Keys every type takes, beside those of its own row.
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
    }
)


class FieldType(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform knows about a type; `keys` are the field keys it takes beside COMMON."""

    name: str
    storage: StorageClass
    kind: Kind
    operators: tuple[str, ...]
    widget: str
    keys: frozenset[str] = frozenset()
    scale: int | None = None  # decimal places where the field names none; None: by currency
    summary: str


def _row(
    name: str,
    storage: StorageClass,
    kind: Kind,
    operators: tuple[str, ...],
    widget: str,
    summary: str,
    *,
    keys: str = "",
    scale: int | None = None,
) -> FieldType:
    return FieldType(
        name=name,
        storage=storage,
        kind=kind,
        operators=operators,
        widget=widget,
        keys=frozenset(keys.split()),
        scale=scale,
        summary=summary,
    )


_S, _K = StorageClass, Kind
_NUMBER = "min max precision scale"

# The types a definition may name.
TYPES: dict[str, FieldType] = {
    row.name: row
    for row in (
        _row(
            "text",
            _S.TEXT,
            _K.TEXT,
            TEXTUAL,
            "input",
            "One line of text.",
            keys="min_length max_length pattern",
        ),
        _row(
            "long_text",
            _S.TEXT,
            _K.TEXT,
            TEXTUAL,
            "textarea",
            "Text of several lines.",
            keys="min_length max_length",
        ),
        _row(
            "integer",
            _S.INTEGER,
            _K.NUMBER,
            ORDERED,
            "number",
            "A whole number.",
            keys="min max",
            scale=0,
        ),
        _row(
            "decimal",
            _S.NUMERIC,
            _K.NUMBER,
            ORDERED,
            "number",
            "An exact decimal number.",
            keys=_NUMBER,
            scale=6,
        ),
        _row(
            "money",
            _S.NUMERIC,
            _K.NUMBER,
            ORDERED,
            "money",
            "An exact amount in the record's currency.",
            keys=f"{_NUMBER} currency",
        ),
        _row(
            "percent",
            _S.NUMERIC,
            _K.NUMBER,
            ORDERED,
            "percent",
            "A percentage: 19 means 19 %.",
            keys=_NUMBER,
            scale=4,
        ),
        _row("boolean", _S.BOOLEAN, _K.BOOLEAN, EQUAL, "checkbox", "True or false."),
        _row("date", _S.DATE, _K.DATE, ORDERED, "date", "A calendar date."),
        _row("datetime", _S.TIMESTAMP, _K.DATETIME, ORDERED, "datetime", "A moment, kept in UTC."),
        _row(
            "select",
            _S.TEXT,
            _K.TEXT,
            TEXTUAL,
            "select",
            "One of the declared options.",
            keys="options",
        ),
        _row(
            "email",
            _S.TEXT,
            _K.TEXT,
            TEXTUAL,
            "email",
            "An e-mail address.",
            keys="max_length",
        ),
        _row("country", _S.TEXT, _K.TEXT, TEXTUAL, "country", "An ISO 3166-1 alpha-2 country."),
        _row("currency", _S.TEXT, _K.TEXT, TEXTUAL, "currency", "An ISO 4217 currency."),
        _row("link", _S.UUID, _K.LINK, EQUAL, "link", "A record of another object.", keys="to"),
        _row(
            "table",
            _S.NONE,
            _K.LINES,
            (),
            "grid",
            "Owned rows, saved in the same transaction.",
            keys="of",
        ),
    )
}

# Types of the fields the engine owns; no definition can name them.
SYSTEM_TYPES: dict[str, FieldType] = {
    row.name: row
    for row in (
        _row("uuid", _S.UUID, _K.LINK, EQUAL, "text", "The record's own id."),
        _row("user", _S.UUID, _K.LINK, EQUAL, "user", "The id of a user."),
    )
}
