"""Tax totals of documents with lines: fills what is declared `computed: tax` or `document_tax`."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from objectry.sdk import Context, Plugin, Record, Settings, computed
from objectry_tax.rules import Base, Rounding, TaxGroup, line_amount, tax_groups, tax_of

__all__ = [
    "Base",
    "Rounding",
    "TaxGroup",
    "TaxSettings",
    "document_tax",
    "line_amount",
    "plugin",
    "tax",
    "tax_groups",
    "tax_of",
]


class TaxSettings(Settings):
    """`[plugins.tax]`: whether tax is rounded over the `document`, by rate, or per `line`."""

    rounding: Literal["document", "line"] = "document"


plugin = Plugin("tax", settings=TaxSettings)


@plugin.on(computed("tax", reads=["lines.net_amount", "lines.tax_rate"]))
def tax(document: Record, ctx: Context[TaxSettings]) -> Decimal:
    """The tax on the lines' net amounts as they stand, already rounded or not."""
    return _tax(((line.net_amount, line.tax_rate) for line in document.lines), ctx)


@plugin.on(
    computed(
        "document_tax",
        reads=["lines.quantity", "lines.unit_price", "lines.discount", "lines.tax_rate"],
    )
)
def document_tax(document: Record, ctx: Context[TaxSettings]) -> Decimal:
    """The tax on what quantity, price and discount come to before the line is rounded."""
    bases = (
        (line_amount(line.quantity, line.unit_price, line.discount), line.tax_rate)
        for line in document.lines
    )
    return _tax(bases, ctx)


def _tax(
    bases: Iterable[tuple[Decimal | None, Decimal | None]], ctx: Context[TaxSettings]
) -> Decimal:
    """A line without an amount or a rate is not priced yet: it bears no tax."""
    priced = [(base, rate) for base, rate in bases if base is not None and rate is not None]
    return tax_of(priced, rounding=ctx.settings.rounding, round_amount=ctx.round)
