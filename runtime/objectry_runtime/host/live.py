"""The live release: what every request runs on, swapped by replacing one reference."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from objectry.registry.storage import StorageMap
from objectry_runtime.host.computed import BoundComputed

if TYPE_CHECKING:
    from objectry.metadata.model import Model  # made by the metadata room
    from objectry.registry import Release


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """A release being served: its model, where it lies, the plugins bound to it.

    `compiled` is a per-release cache: rooms above keep what they compiled lazily per object under
    a key of their own, e.g. ("permissions.policy", object, roles). Bounded by whoever fills it.
    `bound` holds the functions of computed fields by "object.field"; ask `computed`.
    """

    release: "Release"
    model: "Model"
    storage: StorageMap
    settings: Mapping[str, Mapping[str, object]]
    compiled: dict[tuple[object, ...], object]
    bound: Mapping[str, BoundComputed] = {}

    def computed(self, name: str, object_name: str, field: str) -> BoundComputed:
        """The function that fills `object_name.field`, declared there as `computed: name`."""
        found = self.bound[f"{object_name}.{field}"]
        assert found.name in (name, f"{object_name}.{field}"), f"{field} is computed by {found}"
        return found
