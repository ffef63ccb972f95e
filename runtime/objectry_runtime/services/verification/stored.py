"""Records as they lie in the database, read for recomputing: a record and its lines as frames."""

from collections.abc import Iterator, Sequence

import msgspec

from objectry.expressions import Frame, Value
from objectry.metadata.model import ObjectModel
from objectry_runtime.query.record import value_of
from objectry_runtime.services.verification.view import View
from objectry_runtime.store.executor import Bound


class Stored:
    """One record or line: a frame over the values that are stored, nothing recomputed."""

    def __init__(
        self, model: ObjectModel, texts: Sequence[str | None], owner: "Stored | None" = None
    ) -> None:
        """`texts` are the id, then every field of `stored_fields`."""
        self.model = model
        self.id = texts[0] or ""
        self.lines: dict[str, list[Stored]] = {}
        self._owner = owner
        self._values: dict[str, Value] = {
            name: value_of(model.fields[name].type.storage, text)
            for name, text in zip(stored_fields(model), texts[1:], strict=True)
        }

    def get(self, path: tuple[str, ...]) -> Value:
        """A stored value; a stored formula follows no link."""
        assert len(path) == 1, f"a stored formula reads {'.'.join(path)} through a link"
        return self._values[path[0]]

    def rows(self, field: str) -> Sequence[Frame]:
        """The lines of a table field."""
        return self.lines.get(field, ())

    @property
    def parent(self) -> "Stored | None":
        """The record that owns the line."""
        return self._owner


def stored_fields(model: ObjectModel) -> list[str]:
    """The fields that have a column and a value of their own."""
    return [name for name, field in model.fields.items() if field.kept]


def read_stored(view: View, model: ObjectModel) -> Iterator[tuple[str, Stored]]:
    """(tenant, record with its lines) of every record of an object, as a stream."""
    tables = list(model.tables.items())
    columns = [f"t.{one}::text" for one in _columns(view, model)]
    lines = [
        f"(select coalesce(json_agg(json_build_array(l.id, {_joined(view, line_object)})"
        f" order by l.position), '[]') from {view.table(line_object)} l"
        " where l.tenant_id = t.tenant_id and l.parent_id = t.id)"
        for _, line_object in tables
    ]
    picked = ", ".join(("t.tenant_id", "t.id", *columns, *(f"{one}::text" for one in lines)))
    width = 2 + len(columns)
    for row in view.stream(Bound(f"select {picked} from {view.table(model.name)} t")):
        record = Stored(model, row[1:width])
        for (field, line_object), text in zip(tables, row[width:], strict=True):
            line_model = view.live.model.object(line_object)
            record.lines[field] = [
                Stored(line_model, texts, record) for texts in _LINES.decode(text or "[]")
            ]
        yield row[0] or "", record


_LINES = msgspec.json.Decoder(list[list[str | None]])


def _columns(view: View, model: ObjectModel) -> list[str]:
    return [view.column(model.name, name) for name in stored_fields(model)]


def _joined(view: View, line_object: str) -> str:
    model = view.live.model.object(line_object)
    return ", ".join(f"l.{one}::text" for one in _columns(view, model)) or "null"
