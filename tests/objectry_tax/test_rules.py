"""Tax to the cent: worked cases of others, and the laws that hold for any document."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from objectry.sdk import Context, Record
from objectry_tax import (
    TaxSettings,
    discounted_tax,
    document_tax,
    line_amount,
    offer_tax,
    tax,
)
from objectry_tax.rules import Base, TaxGroup, tax_groups, tax_of

CASES: list[dict[str, Any]] = msgspec.yaml.decode(
    (Path(__file__).parent / "worked_cases.yaml").read_bytes()
)
AMOUNTS = st.decimals("-1e12", "1e12", places=2)
RATES = st.sampled_from([Decimal(rate) for rate in ("0", "5", "7", "7.7", "19.00", "25", "100")])
BASES = st.lists(st.tuples(AMOUNTS, RATES), max_size=30)


def context(places: int = 2, **settings: Any) -> Context[TaxSettings]:
    return Context(settings=TaxSettings(**settings), places=places, today=date(2026, 11, 22))


def document(lines: list[Base]) -> Record:
    return Record({"lines": [{"net_amount": net, "tax_rate": rate} for net, rate in lines]})


def priced(line: dict[str, Any]) -> dict[str, Decimal]:
    return {
        "quantity": Decimal(line["quantity"]),
        "unit_price": Decimal(line["price"]),
        "discount": Decimal(line.get("discount", 0)),
        "tax_rate": Decimal(line["rate"]),
    }


def by_document(bases: list[Base]) -> Decimal:
    return tax_of(bases, rounding="document", round_amount=context().round)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}: {case['source']}")
def test_worked_case(case: dict[str, Any]) -> None:
    """The plugin gives the number that the cited test asserts."""
    lines = [line for line in case["lines"] for _ in range(line.get("repeat", 1))]
    ctx = context(case.get("places", 2), rounding=case["rounding"])
    if "net" in lines[0]:
        bases = [(Decimal(line["net"]), Decimal(line["rate"])) for line in lines]
        computed = tax(document(bases), ctx)
    else:
        computed = document_tax(Record({"lines": [priced(line) for line in lines]}), ctx)
    assert case["tax"] == str(computed)


def test_a_documents_discount_lessens_its_tax_and_optional_lines_bear_none() -> None:
    """Ten at 49.99 less 10 %, three at 19.95, 2 % off the whole: 83.77 and 4.11."""
    panel = {"quantity": "10", "price": "49.99", "discount": "10", "rate": "19"}
    book = {"quantity": "3", "price": "19.95", "rate": "7"}
    extra = {"quantity": "5", "price": "90", "rate": "19"}
    firm = [priced(line) | {"optional": False} for line in (panel, book)]
    offered = Record({"discount": Decimal(2), "lines": [*firm, priced(extra) | {"optional": True}]})
    assert offer_tax(offered, context()) == Decimal("87.88")
    ordered = Record({"discount": Decimal(2), "lines": firm})
    assert discounted_tax(ordered, context()) == Decimal("87.88")
    plain = Record({"discount": None, "lines": firm})
    assert discounted_tax(plain, context()) == document_tax(plain, context())


def test_rates_are_rounded_group_by_group() -> None:
    """Two rates of one document are rounded apart, and 19 and 19.00 are one rate."""
    bases = [
        (Decimal("0.05"), Decimal("19")),
        (Decimal("0.05"), Decimal("7")),
        (Decimal("0.05"), Decimal("19.00")),
    ]
    expected = (
        TaxGroup(rate=Decimal("19"), base=Decimal("0.10"), tax=Decimal("0.02")),
        TaxGroup(rate=Decimal("7"), base=Decimal("0.05"), tax=Decimal("0.00")),
    )
    assert expected == tax_groups(bases, round_amount=context().round)


def test_lines_without_amount_or_rate_bear_no_tax() -> None:
    """A line that is not priced yet takes no part."""
    lines = [
        {"net_amount": None, "tax_rate": Decimal(19)},
        {"net_amount": Decimal(100), "tax_rate": None},
        {"net_amount": Decimal(100), "tax_rate": Decimal(19)},
    ]
    assert Decimal("19.00") == tax(Record({"lines": lines}), context())


def test_a_document_without_lines_has_no_tax() -> None:
    """Nothing is exactly zero, not unknown."""
    assert Decimal(0) == tax(Record({"lines": []}), context())


def test_a_line_comes_to_quantity_times_price_less_discount() -> None:
    """Exactly, with all places; unknown while a part of it is."""
    amounts = (
        line_amount(Decimal("12.000"), Decimal("49.990000"), Decimal("10.00")),
        line_amount(Decimal(1), None, Decimal(0)),
    )
    assert (Decimal("539.892"), None) == amounts


def test_half_even_is_the_companys_choice() -> None:
    """0.125 is 0.13 away from zero and 0.12 half-even."""
    half_even = Context(settings=TaxSettings(), places=2, today=date(2026, 11, 22), half_even=True)
    lines = document([(Decimal("0.50"), Decimal(25))])
    assert (Decimal("0.13"), Decimal("0.12")) == (tax(lines, context()), tax(lines, half_even))


@given(BASES)
def test_a_credit_note_mirrors_its_invoice(bases: list[Base]) -> None:
    """Rounding away from zero is symmetric: what was charged is what is given back."""
    mirrored = [(-net, rate) for net, rate in bases]
    assert -by_document(bases) == by_document(mirrored)


@given(BASES, st.randoms())
def test_the_order_of_lines_does_not_matter(bases: list[Base], random: Any) -> None:
    """Sorting the lines of a document never changes its tax."""
    shuffled = list(bases)
    random.shuffle(shuffled)
    assert by_document(bases) == by_document(shuffled)


@given(BASES)
def test_each_group_is_off_by_half_a_cent_at_most(bases: list[Base]) -> None:
    """Rounding happens once per rate, so the error is bounded by the number of rates."""
    groups = tax_groups(bases, round_amount=context().round)
    exact = sum((net * rate / 100 for net, rate in bases), Decimal(0))
    assert abs(by_document(bases) - exact) <= Decimal("0.005") * len(groups)


@given(AMOUNTS, RATES)
def test_one_line_is_taxed_alike_per_line_and_per_document(net: Decimal, rate: Decimal) -> None:
    """The two ways differ only where several lines meet."""
    by_line = tax_of([(net, rate)], rounding="line", round_amount=context().round)
    assert by_document([(net, rate)]) == by_line
