"""Files: a record has the id, what they hold lies beside the database."""

from objectry.metadata.types.field_type import Reader, parsed
from objectry.metadata.types.reference import Identifier
from objectry.metadata.types.use import Reference, Schema, Use
from objectry.values.ids import parse_id

IMAGES = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})
"""What an `image` takes: what browsers show, and none of what they would run."""


class File(Identifier):
    """A file of any type."""

    name = "file"
    summary = "A file that was uploaded before: written as its id, shown with name, type and size."
    operators = ("isnull",)
    widget = "file"
    sortable = False
    attached = True
    refuses = frozenset({"unique", "default", "formula", "snapshot", "computed", "sensitive"})
    examples = ("0189abcd-0000-7000-8000-000000000003",)
    mistakes = ("photo.png", 1, {"id": "1"})

    def read_schema(self, use: Use, reference: Reference) -> Schema:
        """What is known of the file without reading it."""
        del use, reference
        properties: Schema = {
            "id": {"type": "string", "format": "uuid"},
            "name": {"type": "string"},
            "media_type": {"type": "string"},
            "size": {"type": "integer", "description": "In bytes."},
        }
        return {"type": "object", "properties": properties, "required": list(properties)}

    def reader(self, use: Use) -> Reader:
        """Reads an id; whether there is such a file is asked at the write."""
        del use
        return parsed("link", "A file is given by the id that its upload answered.", parse_id)


class Image(File):
    """A file that is shown."""

    name = "image"
    summary = "A file that is a PNG, JPEG, GIF or WebP image."
    widget = "image"
    takes = IMAGES
