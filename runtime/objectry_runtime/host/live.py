"""The live release: what every request runs on, swapped by replacing one reference."""

from collections.abc import Mapping

import msgspec

from objectry.metadata.model.definitions import ObjectDef  # noqa: F401
from objectry.registry.storage import StorageMap


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """A release being served: the model, where it lies, the plugins bound to it.

    `compiled` is a per-release cache: rooms above keep what they compiled lazily per object under
    a key of their own, e.g. ("query.policy", object, roles). Bounded by whoever fills it.
    """

    release: "object"
    storage: StorageMap
    compiled: dict[tuple[object, ...], object]
    settings: Mapping[str, Mapping[str, object]]
