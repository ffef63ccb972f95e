"""Ids: links to records, users, the record's own; and the rows a record owns."""

from typing import ClassVar

from objectry.expressions.types import Kind
from objectry.metadata.types.field_type import FieldType, Reader, parsed
from objectry.metadata.types.limits import LINKS_MAX
from objectry.metadata.types.lists import read_items
from objectry.metadata.types.storage import EQUAL, LINKED, ORDERED, StorageClass
from objectry.metadata.types.use import Reference, Schema, Use
from objectry.values.ids import parse_id


class Identifier(FieldType):
    """An id."""

    storage = StorageClass.UUID
    kind = Kind.LINK
    operators: ClassVar[tuple[str, ...]] = EQUAL

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """A UUID."""
        del use, required
        return {"type": "string", "format": "uuid"}


class RecordId(Identifier):
    """The record's own id; the engine gives it."""

    name = "id"
    summary = "The record's own id."
    widget = "text"
    own = True


class Uuid(Identifier):
    """An id that another system gave."""

    name = "uuid"
    summary = "A UUID, such as the id that another system gave."
    operators = ORDERED
    widget = "text"
    examples = ("0189abcd-0000-4000-8000-000000000001",)
    mistakes = ("1", 1, "0189abcd000040008000000000000001")

    def reader(self, use: Use) -> Reader:
        """Reads a UUID written with hyphens."""
        del use
        message = "A UUID is written 0189abcd-0000-4000-8000-000000000001."
        return parsed("uuid", message, parse_id)


class User(Identifier):
    """A person or program with credentials; the engine writes who did something."""

    name = "user"
    summary = "The id of a user: whoever has a key or an account."
    widget = "user"
    principal = True
    examples = ("0189abcd-0000-7000-8000-000000000002",)
    mistakes = ("ada", 1)

    def reader(self, use: Use) -> Reader:
        """Reads an id; whether there is such a user is asked at the write."""
        del use
        return parsed("link", "A user is given by the id (a UUID).", parse_id)


class Link(Identifier):
    """A record of another object."""

    name = "link"
    summary = "A record of another object."
    widget = "link"
    keys = frozenset({"to", "replicate"})
    needs = "to"
    links = True
    examples = ("0189abcd-0000-7000-8000-000000000001",)
    mistakes = ("1", 1)

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """The id, or the record where it was expanded; it says its object, if it may be several."""
        found = [(target, reference(target, "read")) for target in use.options.to]
        expanded = [
            schema if len(found) == 1 else {"allOf": [schema, _named(target)]}
            for target, schema in found
            if schema
        ]
        uuid: Schema = {"type": "string", "format": "uuid"}
        return {"anyOf": [uuid, *expanded]} if expanded else uuid

    def reader(self, use: Use) -> Reader:
        """Reads an id; whether the record is there is asked at the write."""
        del use
        return parsed("link", "A link is the id (a UUID) of the linked record.", parse_id)


def _named(target: str) -> Schema:
    return {
        "type": "object",
        "properties": {"object": {"const": target, "description": "Which object it is of."}},
        "required": ["object"],
    }


class Links(FieldType):
    """Several records of another object, in order."""

    name = "links"
    summary = "Several records of another object, each once, in the order given."
    storage = StorageClass.UUIDS
    kind = Kind.LIST
    operators = LINKED
    widget = "links"
    keys = frozenset({"to"})
    needs = "to"
    links = True
    many = True
    sortable = False
    refuses = frozenset({"unique", "default", "formula", "snapshot", "computed"})
    examples = (["0189abcd-0000-7000-8000-000000000001"],)
    mistakes = ("0189abcd-0000-7000-8000-000000000001", ["1"], [1], {"a": 1})

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """The ids, or the records where they were expanded."""
        found = [reference(target, "read") for target in use.options.to]
        uuid: Schema = {"type": "string", "format": "uuid"}
        expanded = [target for target in found if target]
        return {"type": "array", "items": {"anyOf": [uuid, *expanded]} if expanded else uuid}

    def write_schema(self, use: Use, *, required: bool) -> Schema:
        """Ids, each once."""
        del use
        item: Schema = {"type": "string", "format": "uuid"}
        schema: Schema = {"type": "array", "items": item, "uniqueItems": True}
        return {**schema, "maxItems": LINKS_MAX, **({"minItems": 1} if required else {})}

    def reader(self, use: Use) -> Reader:
        """Reads a list of ids; whether the records are there is asked at the write."""
        link = parsed("link", "A link is the id (a UUID) of the linked record.", parse_id)

        def item(value: object) -> str:
            found = link(value)
            assert isinstance(found, str), "an id is a text"
            return found

        required = use.options.required
        return lambda value: read_items(value, item, LINKS_MAX, required=required)


class Table(FieldType):
    """Rows of a line object."""

    name = "table"
    summary = "Owned rows, saved in the same transaction."
    storage = StorageClass.NONE
    kind = Kind.LINES
    operators = ()
    widget = "grid"
    keys = frozenset({"of"})
    needs = "of"
    sortable = False
    refuses = frozenset(
        {"unique", "default", "formula", "snapshot", "computed", "sensitive", "immutable"}
    )

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """The rows."""
        return {"type": "array", "items": reference(use.options.of, "read")}
