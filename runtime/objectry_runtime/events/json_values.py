"""Decoded JSON, typed as far as JSON itself says."""

from collections.abc import Mapping, Sequence
from typing import cast

Json = object


def as_object(value: Json) -> Mapping[str, Json]:
    """A JSON object; anything else here is a programmer's mistake."""
    assert isinstance(value, Mapping), "a JSON object"
    return cast(Mapping[str, Json], value)  # the keys of a JSON object are texts


def as_rows(value: Json) -> Sequence[Json]:
    """The rows of a table in an image; none where the image has none."""
    return cast(Sequence[Json], value) if isinstance(value, list | tuple) else ()
