"""Decoded JSON, typed as far as JSON itself says."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

import msgspec

Json = object


_DECODER = msgspec.json.Decoder(object, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def decode_exactly(text: bytes) -> Json:
    """The value of a JSON text that we wrote; a number with a point is a Decimal, never a float."""
    return _DECODER.decode(text)


def encode_exactly(value: Json) -> bytes:
    """The JSON text of a value, Decimals as the numbers they were."""
    return _ENCODER.encode(value)


def as_object(value: Json) -> Mapping[str, Json]:
    """A JSON object; anything else here is a programmer's mistake."""
    assert isinstance(value, Mapping), "a JSON object"
    return cast(Mapping[str, Json], value)  # the keys of a JSON object are texts


def as_rows(value: Json) -> Sequence[Json]:
    """The rows of a table in an image; none where the image has none."""
    return cast(Sequence[Json], value) if isinstance(value, list | tuple) else ()
