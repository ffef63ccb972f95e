"""Secrets: written, never read."""

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader
from objectry.metadata.types.limits import SECRET_MAX
from objectry.metadata.types.refusal import Refused
from objectry.metadata.types.storage import StorageClass
from objectry.metadata.types.text import as_text
from objectry.metadata.types.use import Reference, Schema, Use

SHOWN = "********"
"""What stands in answers for a secret; in a body it says that the secret stays as it is."""


class Secret(FieldType):
    """A value that is kept for the machine's own use."""

    name = "secret"
    summary = "A password or token: encrypted where it lies, never shown, only replaced."
    storage = StorageClass.TEXT
    kind = Kind.SECRET
    operators = ("isnull",)
    widget = "secret"
    sortable = False
    sealed = True
    refuses = frozenset({"unique", "default", "formula", "snapshot", "computed", "sensitive"})
    examples = ("s3cr3t-t0ken",)
    mistakes = (5, "", "a\x00b", {"a": 1})

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """Whether there is one."""
        del use, reference
        return {"type": "string", "const": SHOWN}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A text."""
        del use, required
        return {"type": "string", "minLength": 1, "maxLength": SECRET_MAX, "writeOnly": True}

    def reader(self, use: Use) -> Reader:
        """Reads clean text."""
        del use
        return _read


def _read(value: object) -> str:
    text = as_text(value, multiline=True)
    if not text:
        raise Refused("min_length", "A secret is not empty; null takes it away.")
    if len(text) > SECRET_MAX:
        raise Refused("max_length", f"At most {SECRET_MAX:,} characters.")
    return text
