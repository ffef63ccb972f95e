"""JSON as a value: anything that JSON can say."""

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader
from objectry.metadata.types.limits import DOCUMENT_MAX
from objectry.metadata.types.refusal import Refused
from objectry.metadata.types.storage import StorageClass
from objectry.metadata.types.use import Schema, Use
from objectry.values.documents import Document, Json, is_list, is_mapping
from objectry.values.numbers import DIGITS_MAX, parse_decimal
from objectry.values.text import TextProblem, clean


class AnyJson(FieldType):
    """Any JSON value, kept as it is said."""

    name = "json"
    summary = "Any JSON value; its numbers stay exact, the order of its keys does not matter."
    storage = StorageClass.JSONB
    kind = Kind.JSON
    operators = ("isnull",)
    widget = "json"
    sortable = False
    refuses = frozenset({"unique", "default", "computed"})
    examples = ({"size": 12, "parts": ["a", True, None]}, [1, 2], "text", False)
    mistakes = ("a\x00b", {"a\u202eb": 1})

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Anything but null, which is no value."""
        del use, required
        return {"type": ["object", "array", "string", "number", "boolean"]}

    def reader(self, use: Use) -> Reader:
        """Reads anything; texts within it are cleaned as every text is."""
        del use
        return _read


def _read(value: object) -> Document:
    document = Document(_clean(value))
    if len(document.text) > DOCUMENT_MAX:
        raise Refused("max_length", f"At most {DOCUMENT_MAX:,} characters of JSON.")
    return document


def _clean(value: object) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if is_list(value):
        return [_clean(item) for item in value]
    if is_mapping(value):
        cleaned = {_text(key): _clean(item) for key, item in value.items()}
        if len(cleaned) < len(value):
            raise Refused("duplicate", "Two keys of an object are the same text.")
        return cleaned
    number = parse_decimal(value)  # type: ignore[arg-type]  # JSON has nothing else
    if number is None:
        raise Refused("precision", f"A number has at most {DIGITS_MAX} digits.")
    return int(number) if isinstance(value, int) else number


def _text(text: str) -> str:
    try:
        return clean(text, multiline=True)
    except TextProblem as problem:
        raise Refused("text", problem.message) from None
