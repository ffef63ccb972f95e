"""Typed values as parameters of statements and as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import cast

import msgspec

from objectry.compiler.codecs.issue import is_array, is_object
from objectry.metadata.model.resolved import FieldModel
from objectry.metadata.types import StorageClass
from objectry.values.dates import datetime_text
from objectry.values.documents import Document
from objectry.values.times import duration_text

# A JSON text as it stands is `Raw`: the numbers of a document never become anything else.
Json = None | bool | int | str | Decimal | msgspec.Raw | Sequence["Json"] | Mapping[str, "Json"]


def to_text(value: object) -> str | None:
    """A value as the text of a statement's parameter; None is NULL."""
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case int():
            return str(value)
        case datetime():
            return datetime_text(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return duration_text(value)
        case _:
            raise AssertionError(f"no parameter can hold a {type(value).__name__}")


def to_json(value: object, field: FieldModel | None = None) -> Json:
    """A value as JSON shows it: decimals as text with all their places, integers as numbers.

    A whole number computed as Decimal needs its `field` to be told from a decimal.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            if field is not None and field.type.storage is StorageClass.INTEGER:
                return int(value)
            return format(value, "f")
        case datetime() | date() | time() | timedelta():
            return to_text(value)
        case Document():
            return to_json(value.json)
        case tuple():
            return list(cast("tuple[str, ...]", value))
        case _ if is_object(value):
            return {key: to_json(each) for key, each in value.items()}
        case _ if is_array(value):
            return [to_json(each) for each in value]
        case _:
            raise AssertionError(f"no JSON can hold a {type(value).__name__}")
