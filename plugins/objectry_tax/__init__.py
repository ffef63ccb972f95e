"""Tax totals of documents with lines: fills what is declared `computed: tax` or `document_tax`."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from objectry.sdk import Context, Plugin, Record, Settings, computed
from objectry_tax.rules import (
    Base,
    Rounding,
    TaxGroup,
    less_discount,
    line_amount,
    tax_groups,
    tax_of,
)

__all__ = [
    "Base",
    "Rounding",
    "TaxGroup",
    "TaxSettings",
    "discounted_tax",
    "document_tax",
    "less_discount",
    "line_amount",
    "offer_tax",
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


@plugin.on(
    computed(
        "discounted_tax",
        reads=[
            "discount",
            "lines.quantity",
            "lines.unit_price",
            "lines.discount",
            "lines.tax_rate",
        ],
    )
)
def discounted_tax(document: Record, ctx: Context[TaxSettings]) -> Decimal:
    """As `document_tax`, less the document's own discount."""
    return _tax(_discounted(document, document.lines), ctx)


@plugin.on(
    computed(
        "offer_tax",
        reads=[
            "discount",
            "lines.quantity",
            "lines.unit_price",
            "lines.discount",
            "lines.tax_rate",
            "lines.optional",
        ],
    )
)
def offer_tax(document: Record, ctx: Context[TaxSettings]) -> Decimal:
    """As `discounted_tax`, over the lines that are not optional."""
    return _tax(_discounted(document, (line for line in document.lines if not line.optional)), ctx)


def _discounted(
    document: Record, lines: Iterable[Record]
) -> Iterable[tuple[Decimal | None, Decimal | None]]:
    """What the lines come to after the document's discount, and the rate of each."""
    for line in lines:
        amount = line_amount(line.quantity, line.unit_price, line.discount)
        yield less_discount(amount, document.discount), line.tax_rate


def _tax(
    bases: Iterable[tuple[Decimal | None, Decimal | None]], ctx: Context[TaxSettings]
) -> Decimal:
    """A line without an amount or a rate is not priced yet: it bears no tax."""
    priced = [(base, rate) for base, rate in bases if base is not None and rate is not None]
    return tax_of(priced, rounding=ctx.settings.rounding, round_amount=ctx.round)
