"""The live release: what every request runs on, swapped by replacing one reference."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from objectry.registry.storage import StorageMap

if TYPE_CHECKING:
    from objectry.metadata.model import Model  # made by the metadata room
    from objectry.registry import Release


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """A release being served: its model, where it lies, the plugins bound to it.

    `compiled` is a per-release cache: rooms above keep what they compiled lazily per object under
    a key of their own, e.g. ("permissions.policy", object, roles). Bounded by whoever fills it.
    """

    release: "Release"
    model: "Model"
    storage: StorageMap
    settings: Mapping[str, Mapping[str, object]]
    compiled: dict[tuple[object, ...], object]
