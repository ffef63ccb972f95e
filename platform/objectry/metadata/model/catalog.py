"""What plugins bring that definitions may name."""

import msgspec

from objectry.metadata.types import FieldType


class ComputedFact(msgspec.Struct, frozen=True, kw_only=True):
    """A computed-field function: the plugin it comes from, its name, and the paths it reads.

    `reads` are dotted paths over the record (`lines.net_amount`, `customer.country`).
    """

    plugin: str
    name: str
    reads: tuple[str, ...] = ()


class Catalog(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that plugins offer to definitions, by name."""

    computed: dict[str, ComputedFact] = {}
    types: dict[str, FieldType] = {}

    def computed_for(self, name: str, object_name: str, field: str) -> ComputedFact | None:
        """The function for `computed: name`; one registered for this very field goes first."""
        return self.computed.get(f"{object_name}.{field}") or self.computed.get(name)
