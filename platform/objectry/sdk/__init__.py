"""All that a plugin may import: declarations, the record it sees, its context and settings.

What field types are made of stands in `objectry.sdk.types`.

A whole plugin:

    from objectry.sdk import Context, Plugin, Record, Settings, computed

    plugin = Plugin("weight")

    @plugin.on(computed("order.weight", reads=["lines.quantity", "lines.product.weight"]))
    def weight(order: Record, ctx: Context[Settings]) -> Decimal:
        return sum((line.quantity * line.product.weight for line in order.lines), Decimal(0))
"""

from objectry.sdk.catalog import catalog, plugin_conflicts
from objectry.sdk.hooks import Computed, ComputedValue, Context, computed
from objectry.sdk.plugin import Plugin
from objectry.sdk.record import Record
from objectry.sdk.settings import Settings, fill_settings
from objectry.values.numbers import EXACT

__all__ = [
    "EXACT",
    "Computed",
    "ComputedValue",
    "Context",
    "Plugin",
    "Record",
    "Settings",
    "catalog",
    "computed",
    "fill_settings",
    "plugin_conflicts",
]
