"""An object as the write path needs it: what every write would ask of its fields, asked once."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import cast

import msgspec

from objectry.compiler.codecs import Json, to_text
from objectry.expressions import Value
from objectry.metadata.model import Derivation, ObjectModel
from objectry.metadata.types import StorageClass
from objectry.values.documents import Document
from objectry_runtime.command.completing import (
    Complete,
    completer,
    currency_of,
    is_direct,
    places_of,
)
from objectry_runtime.events.images import sensitive
from objectry_runtime.events.secrets import secrets_of
from objectry_runtime.host.live import Live

Image = dict[str, Json]
Values = Mapping[str, Value]


class Compiled:
    """One object of a release. Ask `compiled`; it is immutable and shared."""

    def __init__(self, live: Live, model: ObjectModel) -> None:
        fields = model.fields
        self.model = model
        self.complete: dict[str, Complete] = {
            name: completer(live, model, field)
            for name, field in fields.items()
            if not field.is_table
        }
        numbers = {
            name: field
            for name, field in fields.items()
            if field.type.storage in (StorageClass.NUMERIC, StorageClass.INTEGER)
        }
        self.places = {name: places_of(live, field) for name, field in numbers.items()}
        self.currency = {
            name: currency_of(live, field)
            for name, field in numbers.items()
            if field.currency is not None
        }
        stored = [name for name, field in fields.items() if field.kept]
        direct = [name for name, field in fields.items() if is_direct(field)]
        self.direct = frozenset(direct)
        # Values of a record that is about to be made, and of one that is there, before anything
        # is given: what has a default may still take it, but not in a record that is there.
        self.blank: dict[str, Value] = {
            name: None for name in direct if fields[name].default is None
        }
        self.settled: dict[str, Value] = dict.fromkeys(direct)
        self.stored = tuple(stored)
        self.later = tuple(name for name in stored if name not in self.blank)
        self.kept = tuple(
            name
            for name, field in fields.items()
            if field.derivation in (Derivation.SYSTEM, Derivation.INPUT) and not field.is_table
        )
        self.links = {
            name: field.definition.to
            for name, field in fields.items()
            if field.type.links and field.derivation is Derivation.INPUT
        }
        self.sensitive = sensitive(live.model, model)
        self.users = tuple(
            name
            for name, field in fields.items()
            if field.type.principal and field.derivation is Derivation.INPUT
        )
        self.files = {
            name: field.type.takes
            for name, field in fields.items()
            if field.type.attached and field.derivation is Derivation.INPUT
        }
        self.secrets = secrets_of(live.model, model)
        self.references = tuple(field for field in fields.values() if field.references)
        # Stored rollups whose decimal places another field of the record decides.
        self.priced = tuple(
            (name, field.currency.name)
            for name, field in fields.items()
            if field.is_rollup
            and field.stored
            and field.currency
            and field.currency.root == "record"
        )
        self._rollups = tuple(
            (name, _ENCODERS.get(field.type.storage))
            for name, field in fields.items()
            if field.is_rollup and field.stored
        )
        self._encoders = tuple(
            (name, encode)
            for name in stored
            if (encode := _ENCODERS.get(fields[name].type.storage)) is not None
        )

    def image(self, values: Values) -> Image:
        """Stored values as history and answers write them: `codecs.to_json`, field by field."""
        # What has an encoder is no JSON yet; it gets its place here, so that fields keep theirs.
        image = cast(Image, {name: values.get(name) for name in self.stored})
        for name, encode in self._encoders:
            value = values.get(name)
            if value is not None:
                image[name] = encode(value)
        return image

    def begun(self, value: Callable[[str], Value]) -> Image:
        """What stands in the columns of stored rollups when the record is made."""
        found = ((name, encode, value(name)) for name, encode in self._rollups)
        return {name: encode(one) for name, encode, one in found if one is not None and encode}


def compiled(live: Live, model: ObjectModel) -> Compiled:
    """The object compiled for writing, when it is first written."""
    key = ("command.compiled", model.name)
    found = live.compiled.get(key)
    if not isinstance(found, Compiled):
        found = live.compiled[key] = Compiled(live, model)
    return found


def _decimal(value: Value) -> Json:
    assert isinstance(value, Decimal), "a number is computed exactly"
    return format(value, "f")


def _whole(value: Value) -> Json:
    assert isinstance(value, Decimal), "a number is computed exactly"
    return int(value)


def _day(value: Value) -> Json:
    assert isinstance(value, date), "a date field has a date"
    return value.isoformat()


def _moment(value: Value) -> Json:
    assert isinstance(value, datetime), "a datetime field has a moment"
    return to_text(value)


def _plain(value: Value) -> Json:
    return to_text(value)


def _list(value: Value) -> Json:
    assert isinstance(value, tuple), "a list field has a tuple of texts"
    return list(value)


def _document(value: Value) -> Json:
    assert isinstance(value, Document), "a JSON field has a document"
    return msgspec.Raw(value.text.encode())


_ENCODERS: Mapping[StorageClass, Callable[[Value], Json]] = {
    StorageClass.NUMERIC: _decimal,
    StorageClass.INTEGER: _whole,
    StorageClass.DATE: _day,
    StorageClass.TIMESTAMP: _moment,
    StorageClass.TIME: _plain,
    StorageClass.INTERVAL: _plain,
    StorageClass.TEXTS: _list,
    StorageClass.UUIDS: _list,
    StorageClass.JSONB: _document,
}
