"""Tax totals of documents with lines: fills every field declared `computed: tax`."""

from decimal import Decimal
from typing import Literal

from objectry.sdk import Context, Plugin, Record, Settings, computed
from objectry_tax.rules import Rounding, TaxGroup, tax_groups, tax_of

__all__ = ["Rounding", "TaxGroup", "TaxSettings", "plugin", "tax", "tax_groups", "tax_of"]


class TaxSettings(Settings):
    """`[plugins.tax]`: whether tax is rounded over the `document`, by rate, or per `line`."""

    rounding: Literal["document", "line"] = "document"


plugin = Plugin("tax", settings=TaxSettings)


@plugin.on(computed("tax", reads=["lines.net_amount", "lines.tax_rate"]))
def tax(document: Record, ctx: Context[TaxSettings]) -> Decimal:
    """The tax of a document; a line without an amount or a rate bears none."""
    bases = [
        (line.net_amount, line.tax_rate)
        for line in document.lines
        if line.net_amount is not None and line.tax_rate is not None
    ]
    return tax_of(bases, rounding=ctx.settings.rounding, round_amount=ctx.round)
