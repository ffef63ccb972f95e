"""Records as history kept them: a version and its lines as frames, to ask rules of."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from objectry.expressions import Env, Frame, Value, evaluator
from objectry.metadata.model import Derivation, FieldModel, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.documents import Document, Json, is_list
from objectry.values.times import parse_duration
from objectry_runtime.events.json_values import as_object, as_rows
from objectry_runtime.host.live import Live
from objectry_runtime.query.record import value_of

Image = Mapping[str, object]


class PastRecord:
    """One version of a record, or a line of it; what it did not have yet is null."""

    def __init__(
        self,
        live: Live,
        model: ObjectModel,
        image: Image,
        at: datetime,
        owner: "PastRecord | None" = None,
    ) -> None:
        """`at` is when the version was written: the clock of its formulas."""
        self.model = model
        self._live = live
        self._image = image
        self._at = at
        self._owner = owner

    @property
    def env(self) -> Env:
        """What a rule over the version sees."""
        return Env(record=self, today=self._at.date(), now=self._at)

    def get(self, path: tuple[str, ...]) -> Value:
        """A value of the version; what lay behind its links then, nobody kept."""
        name, *rest = path
        assert not rest, f"{'.'.join(path)} follows a link"
        field = self.model.fields[name]
        if field.derivation is Derivation.LIVE and field.formula is not None:
            return evaluator(field.formula.tree)(self.env)
        return _typed(field, self._image.get(name))

    def rows(self, field: str) -> Sequence[Frame]:
        """The lines that the version had."""
        line = self._live.model.line_object(self.model.name, field)
        rows = self._image.get(field)
        return [
            PastRecord(self._live, line, as_object(row), self._at, self)
            for row in (as_rows(rows) if rows else ())
        ]

    @property
    def parent(self) -> Frame | None:
        """The record that owns the line."""
        return self._owner


def _typed(field: FieldModel, value: object) -> Value:
    """A value of an image as expressions have it."""
    match value:
        case None | bool():
            return value
        case int():
            return Decimal(value)
        case _ if is_list(value) and field.type.storage is StorageClass.TEXTS:
            return tuple(str(one) for one in value)
        case str() if field.type.storage is StorageClass.INTERVAL:
            found: timedelta | None = parse_duration(value)
            return found
        case str() if field.type.storage is not StorageClass.JSONB:
            return value_of(field.type.storage, value)
        case _:
            return Document(cast(Json, value))  # an image is JSON, decoded by its reader
