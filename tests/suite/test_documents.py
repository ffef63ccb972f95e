"""What the suite's documents do with prices, taxes, customers and changes."""

from typing import Any

import pytest

from objectry_runtime.problems import Problem
from objectry_runtime.store.database import Database
from objectry_runtime.store.executor import Executor
from tests.suite.world import Json, User, publish, suite_release

pytestmark = pytest.mark.anyio


@pytest.fixture
def anna(database: Database, executor: Executor) -> User:
    """Somebody who may do everything in a fresh suite."""
    return User(publish(database, suite_release()), executor, "admin")


def errors(problem: Problem) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in problem.errors]


def amounts(record: Json) -> tuple[Any, ...]:
    return record["net_total"], record["tax_total"], record["gross_total"]


@pytest.mark.parametrize(("rounding", "tax"), [("document", "20.02"), ("line", "20.00")])
async def test_tax_is_rounded_over_the_document_or_per_line(
    database: Database, executor: Executor, rounding: str, tax: str
) -> None:
    """A hundred lines of 1.001 at 20 %: the case that tells both customs apart."""
    live = publish(database, suite_release(), {"tax": {"rounding": rounding}})
    anna = User(live, executor, "admin")
    customer = await anna.create("customer", name="Ada")
    line = {"description": "Screw", "unit_price": "1.001", "tax_rate": 20}
    invoice = await anna.create("invoice", customer=customer["id"], lines=[line] * 100)
    gross = {"20.02": "120.02", "20.00": "120.00"}[tax]
    assert ("100.00", tax, gross) == amounts(invoice)


async def test_a_document_takes_terms_and_prices_from_what_it_links(anna: User) -> None:
    """Currency, term and address from the customer; price, tax and text from the product."""
    customer = await anna.create(
        "customer", name="Ada", currency="CHF", payment_days=10, city="Bern", country="CH"
    )
    product = await anna.create(
        "product", sku="A", name="Lamp", currency="CHF", price="9.9", tax_rate="8.1", cost="4"
    )
    order = await anna.create("order", customer=customer["id"], lines=[{"product": product["id"]}])
    taken = {
        name: order[name] for name in ("currency", "payment_days", "ship_to", "ship_city", "status")
    }
    expected = {
        "currency": "CHF",
        "payment_days": 10,
        "ship_to": "Ada",
        "ship_city": "Bern",
        "status": "draft",
    }
    assert expected == taken
    (line,) = order["lines"]
    del line["id"]
    assert line == {
        "product": product["id"],
        "description": "Lamp",
        "quantity": "1.000",
        "unit_price": "9.900000",
        "discount": "0.00",
        "tax_rate": "8.10",
        "reserved_quantity": None,
        "back_order": "0.000",
        "net_amount": "9.90",
    }
    assert ("9.90", "0.80", "10.70") == amounts(order)


async def test_a_price_in_another_currency_is_no_price(anna: User) -> None:
    """It has to be entered; the answer says where."""
    customer = await anna.create("customer", name="Ada", currency="CHF")
    product = await anna.create("product", sku="A", name="Lamp", price="9.90")
    with pytest.raises(Problem) as raised:
        await anna.create("offer", customer=customer["id"], lines=[{"product": product["id"]}])
    assert [("/lines/0/unit_price", "required")] == errors(raised.value)


async def test_an_offers_margin_keeps_the_cost_of_its_day(anna: User) -> None:
    """A dearer purchase later does not rewrite what was earned, not even by the next step."""
    customer = await anna.create("customer", name="Ada")
    product = await anna.create("product", sku="A", name="Lamp", price="10", cost="6")
    offer = await anna.create(
        "offer", customer=customer["id"], lines=[{"product": product["id"], "quantity": 3}]
    )
    assert "12.00" == offer["margin"]
    await anna.update("product", product, cost="9")
    offer = await anna.act("offer", offer, "submit")
    assert ("12.00", "6.000000") == (offer["margin"], offer["lines"][0]["unit_cost"])


async def test_a_suspended_customer_gets_no_order(anna: User) -> None:
    """The guard of `confirm` looks at the customer as it is now, and says what it wants."""
    customer = await anna.create("customer", name="Ada")
    order = await anna.create(
        "order",
        customer=customer["id"],
        lines=[{"product": (await anna.create("product", sku="A", name="L", price=1))["id"]}],
    )
    await anna.act("customer", customer, "suspend")
    with pytest.raises(Problem, match="of an active customer") as raised:
        await anna.act("order", order, "confirm")
    assert 409 == raised.value.status
    await anna.act("customer", customer, "reactivate")
    assert "confirmed" == (await anna.act("order", order, "confirm"))["status"]


async def test_an_order_above_the_credit_limit_is_not_confirmed(anna: User) -> None:
    """The limit is over the gross total; without one there is none."""
    customer = await anna.create("customer", name="Ada", credit_limit="118.99")
    product = await anna.create("product", sku="A", name="Lamp", price="100")
    order = await anna.create("order", customer=customer["id"], lines=[{"product": product["id"]}])
    assert "119.00" == order["gross_total"]
    with pytest.raises(Problem, match="within the credit limit"):
        await anna.act("order", order, "confirm")
    await anna.update("customer", customer, credit_limit="119.00")
    assert "confirmed" == (await anna.act("order", order, "confirm"))["status"]


async def test_what_was_approved_is_what_is_sent(anna: User) -> None:
    """Only the validity may be extended; `rework` opens the offer again."""
    customer = await anna.create("customer", name="Ada")
    product = await anna.create("product", sku="A", name="Lamp", price="100")
    offer = await anna.create("offer", customer=customer["id"], lines=[{"product": product["id"]}])
    await anna.act("offer", offer, "submit")
    with pytest.raises(Problem) as raised:
        await anna.update("offer", offer, lines=[{"product": product["id"], "quantity": 1000}])
    assert [("/lines", "immutable")] == errors(raised.value)
    await anna.update("offer", offer, valid_until="2099-12-31")
    offer = await anna.act("offer", offer, "rework")
    offer = await anna.update("offer", offer, lines=[{"product": product["id"], "quantity": 2}])
    assert "200.00" == offer["net_total"]


async def test_an_order_is_invoiced_the_way_it_says(anna: User) -> None:
    """`invoicing: order` refuses the delivery note's invoice, `delivery` the order's."""
    customer = await anna.create("customer", name="Ada")
    product = await anna.create("product", sku="A", name="Lamp", price="100")
    refused: dict[str, list[str]] = {}
    for invoicing in ("order", "delivery", "either"):
        lines = [{"product": product["id"]}]
        order = await anna.create(
            "order", customer=customer["id"], invoicing=invoicing, lines=lines
        )
        await anna.act("order", order, "confirm")
        note = await anna.act("order", order, "delivery_note")
        await anna.act("delivery_note", note, "ship")
        refused[invoicing] = []
        for name, record in (("order", order), ("delivery_note", note)):
            try:
                await anna.act(name, record, "invoice")
            except Problem:
                refused[invoicing].append(name)
    assert {"order": ["delivery_note"], "delivery": ["order"], "either": []} == refused


async def test_a_cancelled_delivery_gives_back_what_it_took(anna: User) -> None:
    """Then all of it is open again."""
    customer = await anna.create("customer", name="Ada")
    product = await anna.create("product", sku="A", name="Lamp", price="100")
    lines = [{"product": product["id"], "quantity": 5}]
    order = await anna.create("order", customer=customer["id"], lines=lines)
    await anna.act("order", order, "confirm")
    first = await anna.act("order", order, "delivery_note")
    with pytest.raises(Problem) as raised:
        await anna.act("order", order, "delivery_note")
    assert 409 == raised.value.status
    await anna.act("delivery_note", first, "cancel")
    second = await anna.act("order", order, "delivery_note")
    assert ["5.000"] == [line["quantity"] for line in second["lines"]]


async def test_a_payment_goes_to_an_invoice_of_its_customer(anna: User) -> None:
    """Not to a draft, not to somebody else's."""
    ada = await anna.create("customer", name="Ada")
    bob = await anna.create("customer", name="Bob")
    line = {"description": "Advice", "unit_price": 100, "tax_rate": 19}
    invoice = await anna.create("invoice", customer=ada["id"], lines=[line])
    early = await anna.create("payment", customer=ada["id"], invoice=invoice["id"], amount=119)
    wrong = await anna.create("payment", customer=bob["id"], invoice=invoice["id"], amount=119)
    with pytest.raises(Problem, match="A payment goes to an issued invoice"):
        await anna.act("payment", early, "allocate")
    await anna.act("invoice", invoice, "issue")
    with pytest.raises(Problem, match="A payment goes to an issued invoice"):
        await anna.act("payment", wrong, "allocate")
    assert "allocated" == (await anna.act("payment", early, "allocate"))["status"]


@pytest.mark.parametrize("undo", [["fail"], ["refund"], ["allocate", "refund"]])
async def test_an_invoice_is_paid_whole_once_until_that_fails(anna: User, undo: list[str]) -> None:
    """A failed or refunded payment gives the invoice back."""
    ada = await anna.create("customer", name="Ada")
    line = {"description": "Advice", "unit_price": 100, "tax_rate": 19}
    invoice = await anna.create("invoice", customer=ada["id"], lines=[line])
    await anna.act("invoice", invoice, "issue")
    payment = await anna.act("invoice", invoice, "payment")
    with pytest.raises(Problem) as raised:
        await anna.act("invoice", invoice, "payment")
    assert (409, "nothing_open") == (raised.value.status, raised.value.code)
    for step in undo:
        await anna.act("payment", payment, step)
    again = await anna.act("invoice", invoice, "payment")
    assert ("received", "119.00") == (again["status"], again["amount"])
